"""What the process logs, kept for a while for those who look from elsewhere: written by any thread, read on Trio's."""

import itertools
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import attrs
import trio

from actors.config import KIB, MIB, SECONDS
from actors.model.log_line import Entry, Heard, Level, LogLine

LINES = 1_000
LIMIT_BYTES = 1 * MIB
GRAVE_LINES = 200
"""So many warnings and errors are kept besides, that others pushed out."""
GRAVE_BYTES = 256 * KIB
PAGE = 100
"""So many lines are read at once."""
GATHER_S = 0.02 * SECONDS
"""Lines that follow one another faster are read together: a busy log wakes a reader fifty times a second at most."""

Wants = Callable[[LogLine], bool]


@attrs.frozen(eq=False)
class _Waiter:
    token: trio.lowlevel.TrioToken
    event: trio.Event

    def rouse(self) -> None:
        """From any thread, a signal's handler too. A loop that is over needs nothing any more."""
        with suppress(trio.RunFinishedError):
            self.token.run_sync_soon(self.event.set)


class Journal:
    """The newest lines of one process, bounded in number and in bytes; the oldest make room.

    Writing never waits for a reader, needs no loop, and takes what is written in the middle of writing (by a signal's handler, or by what the
    collector of garbage ends) for lost: such a line has a number, but nothing else.
    """

    def __init__(self, *, lines: int = LINES, limit_bytes: int = LIMIT_BYTES) -> None:
        self.run = secrets.token_hex(4)
        """Tells this process's numbers from another's."""
        self.lost = 0
        """Lines that were gone, or never kept, before a reader came to them; counted for each reader."""
        self._lock = threading.RLock()
        self._is_busy = False
        self._muted_by: int | None = None
        self._numbers = itertools.count(1)  # whose next() no signal and no thread can come between
        self._newest = 0
        self._lines = _Ring(lines, limit_bytes)
        self._grave = _Ring(GRAVE_LINES, GRAVE_BYTES)
        self._waiting: list[_Waiter] = []

    @property
    def newest(self) -> int:
        """Number of the newest line that is or was kept; 0 for none."""
        return self._newest

    def add(self, line: LogLine) -> None:
        """Keep a line. From any thread; never waits for a reader, never raises."""
        with self._lock:
            if self._is_busy or self._muted_by == threading.get_ident():
                self.lose()
                return
            self._is_busy = True
            try:
                self._newest = number = next(self._numbers)
                for gone in self._lines.add(Entry(number=number, line=line)):
                    if gone.line.level >= Level.WARNING:
                        self._grave.add(gone)
                waiting, self._waiting = self._waiting, []
            finally:
                self._is_busy = False
        for waiter in waiting:
            waiter.rouse()

    def lose(self) -> None:
        """Count a line that cannot be kept. From any thread."""
        next(self._numbers)

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Lose what this thread logs in the block, which must not be left to the loop: for who tells lines on, so that telling one makes no other."""
        self._muted_by = threading.get_ident()
        try:
            yield
        finally:
            self._muted_by = None

    def kept(self) -> Sequence[Entry]:
        """All lines that are kept, the oldest first; before the newest ones, some warnings and errors that are older."""
        with self._held():
            return (*self._grave.entries, *self._lines.entries)

    def after(self, number: int, most: int) -> Sequence[Entry]:
        """The next lines above a number, at most so many; those that made room are left out."""
        found: deque[Entry] = deque()
        with self._held():
            for entry in reversed(self._lines.entries):
                if entry.number <= number:
                    break
                found.appendleft(entry)
        return tuple(itertools.islice(found, most))

    async def more(self, number: int) -> None:
        """Wait until there is a line above a number."""
        waiter = _Waiter(trio.lowlevel.current_trio_token(), trio.Event())
        with self._held():
            if self._newest > number:
                waiter.event.set()
            else:
                self._waiting.append(waiter)
        try:
            await waiter.event.wait()
        finally:
            with self._held(), suppress(ValueError):
                self._waiting.remove(waiter)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._lock:
            self._is_busy = True
            try:
                yield
            finally:
                self._is_busy = False


class _Ring:
    def __init__(self, most: int, limit_bytes: int) -> None:
        self.entries: deque[Entry] = deque()
        self._most = most
        self._limit_bytes = limit_bytes
        self._size_bytes = 0

    def add(self, entry: Entry) -> list[Entry]:
        """Take one in, and give those that had to go for it."""
        self.entries.append(entry)
        self._size_bytes += entry.line.size_bytes
        gone: list[Entry] = []
        while len(self.entries) > self._most or self._size_bytes > self._limit_bytes:
            gone.append(self.entries.popleft())
            self._size_bytes -= gone[-1].line.size_bytes
        return gone


def everything(_: LogLine) -> bool:
    """Every line is wanted."""
    return True


class Reader:
    """One reader's way through a journal: it holds nothing but its place, so one that is slow loses lines and takes no memory.

    Belongs to one task at a time.
    """

    def __init__(self, journal: Journal, *, seen: int | None = None, wants: Wants = everything) -> None:
        self.journal = journal
        self.lost = 0
        """Lines that made room before they were read."""
        self.given = 0
        """Lines."""
        self._wants = wants
        self._seen = journal.newest if seen is None else seen
        self._first: Sequence[Heard] = ()
        self._dropped = 0

    @classmethod
    def of_last(cls, journal: Journal, count: int, *, wants: Wants = everything) -> "Reader":
        """One that begins with the last so many lines of those that are kept and wanted."""
        kept = journal.kept()
        reader = cls(journal, seen=kept[-1].number if kept else 0, wants=wants)
        last = [entry for entry in kept if wants(entry.line)][-count:] if count else []
        reader._first = [Heard(entry=entry, dropped=0) for entry in last]
        return reader

    @property
    def place(self) -> int | None:
        """Number of the line that it goes on behind; None where it begins with lines from before."""
        return None if self._first else self._seen

    @property
    def passed(self) -> int | None:
        """Number of the line up to which all was given, or was not wanted; None where something is still to be told of before it."""
        return None if self._first or self._dropped else self._seen

    @property
    def behind(self) -> int:
        """How many lines were written that it has not seen."""
        return max(0, self.journal.newest - self._seen)

    def waiting(self) -> Entry | None:
        """The oldest that is kept and that it has not seen."""
        return next(iter(self.journal.after(self._seen, 1)), None)

    async def take(self) -> Sequence[Heard]:
        """The next lines, at least one. Cancellation: nothing is lost to the next call."""
        while True:
            await trio.lowlevel.checkpoint()
            if heard := self._next():
                self.given += len(heard)
                return heard
            if not self.behind:
                await self.journal.more(self._seen)
                await trio.sleep(GATHER_S)

    def put_back(self, heard: Iterable[Heard]) -> None:
        """Give these once more, and first: the end of what the last `take` gave."""
        self._first = tuple(heard)
        self.given -= len(self._first)

    def _next(self) -> Sequence[Heard]:
        if self._first:
            first, self._first = self._first, ()
            return first
        heard: list[Heard] = []
        for entry in self.journal.after(self._seen, PAGE):
            dropped = entry.number - self._seen - 1
            self.lost += dropped
            self.journal.lost += dropped
            self._dropped += dropped
            self._seen = entry.number
            if self._wants(entry.line):
                heard.append(Heard(entry=entry, dropped=self._dropped))
                self._dropped = 0
        return heard
