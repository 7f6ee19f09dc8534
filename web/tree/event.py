"""What happened in the supervision tree, as clients see it."""

from datetime import datetime, timedelta

import msgspec

from actors.model.time import Time
from supervision import Event, EventKind


class EventView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One thing that happened in the tree; `delay` in seconds."""

    kind: EventKind
    """What happened."""
    path: str
    """To whom."""
    at: Time
    """When."""
    incarnation: int
    """Which incarnation it was."""
    reason: str | None
    """Why; null where nothing is to be said."""
    error: str | None
    """With which error; null without one."""
    delay: float | None
    """Seconds until the next start; null where there is none."""
    message: str | None
    """Kind of the message of a dead letter; null for anything else."""


def event_view(event: Event, *, now: datetime, now_s: float) -> EventView:
    """One event as clients see it; `now` and `now_s` are the same moment on the wall's and on Trio's clock."""
    return EventView(
        kind=event.kind,
        path=event.path,
        at=now - timedelta(seconds=now_s - event.at_s),
        incarnation=event.incarnation,
        reason=event.reason,
        error=None if event.error is None else event.error.summary,
        delay=event.delay_s,
        message=None if event.dead_letter is None else type(event.dead_letter.message).__name__,
    )
