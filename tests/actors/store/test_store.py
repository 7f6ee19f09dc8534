"""Opening and closing the catalogue."""

import asyncio
import contextlib
import threading
from datetime import UTC, datetime

import asyncpg
import pytest
import trio

from actors.config import Config
from actors.errors import DatabaseAwayError
from actors.model.player import Outcome
from actors.store.store import Store, open_store

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def test_a_new_catalogue_is_empty(fresh_store: Store):
    assert await fresh_store.tracks.count() == 0
    assert await fresh_store.events.bounds() == (1, 0)
    assert await fresh_store.features.claim() is None
    assert await fresh_store.roots.list_() == []
    assert (await fresh_store.tracks.list_(page=1)).total == 0


async def test_what_one_store_writes_another_reads(database_url: str, store_config: Config):
    async with open_store(store_config, url=database_url) as one, open_store(store_config, url=database_url) as two:
        root = await one.roots.add(b"/music")
        assert await two.roots.find(root.id) == root


async def test_closing_leaves_no_thread_and_no_connection(store: Store, database_url: str, store_config: Config):
    threads = threading.active_count()
    for how in ("normally", "by an error", "by cancellation"):
        with trio.CancelScope() as scope, contextlib.suppress(LookupError):
            async with open_store(store_config, url=database_url) as opened, opened.events.listen() as listening:
                await listening.take()
                async with trio.open_nursery() as nursery:
                    for _ in range(8):
                        nursery.start_soon(opened.roots.list_)
                if how == "by an error":
                    raise LookupError
                if how == "by cancellation":
                    scope.cancel()
        assert threading.active_count() <= threads + 1  # Trio keeps an idle worker thread for a while
        while await store.pool.read(lambda connection: connection.fetchval(OTHERS)) > store.pool.statistics().open - 1:
            await trio.lowlevel.checkpoint()


async def test_closing_does_not_wait_for_long_queries(database_url: str, store_config: Config):
    began = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def wait(connection: asyncpg.Connection) -> None:
        token.run_sync_soon(began.set)
        await asyncio.Event().wait()

    async def ask(store: Store) -> None:
        with pytest.raises(DatabaseAwayError, match="closed"):
            await store.pool.read(wait)

    async with trio.open_nursery() as nursery, open_store(store_config, url=database_url) as store:
        nursery.start_soon(ask, store)
        await began.wait()


async def test_a_store_that_is_closed_is_away_for_whoever_still_has_it(database_url: str, store_config: Config):
    async with open_store(store_config, url=database_url) as store:
        pass

    with pytest.raises(DatabaseAwayError, match="closed"):
        await store.users.standing()
    with pytest.raises(DatabaseAwayError, match="closed"):
        await store.player_queues.change("ada", lambda deck, _: Outcome(deck=deck), now=datetime.now(UTC))


async def test_no_more_connections_are_opened_than_configured(store: Store, store_config: Config):
    async def look(connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT pg_sleep(0.001)")

    async with trio.open_nursery() as nursery:
        for _ in range(40):
            nursery.start_soon(store.pool.read, look)
    found = store.pool.statistics()
    assert found.open == found.most == store_config.database_connections
    assert found.idle == found.open
