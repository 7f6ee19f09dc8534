"""What every kind of bucket keeps."""

import pytest
import trio

from actors.redis import Redis
from web.traffic.buckets import MemoryBuckets
from web.traffic.gcra import Quota
from web.traffic.redis import RedisBuckets

TWENTY = Quota(name="twenty", limit=20, window_s=600.0)
QUICK = Quota(name="quick", limit=5, window_s=2.5)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def buckets(request, nursery):
    if request.param == "memory":
        return MemoryBuckets()
    redis = Redis(request.getfixturevalue("redis_server").url, limit_s=5.0)
    await nursery.start(redis.serve)
    return RedisBuckets(redis)


async def test_many_at_once_get_exactly_the_quota(buckets):
    verdicts = []

    async def take():
        verdicts.append(await buckets.take("a", TWENTY))

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(take)

    assert sum(one.is_allowed for one in verdicts) == 20
    assert sorted(one.remaining for one in verdicts if one.is_allowed) == list(range(20))
    assert all(0 < one.retry_s <= 30 for one in verdicts if not one.is_allowed)


async def test_clients_do_not_disturb_each_other(buckets):
    for _ in range(25):
        await buckets.take("a", TWENTY)
    told = await buckets.take("b", TWENTY)
    assert (told.is_allowed, told.remaining) == (True, 19)


async def test_what_was_spent_comes_back(buckets):
    while (last := await buckets.take("a", QUICK)).is_allowed:
        pass
    await trio.sleep(last.retry_s + 0.05)
    assert (await buckets.take("a", QUICK)).is_allowed
