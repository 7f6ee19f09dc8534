"""Answers in Redis; what every shelf keeps is tested in tests/contracts."""

from datetime import UTC, datetime

import pytest
import trio

from actors.redis import Redis
from web.cache.entry import entry_of
from web.cache.redis import LARGEST_BYTES, PREFIX, RedisShelf

pytestmark = pytest.mark.redis
ENTRY = entry_of(b"{}", revision="r", made_at=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
async def redis(redis_server, nursery):
    redis = Redis(redis_server.url, limit_s=5.0)  # a hundred calls at once, on a busy machine
    await nursery.start(redis.serve)
    return redis


async def test_what_is_kept_ends_by_itself(redis):
    await RedisShelf(redis).put("a", ENTRY)
    assert 0 < await redis.ask(lambda client: client.ttl(PREFIX + "a")) <= 600


async def test_what_another_program_wrote_is_nothing(redis):
    await redis.ask(lambda client: client.set(PREFIX + "a", b"\xc1 rubbish"))
    assert await RedisShelf(redis).find("a") is None


async def test_what_is_too_large_is_not_sent(redis):
    shelf = RedisShelf(redis)
    await shelf.put("a", entry_of(b"x" * int(LARGEST_BYTES), revision="r", made_at=ENTRY.made_at))
    assert await shelf.find("a") is None


async def test_clearing_leaves_what_is_not_ours(redis):
    shelf = RedisShelf(redis)
    await redis.ask(lambda client: client.set("another", b"1"))
    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(shelf.put, str(number), ENTRY)
    assert await shelf.clear() == 100
    assert await redis.ask(lambda client: client.get("another")) == b"1"
