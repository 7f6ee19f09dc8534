"""What the columns of the tree hold, each as a function of a part's JSON."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs

Node = dict[str, Any]

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
NEARLY_FULL = 0.8


def _faint(_: Node) -> str:
    return "bright_black"


def _marked(_: Node) -> str:
    return "yellow"


@attrs.frozen(kw_only=True)
class Column:
    """One figure of a part; where room is short, columns of higher rank go first."""

    title: str
    rank: int
    text: Callable[[Node], str]
    style: Callable[[Node], str] = _faint

    def width(self, nodes: Sequence[Node]) -> int:
        """Of the widest cell."""
        return max(len(self.title), *(len(self.text(node)) for node in nodes))


def age(seconds: float) -> str:
    """An uptime, roughly: `12 s`, `5 min`, `3 h`, `2 d`."""
    if seconds < MINUTE_S:
        return f"{int(seconds)} s"
    if seconds < HOUR_S:
        return f"{int(seconds / MINUTE_S)} min"
    if seconds < DAY_S:
        return f"{int(seconds / HOUR_S)} h"
    return f"{int(seconds / DAY_S)} d"


def span(seconds: float) -> str:
    """A short time with two digits that count: `850 ns`, `15 µs`, `1.5 ms`, `2.1 s`."""
    for size, unit in ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")):
        if seconds < 999.5 * size:
            return f"{_two_digits(seconds / size)} {unit}"
    return f"{_two_digits(seconds)} s"


def _two_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def amount(count: int, noun: str) -> str:
    """`1 restart`, `2 restarts`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def state(node: Node) -> str:
    """How long it has run, or what it does instead."""
    return f"up {age(node['uptime'])}" if node["state"] == "running" else str(node["state"])


def has_mailbox(node: Node) -> bool:
    """Whether it is an actor, not a task and no supervisor."""
    return bool(node.get("mailbox", {}).get("capacity"))


def _mailbox(form: Callable[[Node], str]) -> Callable[[Node], str]:
    return lambda node: form(node["mailbox"]) if has_mailbox(node) else ""


def _rate(node: Node) -> str:
    per_s = node["messages"].get("ratePerSecond", 0.0) if has_mailbox(node) else 0.0
    return f"{per_s:,.1f}" if per_s else ""


def _latency(name: str) -> Callable[[Node], str]:
    return lambda node: span(node["latency"][name]) if node.get("latency") else ""


def _budget(node: Node) -> str:
    return f"{node['restartsRemaining']} left" if "children" in node and "restartsRemaining" in node else ""


def _restarts(node: Node) -> str:
    return f"{node['restarts']:,}" if node.get("restarts") else ""


def _fullness(node: Node) -> str:
    mailbox = node.get("mailbox") or {"depth": 0, "capacity": 0}
    return "yellow" if mailbox["depth"] > NEARLY_FULL * mailbox["capacity"] else "bright_black"


COLUMNS = (
    Column(
        title="state", rank=0, text=state, style=lambda node: "bright_black" if node["state"] == "running" else "yellow"
    ),
    Column(title="waiting", rank=1, text=_mailbox(lambda box: f"{box['depth']}/{box['capacity']}"), style=_fullness),
    Column(title="most", rank=8, text=_mailbox(lambda box: str(box.get("highWater", "")))),
    Column(title="handled", rank=2, text=lambda node: f"{node['messages']['handled']:,}" if has_mailbox(node) else ""),
    Column(title="per s", rank=6, text=_rate),
    Column(title="p50", rank=7, text=_latency("p50")),
    Column(title="p95", rank=9, text=_latency("p95")),
    Column(title="p99", rank=5, text=_latency("p99")),
    Column(title="restarts", rank=3, text=_restarts, style=_marked),
    Column(title="budget", rank=4, text=_budget),
)
"""From left to right."""
