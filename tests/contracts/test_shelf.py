"""What every shelf of the query cache keeps."""

from datetime import UTC, datetime

import pytest

from actors.redis import Redis
from web.cache.entry import entry_of
from web.cache.memory import MemoryShelf
from web.cache.redis import RedisShelf

NOW = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
ENTRY = entry_of(b'{"data":["\xc3\xa4",1],"cacheInfo":{}}', revision="r", made_at=NOW)
OTHER = entry_of(b'{"tracks":3}', revision="s", made_at=NOW)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def shelf(request, nursery):
    if request.param == "memory":
        return MemoryShelf(limit_bytes=1_000_000)
    redis = Redis(request.getfixturevalue("redis_server").url, limit_s=5.0)
    await nursery.start(redis.serve)
    return RedisShelf(redis)


async def test_what_was_put_is_found(shelf):
    assert await shelf.find("a") is None
    await shelf.put("a", ENTRY)
    await shelf.put("b", OTHER)

    assert await shelf.find("a") == ENTRY
    assert await shelf.find("b") == OTHER


async def test_the_later_takes_the_place(shelf):
    await shelf.put("a", ENTRY)
    await shelf.put("a", OTHER)

    assert await shelf.find("a") == OTHER


async def test_nothing_is_left_of_a_cleared_one(shelf):
    for number in range(30):
        await shelf.put(str(number), ENTRY)

    assert await shelf.clear() == 30
    assert await shelf.clear() == 0
    assert await shelf.find("3") is None
