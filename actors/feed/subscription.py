"""One client's way through the feed: from the log while it is behind, from the publisher once it has caught up."""

import enum
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Self

import trio

from actors.feed.backlog import Backlog
from actors.feed.batch import Batch, selected
from actors.feed.frame import Frame
from actors.feed.lag import SubscriptionStatistics
from actors.feed.outlet import Outlet

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

    With an outlet, what is published while its task waits in `take` for more goes out there at once and is not given.
    """

    def __init__(
        self,
        feed: "Feed",
        *,
        topics: Collection[str],
        since: int | None,
        queue_bytes: int,
        owner: str | None = None,
        outlet: Outlet | None = None,
    ) -> None:
        self._topics = frozenset(topics)
        self.owner = owner
        """Id of the user whose it is; None: it gets nothing that belongs to one user."""
        self.newest = 0
        """The newest number when it began."""
        self.ending: Ending | None = None
        self.backlog = Backlog(queue_bytes)
        self.sent = 0
        """Messages."""
        self._feed = feed
        self._outlet = outlet
        self._since = since
        self._seen = 0  # every event up to here was given, is waiting, or was not of its topics
        self._is_live = False
        self._resync: Frame | None = None
        self._is_excused = False
        self._wake: trio.Event | None = None  # there while its task waits and nothing has come yet
        self._relieved = trio.Event()
        self._relieved.set()
        self._taken: Iterator[Frame] = iter(())
        self._in_hand: Sequence[Frame] = ()  # given by `take`; sent, once it is called again
        self._owed_since: datetime | None = None

    @property
    def topics(self) -> frozenset[str]:
        """May be changed at any time; counts for what is published or replayed from then on."""
        return self._topics

    @topics.setter
    def topics(self, topics: frozenset[str]) -> None:
        before, self._topics = self._topics, topics
        self._feed.retopic(self, before)

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
        self._rouse()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        frame = next(self._taken, None)
        if frame is None:
            self._taken = iter(await self.take())
            frame = next(self._taken, None)
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def take(self) -> list[Frame]:
        """The next frames, at least one; none only when it has ended. Those of the call before count as sent.

        Cancellation: nothing is lost; the next call gives the same frames. Raises: DatabaseError when it is behind and
        the log cannot be read; calling again is safe.
        """
        self.sent += len(self._in_hand)
        self._in_hand = ()
        # One wait for each call is enough: of hundreds of clients that are woken at once, each would otherwise run twice.
        if self._is_idle():
            await self._woken()
        else:
            await trio.lowlevel.checkpoint()
        while True:
            frames = await self._next()
            if frames:
                self._in_hand = frames
                return frames
            if self.ending is not None and self._resync is None:
                return []

    async def _next(self) -> list[Frame]:
        """What comes next, perhaps nothing yet."""
        if self._outlet is not None and self._outlet.owed_bytes:
            await self._outlet.settle()
        if self._resync is not None:
            frames, self._resync = [self._resync], None
            return frames
        if self.ending is not None:
            return []
        self._look_up()
        if not self._is_live:
            return await self._replay()
        if not self.backlog:
            await self._woken()
            return []
        frames = selected(self.backlog.take(BATCH_BYTES), self._topics, self.owner)
        self._note_relief()
        return frames

    def _is_idle(self) -> bool:
        return self._is_live and not self.backlog and self._resync is None and self.ending is None

    async def _woken(self) -> None:
        self._wake = trio.Event()
        try:
            await self._wake.wait()
        finally:
            self._wake = None

    def _rouse(self) -> None:
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    def offer(self, batch: Batch, *, at_once: bool) -> None:
        """For the feed: the next events, of which it may have been offered some or all before, or a message without a number. Never waits.

        Here alone is decided what goes out directly: when it may be (`at_once`), nothing waits, and the outlet takes it.
        """
        if self.ending is not None:
            return
        part = batch.part(self._topics, self.owner)
        if batch.newest is not None:
            if not self._is_live or batch.newest <= self._seen:
                return
            if batch.frames[0].seq != self._seen + 1:
                part = part.after(self._seen)
            self._seen = batch.newest
        if not part.frames:
            return
        if at_once and self._wake is not None and self._outlet is not None and self._outlet.give(part.framed):
            self.sent += len(part.frames)
            if self._outlet.owed_bytes:
                self._owed_since = part.frames[0].at
                self._rouse()
            return
        self._queue(part.frames)

    def _queue(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame.seq is None:
                self.backlog.put_passing(frame)
            elif not self.backlog.put(frame.seq, frame):
                self.ending = Ending.TOO_SLOW
                self._lose()
                break
        self._note_crowding()
        self._rouse()

    def statistics(self, *, now: datetime) -> SubscriptionStatistics:
        """One consistent picture; `now` in UTC."""
        owed_bytes = self._owed_bytes()
        number = next((frame.seq for frame in self._waiting() if frame.seq is not None), None)
        unread = 0 if self._is_live else self._feed.newest - self._seen
        return SubscriptionStatistics(
            seq=self._seen if number is None else number - 1,
            sent=self.sent,
            coalesced=self.backlog.coalesced,
            dropped=self.backlog.dropped,
            lag_messages=len(self._in_hand) + len(self.backlog) + (owed_bytes > 0) + unread,
            lag_bytes=self.lag_bytes,
            lag_s=self.lag_s(now),
        )

    @property
    def lag_bytes(self) -> int:
        """What was not sent yet and is in memory."""
        return sum(len(frame.body) for frame in self._in_hand) + self.backlog.size_bytes + self._owed_bytes()

    def lag_s(self, now: datetime) -> float:
        """Age of the oldest message that was not sent yet and is in memory; 0 for none."""
        since = None
        if self._owed_bytes():
            since = self._owed_since
        elif self._in_hand or self.backlog:
            since = next(self._waiting()).at
        return 0.0 if since is None else max(0.0, (now - since).total_seconds())

    def _owed_bytes(self) -> int:
        """Of a message that went out directly; what is in hand may be owed by the outlet too and is not counted twice."""
        return 0 if self._outlet is None or self._in_hand else self._outlet.owed_bytes

    def _waiting(self) -> Iterator[Frame]:
        return chain(self._in_hand, self.backlog.waiting())

    def lose_history(self) -> None:
        """For the feed: events up to its newest are gone unpublished. One that is still behind finds that out by itself."""
        if self._is_live and self.ending is None and self._seen < self._feed.newest:
            self._lose()
            self._rouse()

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
        return selected(page, self._topics, self.owner)

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
