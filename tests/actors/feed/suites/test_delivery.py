"""Directly or by way of the queue: every client gets the same."""

import random

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.feed import Feed, Subscription
from tests.actors.feed.pipe import Pipe, write

TYPES = ("TRACK_ADDED", "TRACK_UPDATED", "SCAN_UPDATE")
TRACKS = ("TRACK_ADDED", "TRACK_UPDATED")
CHOICES = (["tracks", "progress"], ["tracks"], ["progress"])


@attrs.define(eq=False)
class Client:
    """One who has a pipe to the feed, by which what is published may go directly or not."""

    topics: list[str]
    is_direct: bool
    pipe: Pipe
    since: int = 0
    subscription: Subscription | None = None

    async def follow(self, feed: Feed) -> None:
        """Take everything."""
        outlet = self.pipe if self.is_direct else None
        async with feed.subscribe(self.topics, self.since, outlet=outlet) as self.subscription:
            await write(self.subscription, self.pipe)

    def seqs(self) -> list[int]:
        """The numbers that it got, in the order that it got them."""
        return [message["seq"] for message in self.pipe.messages() if "seq" in message]

    def overtaken(self) -> list[int]:
        """The numbers that came behind a passing message that was published after them."""
        newest, late = 0, []
        for message in self.pipe.messages():
            if "seq" in message:
                late += [message["seq"]] if message["seq"] <= newest else []
            else:
                newest = max(newest, message["payload"]["done"])
        return late


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
async def test_directly_or_queued_every_client_gets_every_event_once_and_in_order(seed, make_log, passing):
    chance = random.Random(seed)
    log = make_log()
    feed = Feed(log, queue_bytes=1 << 20, slice_s=chance.choice([0.0, 0.0001, 1.0]))
    await feed.begin()
    clients = [
        Client(topics, is_direct, Pipe(chance.choice([0, 50, 1_000, 1 << 40])))
        for topics in CHOICES
        for is_direct in (True, True, False)
    ]
    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(client.follow, feed)
        for _ in range(chance.randint(1, 40)):
            log.add(*(chance.choice(TYPES) for _ in range(chance.randint(0, 5))), size=chance.randint(0, 300))
            events = await log.after(feed.newest, 50)
            with trio.CancelScope() as scope:  # whoever pumps may crash anywhere
                if chance.random() < 0.3:
                    nursery.start_soon(cancel_after, chance.randint(0, 6), scope)
                if chance.random() < 0.3:
                    nursery.start_soon(pass_after, chance.randint(0, 6), feed, passing)
                await feed.publish_paced(events)
            if chance.random() < 0.3:
                feed.publish_passing(passing(f"track:{chance.randint(0, 2)}", feed.newest))
            chance.choice(clients).pipe.widen(chance.randint(1, 700))
            for _ in range(chance.randint(0, 3)):
                await trio.lowlevel.checkpoint()
            if chance.random() < 0.1:
                nursery.start_soon(late(clients, chance, feed.newest).follow, feed)
        await feed.publish_paced(await log.after(feed.newest, 1_000))
        for client in clients:
            client.pipe.widen(1 << 40)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    for client in clients:
        types = (TRACKS if "tracks" in client.topics else ()) + (
            ("SCAN_UPDATE",) if "progress" in client.topics else ()
        )
        assert client.seqs() == [e.seq for e in log.history[client.since :] if e.type in types]
        assert client.overtaken() == []


async def pass_after(checkpoints, feed, passing):
    """Tell what is as new as the newest event, perhaps while that is being handed out."""
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    feed.publish_passing(passing("track:0", feed.newest))


async def cancel_after(checkpoints, scope):
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    scope.cancel()


def late(clients, chance, newest):
    """One more, who comes back with a number."""
    client = Client(chance.choice(CHOICES), chance.random() < 0.7, Pipe(), since=chance.randint(0, newest))
    clients.append(client)
    return client


async def test_what_is_published_while_nothing_waits_wakes_nobody(log, autojump_clock):
    feed = Feed(log, queue_bytes=1 << 20)
    await feed.begin()
    client = Client(["tracks"], True, Pipe())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        await feed.publish_paced(log.add("TRACK_ADDED", "SCAN_UPDATE", "TRACK_ADDED"))
        await feed.publish_paced(log.add("TRACK_ADDED"))

        assert client.pipe.directly == 2
        assert client.seqs() == [1, 3, 4]
        assert client.subscription._wake is not None
        nursery.cancel_scope.cancel()


async def test_a_client_whose_pipe_is_full_waits_in_the_queue_and_ends_when_that_is_full_too(log, autojump_clock):
    feed = Feed(log, queue_bytes=4_000)
    await feed.begin()
    slow, quick = Client(["tracks"], True, Pipe(100)), Client(["tracks"], True, Pipe())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(slow.follow, feed)
        nursery.start_soon(quick.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(20):
            await feed.publish_paced(log.add("TRACK_ADDED", size=500))
        assert slow.subscription.statistics(now=log.history[-1].at).lag_messages > 0
        slow.pipe.widen(1 << 40)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert quick.seqs() == list(range(1, 21))
    assert slow.seqs() == [1]
    assert slow.pipe.messages()[-1]["type"] == "RESYNC"
    assert feed.statistics().too_slow == 1


@pytest.mark.parametrize("slice_s, is_seen", [(0.0, True), (60.0, False)], ids=["short slices", "one for all"])
async def test_others_have_a_turn_between_slices(log, slice_s, is_seen):
    feed = Feed(log, queue_bytes=4_000, slice_s=slice_s)
    await feed.begin()
    clients = [Client(["tracks"], True, Pipe()) for _ in range(3)]
    reached = []

    async def look():
        while 3 not in reached:
            reached.append(sum(client.pipe.directly for client in clients))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(client.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        async with trio.open_nursery() as both:
            both.start_soon(feed.publish_paced, log.add("TRACK_ADDED"))
            both.start_soon(look)
        nursery.cancel_scope.cancel()

    assert bool({1, 2}.intersection(reached)) is is_seen


async def test_progress_goes_directly_to_as_many_as_there_is_time_for_and_waits_for_the_others(log, passing):
    feed = Feed(log, queue_bytes=4_000, slice_s=0.0)
    await feed.begin()
    clients = [Client(["progress"], True, Pipe()) for _ in range(3)]
    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(client.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        feed.publish_passing(passing("track:a", 0.5))
        assert sum(client.pipe.directly for client in clients) == 1
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert [len(client.pipe.messages()) for client in clients] == [1, 1, 1]


async def test_what_passes_while_an_event_is_handed_out_overtakes_it_for_nobody(log, passing):
    feed = Feed(log, queue_bytes=4_000, slice_s=0.0)
    await feed.begin()
    clients = [Client(["tracks", "progress"], is_direct, Pipe()) for is_direct in (True, False, True, False)]
    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(client.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(feed.publish_paced, log.add("TRACK_ADDED"))
        while not feed.newest:
            await trio.lowlevel.checkpoint()
        feed.publish_passing(passing("track:a", 0.5))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    for client in clients:
        assert [message["type"] for message in client.pipe.messages()] == ["TRACK_ADDED", "PROGRESS_UPDATE"]


async def test_one_task_at_a_time_publishes(log, autojump_clock):
    feed = Feed(log, queue_bytes=4_000)
    await feed.begin()

    async def fail():
        with pytest.raises(trio.BusyResourceError):
            feed.publish(log.add("TRACK_ADDED"))

    crowded = Client(["tracks"], False, Pipe(0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(crowded.follow, feed)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(feed.publish_paced, log.add(*["TRACK_ADDED"] * 8, size=800))
        await trio.testing.wait_all_tasks_blocked(0.01)
        await fail()
        await trio.sleep(1)
        nursery.cancel_scope.cancel()
    feed.publish(log.add("TRACK_ADDED"))
