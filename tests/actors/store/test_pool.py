"""Reads and writes over shared connections, and what they survive."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
import trio

from actors.errors import DatabaseAwayError, DatabaseError
from actors.store.bridge import open_bridge
from actors.store.pool import Pool, open_pool
from actors.store.store import Store

SLEEP = "DO $$ BEGIN RAISE NOTICE 'asleep'; PERFORM pg_sleep(600); END $$"
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"


@asynccontextmanager
async def asleep(connection: asyncpg.Connection, tell: Callable[[], None]) -> AsyncIterator[None]:
    """Tells when `SLEEP` has really begun in the server."""

    def heard(*_: object) -> None:
        tell()

    connection.add_log_listener(heard)
    try:
        yield
    finally:
        connection.remove_log_listener(heard)


@pytest.fixture
async def pool(store: Store) -> Pool:
    await store.pool.write(lambda connection: connection.execute("CREATE TABLE IF NOT EXISTS noted (id int)"))
    await store.pool.write(lambda connection: connection.execute("TRUNCATE noted"))
    return store.pool


async def noted(pool: Pool) -> list[int]:
    rows = await pool.read(lambda connection: connection.fetch("SELECT id FROM noted ORDER BY id"))
    return [row["id"] for row in rows]


async def test_a_write_is_one_transaction(pool: Pool):
    async def add_and_fail(connection: asyncpg.Connection) -> None:
        await connection.execute("INSERT INTO noted VALUES (1)")
        raise LookupError("the function's own")

    with pytest.raises(LookupError, match="own"):
        await pool.write(add_and_fail)
    assert await noted(pool) == []

    assert await pool.write(lambda connection: connection.fetchval("INSERT INTO noted VALUES (2) RETURNING id")) == 2
    assert await noted(pool) == [2]


async def test_no_error_of_the_driver_comes_out(pool: Pool):
    for sql in ("SELECT no_such_column", "SELECT 1/0", "no sql"):
        with pytest.raises(DatabaseError, match="refused a statement"):
            await pool.read(lambda connection, sql=sql: connection.execute(sql))
    with pytest.raises(DatabaseError, match="expects 1 argument"):
        await pool.read(lambda connection: connection.fetchval("SELECT $1::int"))
    assert pool.statistics().retries == 0


async def test_cancelling_ends_the_query_in_the_server_and_keeps_the_connection(fresh_database_url: str):
    """One connection only: its process must survive and answer again."""
    async with open_bridge() as bridge, open_pool(bridge, fresh_database_url, connections=1, limit_s=60) as pool:
        backend = await pool.read(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
        began = trio.Event()
        token = trio.lowlevel.current_trio_token()

        async def sleep(connection: asyncpg.Connection) -> None:
            async with asleep(connection, lambda: token.run_sync_soon(began.set)):
                await connection.execute(SLEEP)

        for call in (pool.read, pool.write):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call, sleep)
                await began.wait()
                nursery.cancel_scope.cancel()
            began = trio.Event()
            assert await pool.read(lambda connection: connection.fetchval(ASLEEP)) == 0
            assert await pool.read(lambda connection: connection.fetchval("SELECT pg_backend_pid()")) == backend


async def test_a_connection_that_does_not_come_to_rest_is_given_up(fresh_database_url: str, pool: Pool):
    """The server's process is frozen, as if the cancellation had been lost; the pool goes on with another connection."""
    async with open_bridge() as bridge, open_pool(bridge, fresh_database_url, connections=1, limit_s=60) as small:
        for call in (small.read, small.write):
            backend: list[int] = []
            began = trio.Event()
            token = trio.lowlevel.current_trio_token()

            async def sleep(connection: asyncpg.Connection, backend=backend, began=began, token=token) -> None:
                backend.append(connection.get_server_pid())
                async with asleep(connection, lambda: token.run_sync_soon(began.set)):
                    await connection.execute(SLEEP)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(call, sleep)
                await began.wait()
                os.kill(backend[0], signal.SIGSTOP)
                nursery.cancel_scope.cancel()
            try:
                other = await small.read(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
            finally:
                os.kill(backend[0], signal.SIGCONT)
            assert other != backend[0]


async def test_cancelling_at_any_moment_leaves_all_or_nothing_and_a_healthy_pool(
    pool: Pool, caplog: pytest.LogCaptureFixture
):
    """Each writer is cancelled a few scheduler steps later than the one before."""

    async def add(connection: asyncpg.Connection, number: int) -> None:
        await connection.execute("INSERT INTO noted VALUES ($1)", number)
        await connection.execute("INSERT INTO noted VALUES ($1)", number)

    for number in range(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.write, lambda connection, number=number: add(connection, number))
            for _ in range(number):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    found = await noted(pool)
    assert all(found.count(number) == 2 for number in found)
    assert await pool.write(lambda connection: connection.fetchval("SELECT 1")) == 1
    assert pool.statistics().open <= pool.statistics().most
    assert "active transaction" not in caplog.text


async def test_a_statement_that_takes_too_long_is_ended(fresh_database_url: str):
    async with open_bridge() as bridge, open_pool(bridge, fresh_database_url, connections=1, limit_s=0.1) as pool:
        with pytest.raises(DatabaseError, match="longer than") as caught:
            await pool.read(lambda connection: connection.execute("SELECT pg_sleep(600)"))
        assert not isinstance(caught.value, DatabaseAwayError)
        assert await pool.read(lambda connection: connection.fetchval("SELECT 1")) == 1


async def test_waiting_for_a_free_connection_is_bounded(fresh_database_url: str):
    async with (
        open_bridge() as bridge,
        open_pool(bridge, fresh_database_url, connections=1, limit_s=0.2, patience_s=0) as pool,
    ):
        held = trio.Event()
        token = trio.lowlevel.current_trio_token()

        async def hold(connection: asyncpg.Connection) -> None:
            token.run_sync_soon(held.set)
            await asyncio.Event().wait()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.read, hold)
            await held.wait()
            with pytest.raises(DatabaseAwayError, match="no answer in time"):
                await pool.read(lambda connection: connection.fetchval("SELECT 1"))
            nursery.cancel_scope.cancel()


async def test_a_deadlock_is_tried_again_until_both_writers_have_passed(pool: Pool):
    await pool.write(lambda connection: connection.execute("INSERT INTO noted VALUES (1), (2)"))
    met: list[asyncio.Barrier] = []

    async def make_barrier() -> None:
        met.append(asyncio.Barrier(2))

    await pool.bridge.run(make_barrier)
    tries = {1: 0, 2: 0}

    async def cross(connection: asyncpg.Connection, first: int, second: int) -> None:
        tries[first] += 1
        await connection.execute("UPDATE noted SET id = id WHERE id = $1", first)
        if tries[first] == 1:
            await met[0].wait()
        await connection.execute("UPDATE noted SET id = id WHERE id = $1", second)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.write, lambda connection: cross(connection, 1, 2))
        nursery.start_soon(pool.write, lambda connection: cross(connection, 2, 1))
    assert sum(tries.values()) >= 3
    assert pool.statistics().retries >= 1


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_conflict_undoes_the_try_and_the_next_one_counts(pool: Pool, code: str):
    tries = []

    async def add(connection: asyncpg.Connection) -> None:
        tries.append(connection)
        await connection.execute("INSERT INTO noted VALUES (9)")
        if len(tries) == 1:
            await connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '{code}'; END $$")

    await pool.write(add)
    assert len(tries) == 2
    assert await noted(pool) == [9]


async def test_a_conflict_that_never_ends_is_given_up(fresh_database_url: str):
    async with (
        open_bridge() as bridge,
        open_pool(bridge, fresh_database_url, connections=1, limit_s=5, patience_s=0.1) as pool,
    ):
        with pytest.raises(DatabaseAwayError, match="contended"):
            await pool.write(
                lambda connection: connection.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")
            )


async def test_a_write_whose_connection_breaks_is_done_again(pool: Pool):
    tries = []

    async def add(connection: asyncpg.Connection) -> str:
        tries.append(connection)
        await connection.execute("INSERT INTO noted VALUES (3)")
        if len(tries) == 1:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return "written"

    assert await pool.write(add) == "written"
    assert len(tries) == 2
    assert await noted(pool) == [3]


async def test_a_read_whose_connection_breaks_is_done_again(pool: Pool):
    tries = []

    async def look(connection: asyncpg.Connection) -> int:
        tries.append(connection)
        if len(tries) == 1:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return await connection.fetchval("SELECT 5")

    assert await pool.read(look) == 5


@asynccontextmanager
async def losing_commit(url: str, folder: Path) -> AsyncIterator[str]:
    """A way to the server that passes the first COMMIT on, swallows the answer and breaks the connection."""
    parts = urlsplit(url)
    commits: list[bytes] = []

    async def pump(source: trio.SocketStream, sink: trio.SocketStream, scope: trio.CancelScope) -> None:
        async for data in source:
            await sink.send_all(data)
            if b"COMMIT" in data and not commits:
                commits.append(data)
                await source.aclose()
                break
        scope.cancel()

    async def relay(client: trio.SocketStream) -> None:
        if parts.hostname is not None:
            server = await trio.open_tcp_stream(parts.hostname, parts.port or 5432)
        else:
            server = await trio.open_unix_socket(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432")
        async with server, client, trio.open_nursery() as nursery:
            nursery.start_soon(pump, client, server, nursery.cancel_scope)
            nursery.start_soon(back, server, client, nursery.cancel_scope)

    async def back(server: trio.SocketStream, client: trio.SocketStream, scope: trio.CancelScope) -> None:
        try:
            async for data in server:
                await client.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()

    listener = trio.socket.socket(trio.socket.AF_UNIX)
    await listener.bind(str(folder / ".s.PGSQL.5432"))
    listener.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, relay, [trio.SocketListener(listener)])
        yield parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@", query=f"host={folder}").geturl()
        nursery.cancel_scope.cancel()


async def test_a_pool_whose_connection_was_cut_ends_without_an_error(fresh_database_url: str):
    async def cut(connection: asyncpg.Connection) -> None:
        line = connection._transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(line.fileno())) as same:
            same.shutdown(socket.SHUT_WR)

    async with open_bridge() as bridge, open_pool(bridge, fresh_database_url, connections=1, limit_s=5) as pool:
        await pool.read(cut)


async def test_a_commit_whose_answer_is_lost_counts_once(fresh_database_url: str, server_folder: Path):
    tries = []

    async def add(connection: asyncpg.Connection) -> int:
        tries.append(connection)
        return await connection.fetchval("INSERT INTO root (id, path) VALUES ($1, $2) RETURNING 11", *("x", b"/x"))

    async with (
        losing_commit(fresh_database_url, server_folder) as url,
        open_bridge() as bridge,
        open_pool(bridge, url, connections=1, limit_s=5) as pool,
    ):
        assert await pool.write(add) == 11
        assert pool.statistics().retries == 1
        assert await pool.read(lambda connection: connection.fetchval("SELECT count(*) FROM root")) == 1
    assert len(tries) == 1


async def test_old_marks_are_cleaned_away(fresh_store: Store):
    await fresh_store.pool.read(
        lambda connection: connection.execute(
            "INSERT INTO mark (id, at) VALUES (gen_random_uuid(), now() - interval '1 day')"
        )
    )
    await fresh_store.pool.write(lambda connection: connection.execute("SELECT 1"))
    assert await fresh_store.pool.read(lambda connection: connection.fetchval("SELECT count(*) FROM mark")) == 1
