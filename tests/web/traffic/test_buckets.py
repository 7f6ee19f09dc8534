"""Backlogs in memory; what every kind keeps is tested in tests/contracts."""

from web.traffic.buckets import MemoryBuckets
from web.traffic.gcra import Quota

TWO = Quota(name="two", limit=2, window_s=60.0)


async def test_a_flood_of_addresses_takes_no_more_room(autojump_clock):
    buckets = MemoryBuckets(most=100)
    for number in range(10_000):
        await buckets.take(str(number), TWO)
        assert len(buckets) <= 100


async def test_who_is_still_asking_is_not_forgotten_in_a_flood(autojump_clock):
    buckets = MemoryBuckets(most=100)
    passed = 0
    for number in range(1_000):
        await buckets.take(str(number), TWO)
        passed += (await buckets.take("busy", TWO)).is_allowed
    assert passed == 2


async def test_what_is_over_is_forgotten(mock_clock):
    buckets = MemoryBuckets()
    for number in range(100):
        await buckets.take(str(number), TWO)
    mock_clock.jump(61)
    for _ in range(60):
        await buckets.take("one", TWO)
    assert len(buckets) <= 2
