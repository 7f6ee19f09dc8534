"""The clock on the wall, and whether somebody set it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import trio

from actors.config import SECONDS

SET_BY_S = 1 * SECONDS
"""A clock that is off by less was not set: it is being slewed, or this task had to wait between two looks."""


def utc_now() -> datetime:
    """The time of the clock on the wall."""
    return datetime.now(UTC)


class Wall:
    """Compares the clock on the wall with the time that passes."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._seen, self._seen_s = now(), trio.current_time()

    def set_by(self) -> timedelta:
        """How far the clock was set since this was last asked, forward or back; zero if it just went on."""
        now, now_s = self.now(), trio.current_time()
        jump = now - self._seen - timedelta(seconds=now_s - self._seen_s)
        self._seen, self._seen_s = now, now_s
        return jump if abs(jump) >= timedelta(seconds=SET_BY_S) else timedelta()
