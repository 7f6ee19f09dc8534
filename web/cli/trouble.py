"""What is wrong with a part of the tree, in lines for people."""

from collections.abc import Iterator
from typing import Any

from web.cli.figures import amount

STACK_LINES = 6
"""Of a stuck part: where it stands is at the end."""


def troubles(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines and their styles; none for a part in health."""
    if node.get("restartsInWindow") and "children" in node:
        yield node["escalatesAfter"], "yellow"
    if node.get("lastError") and node["state"] != "running":
        yield node["lastError"], "red"
    mailbox = node.get("mailbox") or {}
    if mailbox.get("waitingSenders"):
        yield (
            f"full: {amount(mailbox['waitingSenders'], 'sender')} wait{'s' * (mailbox['waitingSenders'] == 1)}",
            "yellow",
        )
    if node.get("waitingFor"):
        yield f"waits for {', '.join(node['waitingFor'])}", "bright_black"
    for breaker in node.get("breakers", ()):
        if breaker["state"] != "closed":
            yield f"breaker {breaker['name']} is {breaker['state'].replace('_', ' ')}", "yellow"
    for line in (node.get("stack") or "").rstrip().splitlines()[-STACK_LINES:]:
        yield line, "red"
