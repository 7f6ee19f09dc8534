"""One client's way through the feed: from the log while it is behind, from the publisher once it has caught up."""

import enum
from collections import deque
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import trio

from actors.feed.backlog import Backlog
from actors.feed.frame import Frame

if TYPE_CHECKING:
    from actors.feed.feed import Feed

PAGE = 200
"""So many events of the log are read at once for one client that is behind."""
BATCH_BYTES = 64 * 1024
"""So much leaves the backlog at once."""


class Ending(enum.Enum):
    """Why a subscription gives nothing more."""

    TOO_SLOW = "too_slow"
    """More waited for it than the feed keeps for one client; its last frame is RESYNC."""
    LEFT = "left"
    """Its owner left the `async with`."""


class Subscription:
    """Every event of its topics exactly once and in order, from the number after `since`; what belongs to somebody else is left out.

    Used as `async with feed.subscribe(...) as subscription: async for frame in subscription: ...`, by one task. The
    iterator ends when `ending` is set. While it is behind it holds one page of the log; once it has caught up at most
    `queue_bytes` wait for it. A RESYNC frame tells that events were lost to it: the next number is the one after the
    `newest` of that frame.
    """

    def __init__(
        self, feed: "Feed", *, topics: Collection[str], since: int | None, queue_bytes: int, owner: str | None = None
    ) -> None:
        self.topics = set(topics)
        """May be changed at any time; counts for what is published or replayed from then on."""
        self.owner = owner
        """Id of the user whose it is; None: it gets nothing that belongs to one user."""
        self.newest = 0
        """The newest number when it began."""
        self.ending: Ending | None = None
        self.backlog = Backlog(queue_bytes)
        self._feed = feed
        self._since = since
        self._seen = 0  # every event up to here was given, is waiting, or was not of its topics
        self._is_live = False
        self._resync: Frame | None = None
        self._is_excused = False
        self._wake = trio.Event()
        self._relieved = trio.Event()
        self._relieved.set()
        self._taken: deque[Frame] = deque()

    async def __aenter__(self) -> Self:
        """Begin. Raises: DatabaseError when the log cannot be asked."""
        newest = await self._feed.begin()
        self._seen = self.newest = newest
        if self._since is not None and not self._feed.remembers(self._since):
            oldest, newest = await self._feed.bounds()
            self.newest = max(newest, self._feed.newest)
            if not max(oldest - 1, 0) <= self._since <= self.newest:
                self._lose()
                self._since = None
        if self._since is not None:
            self._seen = self._since
        self._feed.join(self)
        self._look_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._feed.leave(self)
        self.ending = self.ending or Ending.LEFT
        self.backlog.clear()
        self._relieved.set()
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        if not self._taken:
            self._taken.extend(await self.take())
            if not self._taken:
                raise StopAsyncIteration
        return self._taken.popleft()

    async def take(self) -> list[Frame]:
        """The next frames, at least one; none only when it has ended.

        Cancellation: nothing is lost; the next call gives the same frames. Raises: DatabaseError when it is behind and
        the log cannot be read; calling again is safe.
        """
        # One wait for each call is enough: of hundreds of clients that are woken at once, each would otherwise run twice.
        if self._is_idle():
            await self._woken()
        else:
            await trio.lowlevel.checkpoint()
        while True:
            if self._resync is not None:
                frames, self._resync = [self._resync], None
                return frames
            if self.ending is not None:
                return []
            self._look_up()
            if not self._is_live:
                frames = await self._replay()
            elif self.backlog:
                frames = [frame for frame in self.backlog.take(BATCH_BYTES) if self._takes(frame)]
                self._note_relief()
            else:
                await self._woken()
                continue
            if frames:
                return frames

    def _is_idle(self) -> bool:
        return self._is_live and not self.backlog and self._resync is None and self.ending is None

    async def _woken(self) -> None:
        self._wake = trio.Event()
        await self._wake.wait()

    def offer(self, frame: Frame, seq: int) -> None:
        """For the feed: one event, in order. Never waits."""
        if not self._is_live or self.ending is not None or seq <= self._seen:
            return
        self._seen = seq
        if not self._takes(frame):
            return
        if not self.backlog.put(seq, frame):
            self.ending = Ending.TOO_SLOW
            self._lose()
        self._note_crowding()
        self._wake.set()

    def offer_passing(self, frame: Frame) -> None:
        """For the feed: a message without a number; waits, coalesced, until the client has caught up. Never waits itself."""
        if self.ending is not None or frame.subject is None or not self._takes(frame):
            return
        self.backlog.put_passing(frame.subject, frame)
        self._note_crowding()
        self._wake.set()

    def lose_history(self) -> None:
        """For the feed: events up to its newest are gone unpublished. One that is still behind finds that out by itself."""
        if self._is_live and self.ending is None and self._seen < self._feed.newest:
            self._lose()
            self._wake.set()

    async def relief(self) -> None:
        """For the feed: wait until it is crowded no more, or has ended."""
        await self._relieved.wait()

    @property
    def is_crowded(self) -> bool:
        """More than half of its room was taken, and a quarter still is."""
        return not self._relieved.is_set()

    def excuse(self) -> None:
        """For the feed: do not wait for this one again before it has taken everything."""
        self._is_excused = True

    def _takes(self, frame: Frame) -> bool:
        return frame.topic in self.topics and (frame.owner is None or frame.owner == self.owner)

    def _look_up(self) -> None:
        if self._seen >= self._feed.newest:
            self._is_live = True  # no event can come between this look and the next publication

    def _lose(self) -> None:
        """What waits is given up; RESYNC is next, then what comes after the newest number now."""
        self.backlog.clear()
        self._relieved.set()
        self._seen = max(self.newest, self._feed.newest)
        self._resync = self._feed.resync(newest=self._seen)

    async def _replay(self) -> list[Frame]:
        """The next page that it has not seen, from memory or from the log."""
        frames: Iterable[Frame] = self._feed.remembered(self._seen, PAGE)
        if not frames:
            frames = [Frame.of_event(event) for event in await self._feed.after(self._seen, PAGE)]
        page = list(frames)
        if not page or page[0].seq != self._seen + 1:
            _, newest = await self._feed.bounds()
            self.newest = max(newest, self._feed.newest)
            self._lose()
            return []
        self._seen = page[-1].seq or self._seen
        return [frame for frame in page if self._takes(frame)]

    def _note_crowding(self) -> None:
        if not self._is_excused and self.backlog.size_bytes > self.backlog.limit_bytes // 2:
            if self._relieved.is_set():
                self._relieved = trio.Event()
            self._feed.crowd(self)

    def _note_relief(self) -> None:
        if self.backlog.size_bytes <= self.backlog.limit_bytes // 4:
            self._relieved.set()
        if not self.backlog:
            self._is_excused = False
