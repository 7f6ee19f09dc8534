"""The supervision tree as the terminal shows it, from the JSON of `/api/v1/supervision`."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from web.cli.lines import clean

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
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def drawing(status: dict[str, Any], *, note: str | None = None) -> RenderableType:
    """The whole tree; with a note (the service is away) it is drawn faint, because it is not of now."""
    tree = _branch(status["root"])
    letters = status.get("deadLetterCount", 0)
    below = Text(f"{letters} dead letters" if letters != 1 else "1 dead letter", style="bright_black")
    parts: list[RenderableType] = [tree, below] if letters else [tree]
    if note is not None:
        tree.style = "dim"
        parts.append(Text(clean(note), style="yellow"))
    return Group(*parts)


def age(seconds: float) -> str:
    """An uptime, roughly: `12 s`, `5 min`, `3 h`, `2 d`."""
    if seconds < MINUTE_S:
        return f"{int(seconds)} s"
    if seconds < HOUR_S:
        return f"{int(seconds / MINUTE_S)} min"
    if seconds < DAY_S:
        return f"{int(seconds / HOUR_S)} h"
    return f"{int(seconds / DAY_S)} d"


def _branch(node: dict[str, Any], above: Tree | None = None) -> Tree:
    branch = Tree(_label(node), guide_style="bright_black") if above is None else above.add(_label(node))
    for child in node.get("children", ()):
        _branch(child, branch)
    return branch


def _label(node: dict[str, Any]) -> Text:
    state = node["state"]
    color = COLORS.get(state, "default")
    label = Text.assemble(("● ", color), (clean(node["name"]), "bold" if "children" in node else ""))
    facts = [f"up {age(node['uptime'])}"] if state == "running" else [state]
    mailbox, messages = node.get("mailbox"), node.get("messages")
    if mailbox and messages and (messages["handled"] or mailbox["depth"]):
        facts.append(f"{mailbox['depth']}/{mailbox['capacity']} waiting, {messages['handled']} handled")
    restarts = node.get("restarts", 0)
    if restarts:
        facts.append("1 restart" if restarts == 1 else f"{restarts} restarts")
    if node.get("restartsInWindow"):
        # An actor has its share of what its supervisor bears: the supervisor's line says how much is left.
        facts.append(node["escalatesAfter"] if "children" in node else f"{node['restartsInWindow']} of them lately")
    facts += [
        f"breaker {breaker['name']} {breaker['state']}"
        for breaker in node.get("breakers", ())
        if breaker["state"] != "closed"
    ]
    label.append(f"  {clean(' · '.join(facts))}", style="bright_black")
    if node.get("lastError") and state != "running":
        label.append(f"\n  {clean(node['lastError'])}", style="red")
    return label
