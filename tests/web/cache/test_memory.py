"""Answers kept in memory; what every shelf keeps is tested in tests/contracts."""

from datetime import UTC, datetime

import pytest

from web.cache.entry import entry_of
from web.cache.memory import MemoryShelf


def entry(size_bytes: int = 0):
    return entry_of(b"x" * size_bytes, revision="r", made_at=datetime.now(UTC))


async def test_who_was_not_asked_for_makes_room():
    shelf = MemoryShelf(limit_bytes=10 * entry().size_bytes)
    for number in range(10):
        await shelf.put(str(number), entry())
    await shelf.find("0")

    await shelf.put("new", entry())

    assert await shelf.find("1") is None
    assert await shelf.find("0") is not None
    assert shelf.size().evictions == 1


@pytest.mark.parametrize("limit_bytes", [0, 10_000])
async def test_what_is_too_large_is_not_kept_and_pushes_nothing_out(limit_bytes):
    shelf = MemoryShelf(limit_bytes=limit_bytes)
    await shelf.put("small", entry())
    before = shelf.size()

    await shelf.put("large", entry(5_000))

    assert await shelf.find("large") is None
    assert shelf.size() == before


async def test_it_never_holds_more_than_its_limit():
    shelf = MemoryShelf(limit_bytes=20_000)
    for number in range(1_000):
        await shelf.put(str(number % 70), entry(number * 7 % 2_000))
        size = shelf.size()
        assert size.size_bytes <= 20_000
    assert size.size_bytes == sum(
        [(await shelf.find(str(n))).size_bytes for n in range(70) if await shelf.find(str(n))]
    )
