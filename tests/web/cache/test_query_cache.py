"""One computing for everybody, on the virtual clock."""

import pytest
import trio

from actors.errors import RedisAwayError
from web.cache.entry import Entry
from web.cache.figures import figures
from web.cache.memory import MemoryShelf
from web.cache.query_cache import MOST_REMEMBERED, QueryCache
from web.cache.shelf import ShelfSize


class Kitchen:
    """Computes an answer in a second, and counts."""

    def __init__(self, error: Exception | None = None):
        self.made = 0
        self.error = error

    async def make(self) -> bytes:
        self.made += 1
        await trio.sleep(1)
        if self.error is not None:
            raise self.error
        return b'{"made":%d}' % self.made


class NoShelf:
    """Cannot be reached."""

    name = "redis"

    async def find(self, key: str) -> Entry | None:
        raise RedisAwayError("gone")

    async def put(self, key: str, entry: Entry) -> None:
        raise RedisAwayError("gone")

    async def clear(self) -> int:
        raise RedisAwayError("gone")

    def size(self) -> ShelfSize:
        return ShelfSize(entries=None, size_bytes=None, limit_bytes=None, evictions=None)


async def answer(cache, key, revision, make):
    """As it is asked: the kept answer, or else one that is made."""
    kept = await cache.find(key, revision)
    return (await cache.made(key, revision, make), False) if kept is None else (kept, True)


@pytest.fixture
def cache():
    return QueryCache(MemoryShelf(limit_bytes=1_000_000))


async def test_the_second_is_answered_from_the_shelf(cache, autojump_clock):
    kitchen = Kitchen()
    first, was_kept = await answer(cache, "q", "r", kitchen.make)
    second, is_kept = await answer(cache, "q", "r", kitchen.make)

    assert (was_kept, is_kept, kitchen.made) == (False, True, 1)
    assert second == first


async def test_another_revision_is_another_answer(cache, autojump_clock):
    kitchen = Kitchen()
    await answer(cache, "q", "r", kitchen.make)
    second, is_kept = await answer(cache, "q", "s", kitchen.make)

    assert not is_kept
    assert second.body == b'{"made":2}'


async def test_a_herd_computes_once(cache, autojump_clock):
    kitchen = Kitchen()
    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(answer, cache, "q", "r", kitchen.make)

    assert kitchen.made == 1
    assert cache.statistics().joined == 99


async def test_a_herd_of_two_revisions_computes_twice(cache, autojump_clock):
    kitchen = Kitchen()
    answers = []

    async def ask(revision):
        entry, _ = await answer(cache, "q", revision, kitchen.make)
        answers.append((revision, entry.revision))

    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(ask, "rs"[number % 2])

    assert kitchen.made == 2
    assert all(wanted == got for wanted, got in answers)


async def test_who_is_cancelled_hands_over(cache, autojump_clock):
    kitchen = Kitchen()
    got = []

    async def ask(scope):
        with scope:
            got.append(await answer(cache, "q", "r", kitchen.make))

    async with trio.open_nursery() as nursery:
        scopes = [trio.CancelScope() for _ in range(10)]
        for scope in scopes:
            nursery.start_soon(ask, scope)
        await trio.sleep(0.5)
        for scope in scopes[::2]:
            scope.cancel()

    assert len(got) == 5
    assert kitchen.made <= 6
    assert len({entry.body for entry, _ in got}) == 1


async def test_an_error_is_everybodys_and_nothing_is_kept(cache, autojump_clock):
    kitchen = Kitchen(ValueError("no"))
    errors = []

    async def ask():
        with pytest.raises(ValueError, match="no") as caught:
            await answer(cache, "q", "r", kitchen.make)
        errors.append(caught)

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(ask)

    assert (len(errors), kitchen.made) == (10, 1)
    kitchen.error = None
    assert (await answer(cache, "q", "r", kitchen.make))[0].body == b'{"made":2}'


async def test_a_shelf_that_is_away_costs_only_its_answers(autojump_clock):
    cache, kitchen = QueryCache(NoShelf()), Kitchen()
    for _ in range(2):
        assert not (await answer(cache, "q", "r", kitchen.make))[1]

    assert kitchen.made == 2
    assert await cache.clear() is None
    assert cache.statistics().troubles == 5


async def test_what_is_asked_most_comes_first(cache):
    def repeat():
        async def again():
            return True

        return again

    repeats = {name: repeat() for name in "abc"}
    for name in "abcbbc":
        cache.remember(name, repeats[name])

    assert cache.most_asked(2) == [repeats["b"], repeats["c"]]


async def test_no_more_than_some_are_remembered(cache):
    for number in range(2 * MOST_REMEMBERED):
        cache.remember(str(number), None)
    assert len(cache.most_asked(10 * MOST_REMEMBERED)) == MOST_REMEMBERED


async def test_figures_say_the_share_of_hits(cache, autojump_clock):
    assert figures(cache.statistics()).hit_rate == 0.0
    for _ in range(4):
        await answer(cache, "q", "r", Kitchen().make)
    assert figures(cache.statistics()).hit_rate == 0.75
