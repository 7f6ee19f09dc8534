"""Being told that something was logged."""

import pytest
import trio

from actors.config import Config
from actors.model.event import NewEvent
from actors.store import listening as listening_module
from actors.store.store import Store, open_store

EVENT = NewEvent(type="TRACK_ADDED", payload={})
HANG_UP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)


async def test_it_fires_at_the_start_and_at_each_event(fresh_store: Store):
    async with fresh_store.events.listen() as listening:
        await listening.take()
        for _ in range(3):
            await fresh_store.events.add(EVENT)
            await listening.take()


async def test_many_events_before_a_look_are_one_signal(fresh_store: Store):
    async with fresh_store.events.listen() as listening:
        await listening.take()
        for _ in range(20):
            await fresh_store.events.add(EVENT)
        await listening.take()
        assert len(await fresh_store.events.after(0, 100)) == 20


async def test_it_hears_other_programs(fresh_store: Store, fresh_database_url: str, store_config: Config):
    async with (
        open_store(store_config, url=fresh_database_url) as other,
        fresh_store.events.listen() as listening,
    ):
        await listening.take()
        await other.events.add(EVENT)
        await listening.take()


async def test_it_fires_after_a_lost_connection_because_something_may_have_been_missed(fresh_store: Store):
    async with fresh_store.events.listen() as listening:
        await listening.take()
        for times in (2, 3):
            assert await fresh_store.pool.read(lambda connection: connection.fetchval(HANG_UP)) is True
            await listening.take()
            assert listening.connections == times


async def test_a_follower_that_looks_after_each_signal_misses_nothing(fresh_store: Store):
    """Events are logged while the listening connection is broken again and again."""
    count = 60
    seen: list[int] = []

    async def write() -> None:
        for number in range(count):
            await fresh_store.events.add(EVENT)
            if number % 15 == 7:
                await fresh_store.pool.read(lambda connection: connection.fetchval(HANG_UP))

    async with fresh_store.events.listen() as listening, trio.open_nursery() as nursery:
        nursery.start_soon(write)
        while len(seen) < count:
            await listening.take()
            seen.extend(event.seq for event in await fresh_store.events.after(len(seen), 1000))
    assert seen == list(range(1, count + 1))


async def test_a_cancelled_take_keeps_the_signal(fresh_store: Store):
    async with fresh_store.events.listen() as listening:
        await listening.take()
        with trio.CancelScope() as scope:
            scope.cancel()
            await listening.take()
        await fresh_store.events.add(EVENT)
        await listening.take()


async def test_a_quiet_connection_is_asked_whether_it_lives(fresh_store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening_module, "HEARTBEAT_S", 0.01)
    async with fresh_store.events.listen() as listening:
        await listening.take()
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT 1'"
        while not await fresh_store.pool.read(lambda connection: connection.fetchval(asked)):
            await trio.lowlevel.checkpoint()
        assert listening.connections == 1


async def test_the_listening_connection_ends_with_the_block(fresh_store: Store):
    async with fresh_store.events.listen() as listening:
        await listening.take()
    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    while await fresh_store.pool.read(lambda connection: connection.fetchval(left)):
        await trio.lowlevel.checkpoint()


async def test_an_error_of_its_own_reaches_the_taker(fresh_store: Store, monkeypatch: pytest.MonkeyPatch):
    """A fault of the program is no lost connection: it is not tried again in silence."""

    def broken() -> None:
        raise LookupError("a fault")

    monkeypatch.setattr(fresh_store.pool.__class__, "own_connection", lambda self: broken())
    async with fresh_store.events.listen() as listening:
        with pytest.raises(LookupError, match="a fault"):
            await listening.take()
