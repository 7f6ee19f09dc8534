"""A library root: one folder that is watched."""

import enum
from datetime import datetime

import attrs


class RootState(enum.StrEnum):
    """What is known of a root."""

    WAITING = "waiting"
    """Not yet scanned since the start."""
    SCANNING = "scanning"
    WATCHED = "watched"
    """Up to date; events and the periodic reconcile keep it so."""
    UNAVAILABLE = "unavailable"
    """Not there or unreadable; nothing is concluded about its files."""
    HELD = "held"
    """So much would go missing that a person must confirm it."""


@attrs.frozen(kw_only=True)
class Root:
    """One watched folder; `path` in the bytes of the disk, absolute, without a trailing slash."""

    id: str
    path: bytes
    state: RootState = RootState.WAITING
    reason: str | None = None
    """Why it is unavailable or held; how it is watched when that is not the default."""
    device: int | None = None
    """Number of its file system at the last good scan."""
    added_at: datetime
    scanned_at: datetime | None = None
