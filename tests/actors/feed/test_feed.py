"""The publisher, against a plain list as its model."""

import random

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.feed import Ending, Feed

TYPES = ("TRACK_ADDED", "TRACK_UPDATED", "SCAN_UPDATE")
TOPICS = {"TRACK_ADDED": "tracks", "TRACK_UPDATED": "tracks", "SCAN_UPDATE": "progress"}


async def take_all(subscription):
    frames = []
    while True:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_when_idle, scope)
                batch = await subscription.take()
                nursery.cancel_scope.cancel()
        if scope.cancelled_caught or not batch:
            return frames
        frames += batch


async def cancel_when_idle(scope):
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()


async def test_publishing_twice_gives_each_event_once(log):
    feed = Feed(log, queue_bytes=10_000)
    await feed.begin()
    events = log.add(*TYPES)
    async with feed.subscribe(since=0) as subscription:
        feed.publish(events)
        feed.publish(events[1:] + log.add("TRACK_ADDED"))

        assert [frame.seq for frame in await take_all(subscription)] == [1, 2, 3, 4]
        assert feed.statistics().published == 4


async def test_a_gap_in_what_is_published_makes_live_subscriptions_resync(log):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe() as subscription:
        feed.publish(log.add("TRACK_ADDED"))
        assert [frame.seq for frame in await take_all(subscription)] == [1]
        log.add("TRACK_ADDED", "TRACK_ADDED")
        feed.publish(log.add("TRACK_ADDED"))
        resync, after = await take_all(subscription)

    assert msgspec.json.decode(resync.body)["payload"] == {"oldest": 1, "newest": 3}
    assert after.seq == 4


async def test_coming_back_after_a_short_break_does_not_ask_the_log(log):
    feed = Feed(log, queue_bytes=10_000)
    await feed.begin()
    feed.publish(log.add(*["TRACK_ADDED"] * 10))
    log.prune(1)

    async with feed.subscribe(since=4) as subscription:
        assert [frame.seq for frame in await take_all(subscription)] == [5, 6, 7, 8, 9, 10]


async def test_memory_of_newest_events_is_bounded(log):
    feed = Feed(log, queue_bytes=10_000)
    await feed.begin()
    feed.publish(log.add(*["TRACK_ADDED"] * 30, size=100_000))

    assert len(feed.remembered(29, 100)) == 1
    assert feed.remembered(5, 100) == []
    async with feed.subscribe(since=5) as subscription:
        assert [frame.seq for frame in await take_all(subscription)] == list(range(6, 31))


async def test_pacing_lets_a_client_that_reads_keep_up_with_a_burst(log, autojump_clock):
    feed = Feed(log, queue_bytes=20_000)
    seen = []

    async def read(subscription):
        async for frame in subscription:
            seen.append(frame.seq)
            await trio.lowlevel.checkpoint()
            if frame.seq == 500:
                return

    async with feed.subscribe() as subscription, trio.open_nursery() as nursery:
        nursery.start_soon(read, subscription)
        await feed.publish_paced(log.add(*["TRACK_ADDED"] * 500, size=500))

    assert seen == list(range(1, 501))


async def test_pacing_waits_once_for_a_client_that_does_not_read(log, autojump_clock):
    feed = Feed(log, queue_bytes=20_000)
    async with feed.subscribe() as stuck:
        started = trio.current_time()
        await feed.publish_paced(log.add(*["TRACK_ADDED"] * 500, size=500))

        assert trio.current_time() - started == pytest.approx(0.1)
        assert stuck.ending is Ending.TOO_SLOW


async def test_pacing_ends_when_the_client_leaves(log, autojump_clock):
    feed = Feed(log, queue_bytes=20_000)

    async def visit():
        async with feed.subscribe():
            await trio.sleep(0.05)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(visit)
        await trio.testing.wait_all_tasks_blocked()
        started = trio.current_time()
        await feed.publish_paced(log.add(*["TRACK_ADDED"] * 30, size=500))

    assert trio.current_time() - started <= 0.06


class Reader:
    """A client that comes, reads, goes and comes back with the last number it saw; checks each frame as it arrives."""

    def __init__(self, log, feed, topics):
        self.log, self.feed, self.topics = log, feed, topics
        self.last = None
        self.start = None
        self.seen = 0
        self.resyncs = 0

    def follow(self, frame, subscription):
        if frame.type == "RESYNC":
            newest = msgspec.json.decode(frame.body)["payload"]["newest"]
            is_lost = self.last is not None and self.last < self.log.pruned
            assert is_lost or subscription.ending is Ending.TOO_SLOW or self.lagged()
            assert newest >= (self.last or 0)
            self.last = newest
            self.resyncs += 1
            return
        if frame.seq is None:
            assert "progress" in self.topics
            return
        wanted = next(e.seq for e in self.log.history[self.last :] if TOPICS[e.type] in self.topics)
        assert frame.seq == wanted
        self.last = frame.seq
        self.seen += 1

    def lagged(self):
        """Events that were not of its topics may be pruned unseen: its last number stays behind."""
        return any(e.seq <= self.log.pruned for e in self.log.history[self.last or 0 :])

    def assert_complete(self):
        missing = [e.seq for e in self.log.history[self.last :] if TOPICS[e.type] in self.topics]
        assert missing == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 40)),
        st.tuples(st.just("pump"), st.integers(1, 60)),
        st.tuples(st.just("again"), st.integers(1, 10)),
        st.tuples(st.just("prune"), st.integers(1, 50)),
        st.tuples(st.just("progress"), st.integers(1, 5)),
        st.tuples(st.just("come"), st.integers(0, 2)),
        st.tuples(st.just("go"), st.integers(0, 2)),
        st.tuples(st.just("read"), st.integers(0, 2)),
    ),
    max_size=50,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_every_client_gets_every_event_once_and_in_order(steps, make_log, passing):
    log = make_log()
    feed = Feed(log, queue_bytes=4_000)
    await feed.begin()
    readers = [Reader(log, feed, topics) for topics in ({"tracks", "progress"}, {"tracks"}, {"progress"})]
    open_ = {}

    async def come(index):
        reader = readers[index]
        open_[index] = subscription = feed.subscribe(reader.topics, since=reader.last)
        await subscription.__aenter__()
        if reader.last is None:
            reader.last = subscription.newest

    async def go(index):
        await open_.pop(index).__aexit__(None, None, None)

    async def read(index):
        for frame in await take_all(open_[index]):
            readers[index].follow(frame, open_[index])

    for verb, number in steps:
        if verb == "add":
            log.add(*(TYPES[n % 3] for n in range(number)))
        elif verb == "pump":
            feed.publish(await log.after(feed.newest, number))
        elif verb == "again":
            feed.publish(await log.after(max(feed.newest - number, 0), 2 * number))
        elif verb == "prune":
            log.prune(number)
        elif verb == "progress":
            feed.publish_passing(passing(f"track:{number}", 0.5))
        elif verb == "come" and number not in open_:
            await come(number)
        elif verb == "go" and number in open_:
            await go(number)
        elif verb == "read" and number in open_:
            await read(number)

    while events := await log.after(feed.newest, 100):
        feed.publish(events)
    for index, reader in enumerate(readers):
        if index in open_:
            await read(index)
            if open_[index].ending is not None:
                await go(index)
        if index not in open_:
            await come(index)
            await read(index)
        reader.assert_complete()
        await go(index)
    assert feed.statistics().subscribers == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
async def test_readers_writers_and_a_crashing_pump_at_once_lose_and_double_nothing(seed, make_log):
    chance = random.Random(seed)
    log = make_log()
    feed = Feed(log, queue_bytes=chance.choice([2_000, 20_000, 1_000_000]))
    total = 400
    log.pauses = chance.randint(0, 4)
    await feed.begin()

    async def dawdle(most):
        for _ in range(chance.randint(0, most)):
            await trio.lowlevel.checkpoint()

    async def write():
        while len(log.history) < total:
            log.add(*(chance.choice(TYPES) for _ in range(min(chance.randint(1, 30), total - len(log.history)))))
            await dawdle(5)

    async def pump():
        while feed.newest < total:
            with trio.CancelScope() as scope:  # "crashes" anywhere, then goes on
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(cancel_after, chance.randint(1, 30), scope)
                    while feed.newest < total:
                        await feed.publish_paced(await log.after(feed.newest, chance.randint(1, 50)))
                        await dawdle(3)
                    nursery.cancel_scope.cancel()

    async def cancel_after(checkpoints, scope):
        for _ in range(checkpoints):
            await trio.lowlevel.checkpoint()
        scope.cancel()

    async def read(reader):
        reader.last = 0
        while feed.newest < total:
            async with feed.subscribe(reader.topics, since=reader.last) as subscription:
                for _ in range(chance.randint(1, 20)):
                    with trio.CancelScope() as scope:
                        async with trio.open_nursery() as nursery:
                            nursery.start_soon(cancel_after, chance.randint(1, 20), scope)
                            for frame in await subscription.take():
                                reader.follow(frame, subscription)
                            nursery.cancel_scope.cancel()
                    await dawdle(10)

    readers = [Reader(log, feed, topics) for topics in ({"tracks", "progress"}, {"tracks"}, {"progress"})]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            nursery.start_soon(pump)
            for reader in readers:
                nursery.start_soon(read, reader)

    for reader in readers:
        async with feed.subscribe(reader.topics, since=reader.last) as subscription:
            for frame in await take_all(subscription):
                reader.follow(frame, subscription)
        reader.assert_complete()
