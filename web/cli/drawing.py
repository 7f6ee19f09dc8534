"""The supervision tree as the terminal shows it, from the JSON of `/api/v1/supervision`: one line a part, figures in columns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from web.cli.figures import COLUMNS, Column, amount
from web.cli.lines import clean
from web.cli.trouble import troubles

COLORS = {
    "running": "green",
    "starting": "yellow",
    "restarting": "yellow",
    "backoff": "yellow",
    "stopping": "yellow",
    "stopped": "bright_black",
    "failed": "red",
    "stuck": "red",
}
FAINT = "bright_black"
GAP = "  "
MOST_LATEST = 3
"""So many dead letters, deadlocks and events stand below the tree."""


@attrs.frozen
class Row:
    """One part: its place in the tree, drawn, what stands in front of the lines below its own, and its JSON."""

    guide: str
    below: str
    node: dict[str, Any]

    @property
    def label(self) -> Text:
        """Guide, state and name."""
        node = self.node
        dot = ("● ", COLORS.get(node["state"], "default"))
        return Text.assemble((self.guide, FAINT), dot, (clean(node["name"]), "bold" if "children" in node else ""))


@attrs.frozen(kw_only=True)
class Picture:
    """A tree as wide as the terminal: columns that say nothing, or for which there is no room, are left out."""

    root: dict[str, Any]
    is_old: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Give the lines."""
        rows = list(_rows(self.root))
        labels = [row.label for row in rows]
        first = max(label.cell_len for label in labels)
        columns = _fitting([row.node for row in rows], options.max_width - first)
        widths = [column.width([row.node for row in rows]) for column in columns]
        titles = [column.title.rjust(width) for column, width in zip(columns, widths, strict=True)]
        yield _line(Text(" " * first), [(title, FAINT) for title in titles], is_old=self.is_old)
        for row, label in zip(rows, labels, strict=True):
            label.pad_right(first - label.cell_len)
            cells = [
                (column.text(row.node).rjust(width), column.style(row.node))
                for column, width in zip(columns, widths, strict=True)
            ]
            yield _line(label, cells, is_old=self.is_old)
            for text, style in troubles(row.node):
                yield _line(Text.assemble((row.below, FAINT), (clean(text), style)), [], is_old=self.is_old)


def drawing(
    status: dict[str, Any], *, events: Sequence[dict[str, Any]] = (), note: str | None = None
) -> RenderableType:
    """The whole tree, and below it what went wrong lately; with a note (the service is away) it is drawn faint, because it is not of now."""
    parts: list[RenderableType] = [
        _summary(status),
        *_feed(status.get("feed")),
        Picture(root=status["root"], is_old=note is not None),
        *_below(status, events),
    ]
    if note is not None:
        parts.append(Text(clean(note), style="yellow"))
    return Group(*parts)


def event_line(event: dict[str, Any]) -> Text:
    """One event as `12:30:00  restarted    rookery/pipeline/watcher  life 2`."""
    facts = [f"life {event['incarnation']}"] if event["kind"] in {"started", "restarted"} else []
    facts += [event["reason"] or "", event["message"] or "", event["error"] or ""]
    if event["delay"] is not None:
        facts.append(f"for {event['delay']:.3g} s")
    told = clean(" · ".join(filter(None, facts)).partition("\n")[0])
    color = "red" if event["error"] or event["kind"] in {"stuck", "dead_letter"} else "default"
    kind = f"{event['kind'].replace('_', ' '):<12}"
    return _cut(
        Text.assemble((_clock(event["at"]), FAINT), GAP, (kind, color), clean(event["path"]), GAP, (told, FAINT))
    )


def _rows(node: dict[str, Any], guide: str = "", below: str = "") -> Iterator[Row]:
    children = node.get("children", ())
    yield Row(guide, below + ("│ " if children else "  "), node)
    for child in children:
        is_last = child is children[-1]
        yield from _rows(child, below + ("└── " if is_last else "├── "), below + ("    " if is_last else "│   "))


def _fitting(nodes: Sequence[dict[str, Any]], width: int) -> list[Column]:
    """The columns that say something, without the least important ones where there is no room for all."""
    kept = [column for column in COLUMNS if any(column.text(node) for node in nodes)]
    while kept and sum(column.width(nodes) + len(GAP) for column in kept) > width:
        kept.remove(max(kept, key=lambda column: column.rank))
    return kept


def _line(label: Text, cells: Sequence[tuple[str, str]], *, is_old: bool) -> Text:
    text = label.copy()
    for cell, style in cells:
        text.append(GAP).append(cell, style)
    if is_old:
        text.stylize("dim")
    text.rstrip()
    return _cut(text)


def _cut(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _summary(status: dict[str, Any]) -> Text:
    nodes = [row.node for row in _rows(status["root"])]
    running = sum(node["state"] == "running" for node in nodes)
    color = "green" if running == len(nodes) else "yellow"
    text = Text.assemble((f"{running} of {len(nodes)} parts run", color))
    for count, noun in (
        (status.get("deadLetterCount", 0), "dead letter"),
        (status.get("deadlockCount", 0), "deadlock"),
    ):
        if count:
            text.append(f" · {amount(count, noun)}", "red")
    return text


def _feed(feed: dict[str, Any] | None) -> Iterator[Text]:
    """Who listens, how far behind they are, and why others left."""
    if feed is None:
        return
    present = ", ".join(f"{number} {kind}" for kind, number in feed["connections"].items() if number) or "nobody"
    text = Text(f"live feed: {present}")
    if feed["mostLag"]:
        text.append(f" · up to {feed['mostLag']:.1f} s and {feed['mostLagBytes']:,} bytes behind", "yellow")
    if feed["left"]:
        ended = ", ".join(f"{number} {cause.replace('_', ' ')}" for cause, number in sorted(feed["left"].items()))
        text.append(f" · ended: {ended}", FAINT)
    yield _cut(text)


def _below(status: dict[str, Any], events: Sequence[dict[str, Any]]) -> Iterator[RenderableType]:
    yield Text()
    for cycle in status.get("deadlocks", ())[-MOST_LATEST:]:
        yield _cut(Text(clean(f"deadlock  {' → '.join([*cycle, cycle[0]])}"), "red"))
    for letter in status.get("deadLetters", ())[-MOST_LATEST:]:
        told = f"dead letter  {letter['path']}{GAP}{letter['message']} · {letter['reason']}"
        yield _cut(Text.assemble((_clock(letter["at"]), FAINT), GAP, (clean(told), "red")))
    for event in reversed(events[:MOST_LATEST]):
        yield event_line(event)


def _clock(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone():%H:%M:%S}"
