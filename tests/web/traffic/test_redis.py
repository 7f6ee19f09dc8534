"""Backlogs in Redis; what every kind of bucket keeps is tested in tests/contracts."""

import pytest

from actors.redis import Redis
from web.traffic.gcra import Quota
from web.traffic.redis import PREFIX, RedisBuckets

pytestmark = pytest.mark.redis
TWO = Quota(name="two", limit=2, window_s=60.0)


async def test_two_processes_share_one_quota(redis_server, nursery):
    both = []
    for _ in range(2):
        redis = Redis(redis_server.url)
        await nursery.start(redis.serve)
        both.append(RedisBuckets(redis))

    passed = [(await both[number % 2].take("a", TWO)).is_allowed for number in range(4)]

    assert passed == [True, True, False, False]
    assert 0 < await redis.ask(lambda client: client.pttl(PREFIX + "a")) <= 60_000


async def test_without_redis_each_counts_for_itself(redis_server, nursery):
    redis = Redis(redis_server.url)
    await nursery.start(redis.serve)
    buckets = RedisBuckets(redis)
    assert (await buckets.take("a", TWO)).is_allowed
    redis_server.kill()

    assert [(await buckets.take("a", TWO)).is_allowed for _ in range(3)] == [True, True, False]


async def test_where_another_program_keeps_a_list_each_counts_for_itself(redis_server, nursery):
    redis = Redis(redis_server.url)
    await nursery.start(redis.serve)
    buckets = RedisBuckets(redis)
    await redis.ask(lambda client: client.rpush(PREFIX + "a", [b"x"]))

    assert [(await buckets.take("a", TWO)).is_allowed for _ in range(3)] == [True, True, False]


async def test_where_redis_is_full_each_counts_for_itself(redis_server, nursery):
    redis = Redis(redis_server.url)
    await nursery.start(redis.serve)
    buckets = RedisBuckets(redis)
    await redis.ask(lambda client: client.config_set({"maxmemory": 1}))
    try:
        assert [(await buckets.take("a", TWO)).is_allowed for _ in range(3)] == [True, True, False]
        assert not redis.is_up
        assert "maxmemory" in (redis.last_error or "")
    finally:
        redis_server.kill()
