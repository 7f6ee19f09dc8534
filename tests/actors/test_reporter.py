"""The log on the live feed: a real tree, and a logger of the standard library whose lines go to the journal."""

import json
import logging
import random
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.feed import Feed
from actors.journal import Journal, Reader
from actors.reporter import report
from supervision import Backoff, Child, Intensity, Supervisor, run
from web.logs import JournalHandler

PATIENT_S = 20
PATH = "rookery/reporter"


class Empty:
    """A log of events in which nothing happens."""

    async def after(self, _seq, _limit):
        """None."""
        return []

    async def bounds(self):
        """Of nothing."""
        return 1, 0


class Noisy:
    """A client to whom nothing can be sent without a line being logged."""

    owed_bytes = 0

    def __init__(self, log):
        self._log = log
        self.given = []

    def give(self, frames):
        """Take all, and say so."""
        self._log.debug("%d bytes sent", len(frames))
        self.given.append(frames)
        return True

    async def send(self, frames):
        """The same."""
        self.give(frames)

    async def settle(self):
        """Nothing is owed."""


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def log(journal):
    log = logging.Logger("rookery.test", logging.DEBUG)  # noqa: LOG001 — one of its own, whose handlers nobody else has
    log.addHandler(JournalHandler(journal))
    return log


@pytest.fixture
def feed():
    return Feed(Empty(), queue_bytes=100_000)


@pytest.fixture
def running(journal, feed):
    reader = Reader(journal)

    async def reporter(context):
        context.ready()
        await report(context, reader=reader, feed=feed)

    @asynccontextmanager
    async def start():
        tree = Supervisor(
            "rookery",
            intensity=Intensity(restarts=100, within_s=1.0),
            backoff=Backoff(first_s=0.0),
            children=[Child("reporter", reporter)],
        )
        async with run(tree, signals=False) as running:
            yield running

    return start


async def heard(subscription, count):
    lines = []
    with trio.fail_after(PATIENT_S):
        while len(lines) < count:
            lines += [json.loads(frame.body)["payload"] for frame in await subscription.take()]
    return lines


async def test_every_line_reaches_who_listens_each_by_itself_and_in_order(running, feed, log, autojump_clock):
    async with running(), feed.subscribe(["logs"]) as subscription, feed.subscribe(["tracks"]) as other:
        for number in range(250):
            log.info("line %d", number)
        lines = await heard(subscription, 250)
        assert len(other.backlog) == 0

    assert [line["message"] for line in lines] == [f"line {number}" for number in range(250)]
    assert [line["line"] for line in lines] == list(range(1, 251))
    assert {line["dropped"] for line in lines} == {0}


async def test_where_nobody_listens_nothing_is_published_and_who_comes_later_hears_what_comes_later(
    running, feed, log, autojump_clock
):
    async with running():
        log.info("unheard")
        await trio.sleep(1)
        assert feed.statistics().passing == 0
        async with feed.subscribe(["logs"]) as subscription:
            log.info("heard")
            assert [line["message"] for line in await heard(subscription, 1)] == ["heard"]


async def test_a_restart_loses_nothing_and_what_was_lost_before_is_told(running, feed, log, autojump_clock):
    async with running() as tree, feed.subscribe(["logs"]) as subscription:
        await tree.stop_child(PATH, how="kill")
        for number in range(1_200):
            log.info("line %d", number)
        await tree.restart_child(PATH)
        lines = await heard(subscription, 10)

    assert (lines[0]["line"], lines[0]["dropped"], lines[1]["dropped"]) == (201, 200, 0)


async def test_crashes_at_any_point_lose_and_double_nothing(running, feed, log):
    total, chance = 2_000, random.Random(1)
    done = trio.Event()

    async def crash(tree):
        while not done.is_set():
            await tree.stop_child(PATH, how="kill")
            await tree.restart_child(PATH)
            await trio.sleep(chance.uniform(0, 0.03))  # anywhere in its work

    async def write():
        for number in range(total):
            log.info("line %d", number)
            if number % 50 == 0:
                await trio.sleep(0.002)

    async with running() as tree, feed.subscribe(["logs"]) as subscription, trio.open_nursery() as nursery:
        nursery.start_soon(crash, tree)
        nursery.start_soon(write)
        lines = await heard(subscription, total)
        done.set()

    assert [line["line"] for line in lines] == list(range(1, total + 1))
    assert {line["dropped"] for line in lines} == {0}


async def test_a_line_that_telling_one_writes_is_not_told_in_turn(running, feed, journal, log, autojump_clock):
    noisy = Noisy(log)
    async with running(), feed.subscribe(["logs"], outlet=noisy) as subscription, trio.open_nursery() as nursery:
        nursery.start_soon(subscription.take)
        await wait_all_tasks_blocked()
        for number in range(5):
            log.info("line %d", number)
        await trio.sleep(100)
        log.info("last")
        await trio.sleep(100)
        nursery.cancel_scope.cancel()
    told = [json.loads(b"{" + frame.partition(b"{")[2])["payload"] for frame in noisy.given]

    assert [line["message"] for line in told] == [*(f"line {number}" for number in range(5)), "last"]
    assert [line["dropped"] for line in told] == [0, 0, 0, 0, 0, 5]
    assert journal.newest == told[-1]["line"] == 11


async def test_it_ends_with_the_tree_at_once(running, autojump_clock):
    began_s = trio.current_time()
    async with running():
        await wait_all_tasks_blocked()

    assert trio.current_time() - began_s < 0.5
