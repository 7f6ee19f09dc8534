"""The publisher: takes the log's events once, in order, and offers each to every subscription. It never waits for a client."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Protocol

import attrs
import trio

from actors.config import KIB, MIB, SECONDS
from actors.feed.batch import Batch
from actors.feed.frame import Frame
from actors.feed.hearers import Hearers
from actors.feed.outlet import Outlet
from actors.feed.recent import Recent
from actors.feed.subscription import Ending, Subscription
from actors.model.event import TOPICS, Event, Passing

PACE_S = 0.1 * SECONDS
"""So long at most the publisher lets crowded clients catch their breath, once per crowding."""
SLICE_S = 0.004 * SECONDS
"""So long at most the publisher writes to clients before others have a turn."""
BATCH_BYTES = 64 * KIB
"""So much is published in one go."""
REMEMBERED_BYTES = 1 * MIB
"""So much of the newest events is kept in memory for those who come back after a short break."""


class Log(Protocol):
    """The durable log, as the feed reads it. Numbers start at 1 and have no gap but what was pruned at the beginning."""

    async def after(self, seq: int, limit: int) -> Sequence[Event]:
        """The next events above `seq`, in order, at most `limit`."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """The oldest number that is kept and the newest."""
        ...


@attrs.frozen(kw_only=True)
class FeedStatistics:
    """Counters since the start, and what waits now."""

    newest: int
    subscribers: int
    published: int
    """Events of the log."""
    passing: int
    """Messages without a number."""
    sent: int
    """Messages handed over to clients, counted for each."""
    coalesced: int
    dropped: int
    """Messages without a number that were given up for want of room."""
    too_slow: int
    """Subscriptions ended because too much waited."""
    resyncs: int
    waiting_bytes: int
    most_waiting_bytes: int
    """Of any one subscription."""
    most_lag_s: float
    """Age of the oldest message that waits for any."""


class Feed:
    """Shares one numbered log with any number of subscriptions. All methods belong to one Trio thread.

    `publish` may be given an event twice, or a later one first: what was published is skipped, and a gap makes every
    live subscription RESYNC. So whoever pumps the log may crash at any point and go on from `newest`.
    """

    def __init__(self, log: Log, *, queue_bytes: int, slice_s: float = SLICE_S) -> None:
        self._log = log
        self._slice_s = slice_s
        self._queue_bytes = queue_bytes
        self._batch_bytes = min(BATCH_BYTES, queue_bytes // 4)
        self._is_publishing = False
        self._at_hand: Batch | None = None  # handed out, but not to all yet
        self._subscriptions: set[Subscription] = set()
        self._owned: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._hearers = Hearers()
        self._takers: Counter[str] = Counter()  # counted, since each line of the log asks
        self._crowded: set[Subscription] = set()
        self._recent = Recent(REMEMBERED_BYTES)
        self._newest: int | None = None
        self._oldest = 1
        self._published = self._passing = self._coalesced = self._dropped = self._too_slow = self._resyncs = (
            self._sent
        ) = 0

    @property
    def newest(self) -> int:
        """Number of the newest published event; 0 before `begin`."""
        return self._newest or 0

    async def begin(self) -> int:
        """Number of the newest published event; the log's newest at the first call. Raises: DatabaseError."""
        if self._newest is None:
            oldest, newest = await self._log.bounds()
            if self._newest is None:
                self._oldest, self._newest = oldest, newest
        return self.newest

    def subscribe(
        self,
        topics: Collection[str] = TOPICS,
        since: int | None = None,
        *,
        owner: str | None = None,
        outlet: Outlet | None = None,
    ) -> Subscription:
        """One client's subscription, to be entered with `async with`; from the event after `since`, or live only.

        Of what belongs to one user it gets what is `owner`'s. What its task need not be woken for goes to its `outlet`.
        """
        return Subscription(self, topics=topics, since=since, queue_bytes=self._queue_bytes, owner=owner, outlet=outlet)

    def is_taken(self, topic: str) -> bool:
        """Whether any subscription takes a topic now."""
        return self._takers[topic] > 0

    def is_heard(self, topic: str, *, owner: str) -> bool:
        """Whether any subscription of a user takes a topic now."""
        return owner in self._hearers.of(topic)

    def hearers(self, topic: str) -> Collection[str]:
        """Ids of the users of whom any subscription takes a topic now; not to be kept."""
        return self._hearers.of(topic)

    def publish(self, events: Sequence[Event]) -> None:
        """Let events, in the log's order, wait for all. Never waits itself; see `publish_paced`.

        Raises: trio.BusyResourceError when another task is publishing.
        """
        with self._alone():
            for batch in self._batches(events):
                self._leave_waiting((batch,), tuple(self._subscriptions))

    async def publish_paced(self, events: Sequence[Event]) -> None:
        """As `publish`, but what can go out directly does, and crowded clients may take what waits before there is more.

        Holds nobody up for longer than a slice. Waits at most 0.1 s for crowded clients, and for one that made no use of it never again
        before it has taken everything: a slow client cannot slow the others.
        Cancellation: what is published stays published, for all; the rest is not.
        """
        with self._alone():
            for batch in self._batches(events):
                await self._hand_out(batch)
                if self._crowded:
                    await self._relieve()
        await trio.lowlevel.checkpoint()

    def publish_passing(self, passing: Passing) -> None:
        """Offer a message without a number to all, or to those of its owner. Never waits: whom it does not reach directly within a slice, it waits for.

        It overtakes no event: whom those that are just being handed out have not reached yet, is given them first.
        """
        self._passing += 1
        batch = Batch([Frame.of_passing(passing)])
        batches = (batch,) if self._at_hand is None else (self._at_hand, batch)
        rest = iter(tuple(self._subscriptions if passing.owner is None else self._owned.get(passing.owner, ())))
        self._write_slice(batches, rest)
        self._leave_waiting(batches, rest)

    def statistics(self) -> FeedStatistics:
        """One consistent picture."""
        now = datetime.now(UTC)
        waiting = [subscription.lag_bytes for subscription in self._subscriptions]
        return FeedStatistics(
            newest=self.newest,
            subscribers=len(self._subscriptions),
            published=self._published,
            passing=self._passing,
            sent=self._sent + sum(s.sent for s in self._subscriptions),
            coalesced=self._coalesced + sum(s.backlog.coalesced for s in self._subscriptions),
            dropped=self._dropped + sum(s.backlog.dropped for s in self._subscriptions),
            too_slow=self._too_slow + sum(s.ending is Ending.TOO_SLOW for s in self._subscriptions),
            resyncs=self._resyncs,
            waiting_bytes=sum(waiting),
            most_waiting_bytes=max(waiting, default=0),
            most_lag_s=max((s.lag_s(now) for s in self._subscriptions), default=0.0),
        )

    # The rest is for subscriptions.

    def join(self, subscription: Subscription) -> None:
        """From now on offer it everything."""
        self._subscriptions.add(subscription)
        self._takers.update(subscription.topics)
        if subscription.owner is not None:
            self._owned[subscription.owner].add(subscription)
            self._hearers.change(subscription.owner, more=subscription.topics)

    def retopic(self, subscription: Subscription, before: frozenset[str]) -> None:
        """It takes other topics now."""
        if subscription not in self._subscriptions:
            return
        after = subscription.topics
        self._takers.subtract(before)
        self._takers.update(after)
        if subscription.owner is not None:
            self._hearers.change(subscription.owner, more=after - before, fewer=before - after)

    def leave(self, subscription: Subscription) -> None:
        """Offer it nothing more; its counters stay."""
        self._subscriptions.remove(subscription)
        self._takers.subtract(subscription.topics)
        if subscription.owner is not None:
            self._hearers.change(subscription.owner, fewer=subscription.topics)
            self._owned[subscription.owner].discard(subscription)
            if not self._owned[subscription.owner]:
                del self._owned[subscription.owner]
        self._crowded.discard(subscription)
        self._sent += subscription.sent
        self._coalesced += subscription.backlog.coalesced
        self._dropped += subscription.backlog.dropped
        self._too_slow += subscription.ending is Ending.TOO_SLOW

    def crowd(self, subscription: Subscription) -> None:
        """More than half of its room is taken."""
        self._crowded.add(subscription)

    def remembers(self, since: int) -> bool:
        """Whether everything after `since` can be given from memory."""
        oldest = self._recent.oldest
        return since == self.newest or (oldest is not None and oldest - 1 <= since <= self.newest)

    def remembered(self, since: int, limit: int) -> list[Frame]:
        """The next frames after `since` from memory; none when the log must be asked."""
        return self._recent.after(since, limit) if self.remembers(since) else []

    async def after(self, seq: int, limit: int) -> Sequence[Event]:
        """A page of the log."""
        return await self._log.after(seq, limit)

    async def bounds(self) -> tuple[int, int]:
        """The oldest and newest number of the log."""
        self._oldest, newest = await self._log.bounds()
        return self._oldest, newest

    def resync(self, *, newest: int) -> Frame:
        """What tells a client that it lost events up to `newest`."""
        self._resyncs += 1
        return Frame.of_resync(oldest=self._oldest, newest=newest, at=datetime.now(UTC))

    def _batches(self, events: Sequence[Event]) -> Iterator[Batch]:
        """What is new of these, in goes that leave room in everyone's queue; each counts as published before it is given."""
        frames: list[Frame] = []
        size_bytes = 0
        for event in events:
            newest = frames[-1].seq if frames else self._newest
            if newest is not None and event.seq <= newest:
                continue
            frame = Frame.of_event(event)
            is_next = newest is None or event.seq == newest + 1
            if frames and not (is_next and size_bytes + len(frame.body) <= self._batch_bytes):
                yield self._published_now(frames)
                frames, size_bytes = [], 0
            if not is_next:
                self._skip_to(event.seq - 1)
            frames.append(frame)
            size_bytes += len(frame.body)
        if frames:
            yield self._published_now(frames)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._is_publishing:
            raise trio.BusyResourceError("another task is publishing")
        self._is_publishing = True
        try:
            yield
        finally:
            self._is_publishing = False

    def _published_now(self, frames: list[Frame]) -> Batch:
        self._newest = frames[-1].seq
        self._published += len(frames)
        for frame in frames:
            self._recent.add(frame)
        return Batch(frames)

    async def _hand_out(self, batch: Batch) -> None:
        rest = iter(tuple(self._subscriptions))
        self._at_hand = batch
        try:
            while not self._write_slice((batch,), rest):
                await trio.lowlevel.checkpoint()
        finally:
            self._at_hand = None
            self._leave_waiting((batch,), rest)

    def _write_slice(self, batches: Sequence[Batch], rest: Iterator[Subscription]) -> bool:
        """Offer to as many as there is time for; whether those were all."""
        until_s = perf_counter() + self._slice_s
        for subscription in rest:
            for batch in batches:
                subscription.offer(batch, at_once=True)
            if perf_counter() > until_s:
                return False
        return True

    def _leave_waiting(self, batches: Sequence[Batch], rest: Iterable[Subscription]) -> None:
        for subscription in rest:
            for batch in batches:
                subscription.offer(batch, at_once=False)

    def _skip_to(self, seq: int) -> None:
        self._newest = seq
        self._recent.clear()
        for subscription in tuple(self._subscriptions):
            subscription.lose_history()

    async def _relieve(self) -> None:
        waited_for, self._crowded = self._crowded, set()
        with trio.move_on_after(PACE_S):
            for subscription in waited_for:
                await subscription.relief()
        for subscription in waited_for:
            if subscription.is_crowded:
                subscription.excuse()
