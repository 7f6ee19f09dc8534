"""Lines of the log for people, as the service itself writes them to a terminal. Nothing that they hold can steer the one that shows them."""

from datetime import datetime
from typing import Any

from rich.text import Text

from web.cli.figures import amount
from web.cli.lines import clean, in_words

COLORS = {"debug": "bright_black", "info": "green", "warning": "yellow", "error": "red", "critical": "bold red"}


def logged(message: dict[str, Any]) -> list[Text]:
    """One LOG as `12:30:00  warning  rookery.watcher  root_unavailable  root=/music`, and its traceback below, a line each."""
    payload = message["payload"]
    at = datetime.fromisoformat(message["timestamp"]).astimezone()
    texts = [
        Text.assemble(
            (f"{at:%H:%M:%S} ", "bright_black"),
            (f"{clean(payload['level']):<9}", COLORS.get(payload["level"], "default")),
            (f"{clean(payload['logger'])}  ", "bright_black"),
            clean(in_words(payload)),
        )
    ]
    if payload["dropped"]:
        texts.insert(0, Text(f"{amount(payload['dropped'], 'line')} before this one lost", style="yellow"))
    lines = (payload["traceback"] or "").splitlines()
    return [*texts, *(Text(f"  {clean(text)}", style="red") for text in lines)]
