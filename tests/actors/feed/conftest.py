"""A log in memory, in place of the database's."""

from datetime import UTC, datetime, timedelta

import pytest
import trio

from actors.model.event import Event, Passing

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


class ListLog:
    """Keeps every event ever added, and how many of the oldest were pruned."""

    def __init__(self) -> None:
        self.history: list[Event] = []
        self.pruned = 0
        self.pauses = 1

    def add(self, *types: str, size: int = 0) -> list[Event]:
        """Append one event of each type."""
        added = []
        for type_ in types:
            seq = len(self.history) + 1
            payload = {"trackId": f"t{seq}", "filler": "x" * size}
            added.append(Event(seq=seq, type=type_, payload=payload, at=FIRST + timedelta(seconds=seq)))
            self.history.append(added[-1])
        return added

    def prune(self, keep: int) -> None:
        """Forget all but the newest."""
        self.pruned = max(self.pruned, len(self.history) - keep)

    async def after(self, seq: int, limit: int) -> list[Event]:
        for _ in range(self.pauses):
            await trio.lowlevel.checkpoint()
        start = max(seq, self.pruned)
        return self.history[start : start + limit]

    async def bounds(self) -> tuple[int, int]:
        await trio.lowlevel.checkpoint()
        return self.pruned + 1, len(self.history)


@pytest.fixture
def log():
    return ListLog()


@pytest.fixture
def make_log():
    return ListLog


@pytest.fixture
def passing():
    """Make a progress message of a subject."""

    def make(subject, done, size=0):
        payload = {"subject": subject, "done": done, "filler": "x" * size}
        return Passing(type="PROGRESS_UPDATE", subject=subject, payload=payload, at=FIRST)

    return make
