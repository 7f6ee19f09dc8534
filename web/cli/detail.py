"""One part of the tree, with everything that is known of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from web.cli.drawing import COLORS, Picture, event_line
from web.cli.figures import age, amount, has_mailbox, span
from web.cli.lines import clean

FATES = {
    "handled": "handled",
    "failed": "failed",
    "dropped": "dropped",
    "redelivered": "redelivered",
    "quarantined": "quarantined",
    "lateAnswers": "answered too late",
    "deadLetters": "dead letters",
}


def detail(node: dict[str, Any], *, events: Sequence[dict[str, Any]] = (), note: str | None = None) -> RenderableType:
    """The part's figures by name, its children where it has any, and what happened to it, the newest last."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bright_black", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, told, style in _facts(node):
        facts.add_row(name, Text(clean(told) if name != "stack" else _stack(told), style))
    title = Text.assemble(("● ", COLORS.get(node["state"], "default")), (clean(node["path"]), "bold"))
    parts: list[RenderableType] = [title, facts]
    if "children" in node:
        parts += [Text(), Picture(root=node)]
    parts += [Text(), *(event_line(event) for event in reversed(events))]
    if note is not None:
        parts.append(Text(clean(note), style="yellow"))
    return Group(*parts)


def _facts(node: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    up = f", up {age(node['uptime'])}" if node["state"] == "running" else ""
    yield "state", f"{node['state']}, life {node['incarnation']}{up}", COLORS.get(node["state"], "default")
    if "children" in node:
        yield "strategy", node["strategy"].replace("_", " "), ""
        yield "budget", f"{amount(node['restartsInWindow'], 'restart')} lately · {node['escalatesAfter']}", ""
    else:
        yield from _actor_facts(node)
    if node["lastError"]:
        yield "last error", node["lastError"], "red"


def _actor_facts(node: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    lately = f", {node['restartsInWindow']} lately" if node["restartsInWindow"] else ""
    in_row = f" · {amount(node['failuresInRow'], 'failure')} in a row" if node["failuresInRow"] else ""
    yield "restarts", f"{node['restarts']}{lately}{in_row}", ""
    yield "budget", f"with its siblings {node['escalatesAfter']}", ""
    if has_mailbox(node):
        mailbox, messages = node["mailbox"], node["messages"]
        waiting = f"{mailbox['depth']} of {mailbox['capacity']} waiting, at most {mailbox['highWater']} so far"
        yield "mailbox", f"{waiting} · {amount(mailbox['waitingSenders'], 'sender')} waiting for room", ""
        yield "messages", " · ".join(f"{messages[key]:,} {fate}" for key, fate in FATES.items()), ""
        yield "rate", f"{messages['ratePerSecond']:,.1f} per second", ""
    if node["latency"]:
        yield "handling", " · ".join(f"{name} {span(node['latency'][name])}" for name in ("p50", "p95", "p99")), ""
    if node["waitingFor"]:
        yield "waits for", ", ".join(node["waitingFor"]), "yellow"
    for breaker in node["breakers"]:
        share = f"{breaker['failureRate']:.0%} of the last calls failed, {breaker['failuresInRow']} in a row"
        told = f"{breaker['name']} {breaker['state'].replace('_', ' ')} · {share} · {breaker['refused']:,} refused"
        yield "breaker", told, "" if breaker["state"] == "closed" else "yellow"
    if node["stack"]:
        yield "stack", node["stack"], "red"


def _stack(text: str) -> str:
    return "\n".join(clean(line) for line in text.rstrip().splitlines())
