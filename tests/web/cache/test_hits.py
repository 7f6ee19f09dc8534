"""What is told of kept answers: to those who listen, of their own, each once."""

from contextlib import asynccontextmanager
from itertools import pairwise

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.feed import Feed
from tests.actors.feed.conftest import ListLog
from web.cache.hits import TELL_S, Hits


@pytest.fixture
def feed() -> Feed:
    return Feed(ListLog(), queue_bytes=100_000)


@asynccontextmanager
async def telling(feed):
    """Counts, and tells."""
    hits = Hits(feed, lambda: 7)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hits.keep_telling)
        yield hits
        nursery.cancel_scope.cancel()


async def heard(subscription, total):
    """The payloads up to the one with which there are so many hits."""
    payloads = []
    with trio.fail_after(100):
        while sum(payload["hits"] for payload in payloads) < total:
            payloads += [msgspec.json.decode(frame.body)["payload"] for frame in await subscription.take()]
    return payloads


async def test_what_happens_within_a_second_is_one_message(feed, autojump_clock):
    async with telling(feed) as hits, feed.subscribe(["player"], owner="ada") as ada:
        for is_hit in (False, True, True, False, True):
            hits.note("ada", is_hit=is_hit)
        (payload,) = await heard(ada, 3)

    assert {name: payload[name] for name in ("hits", "misses", "entries")} == {"hits": 3, "misses": 2, "entries": 7}


async def test_nobody_hears_of_what_others_are_served(feed, autojump_clock):
    async with (
        telling(feed) as hits,
        feed.subscribe(["player"], owner="ada") as ada,
        feed.subscribe(["player"], owner="bo") as bo,
    ):
        hits.note("ada", is_hit=True)
        hits.note("bo", is_hit=True)
        hits.note("bo", is_hit=True)

        assert [payload["hits"] for payload in await heard(ada, 1)] == [1]
        assert [payload["hits"] for payload in await heard(bo, 2)] == [2]


async def test_while_nobody_listens_nothing_is_counted_and_nothing_told(feed, autojump_clock):
    async with telling(feed) as hits, feed.subscribe(["tracks"], owner="ada") as ada:
        for user_id in ("ada", "bo"):
            hits.note(user_id, is_hit=True)
        await trio.sleep(3)
        assert feed.statistics().passing == 0
        hits.note("ada", is_hit=True)
        ada.topics |= {"player"}
        hits.note("ada", is_hit=True)

        assert [payload["hits"] for payload in await heard(ada, 1)] == [1]


async def test_misses_alone_are_not_told(feed, autojump_clock):
    async with telling(feed) as hits, feed.subscribe(["player"], owner="ada"):
        hits.note("ada", is_hit=False)
        await trio.sleep(3)

        assert feed.statistics().passing == 0


async def test_what_was_counted_for_one_who_left_is_forgotten(feed, autojump_clock):
    async with telling(feed) as hits:
        async with feed.subscribe(["player"], owner="ada"):
            hits.note("ada", is_hit=True)
        await trio.sleep(3)
        async with feed.subscribe(["player"], owner="ada") as ada:
            hits.note("ada", is_hit=True)

            assert [payload["hits"] for payload in await heard(ada, 1)] == [1]


async def test_one_that_is_cancelled_loses_nothing(feed, autojump_clock):
    hits = Hits(feed, lambda: None)
    async with feed.subscribe(["player"], owner="ada") as ada:
        hits.note("ada", is_hit=True)
        with trio.move_on_after(TELL_S / 2):
            await hits.keep_telling()
        hits.note("ada", is_hit=True)
        with trio.move_on_after(TELL_S * 2):
            await hits.keep_telling()

        assert [payload["hits"] for payload in await heard(ada, 2)] == [2]


async def test_a_client_that_takes_nothing_for_a_while_gets_every_count(feed, autojump_clock):
    async with telling(feed) as hits, feed.subscribe(["player"], owner="ada") as ada:
        for _ in range(20):
            hits.note("ada", is_hit=True)
            await trio.sleep(2 * TELL_S)

        assert sum(payload["hits"] for payload in await heard(ada, 20)) == 20


@given(st.lists(st.sampled_from([0.0, 0.1, 0.9, 1.0, 1.1, 5.0]), min_size=1, max_size=30))
def test_whenever_they_come_every_hit_is_told_once_and_at_most_once_a_second(pauses_s):
    told = []

    async def main():
        feed = Feed(ListLog(), queue_bytes=100_000)
        async with telling(feed) as hits, feed.subscribe(["player"], owner="ada") as ada:

            async def listen():
                while True:
                    (frame,) = await ada.take()
                    told.append((trio.current_time(), msgspec.json.decode(frame.body)["payload"]["hits"]))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen)
                for pause_s in pauses_s:
                    await trio.sleep(pause_s)
                    hits.note("ada", is_hit=True)
                await trio.sleep(2 * TELL_S)
                nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))

    assert sum(hits for _, hits in told) == len(pauses_s)
    assert all(round(after - before, 6) >= TELL_S for (before, _), (after, _) in pairwise(told))
