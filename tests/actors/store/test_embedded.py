"""The embedded server, with real faults: kills, restarts, other owners."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import trio
from watchfiles import awatch

from actors.config import Config
from actors.errors import ConfigurationError, DatabaseAwayError, DatabaseError, DataFolderBusyError
from actors.model.event import NewEvent
from actors.store.bridge import open_bridge
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer, embedded
from actors.store.events import append
from actors.store.leftover import end_servers, servers_of
from actors.store.pool import open_pool
from actors.store.store import open_store

QUICK = {"fsync": "off", "shared_buffers": "16MB"}
SERVE = """
import sys
from pathlib import Path
import structlog, trio
from actors.store.embedded import embedded
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
async def main():
    async with embedded(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
        print(server.pid, server.guard_pid, flush=True)
        await trio.sleep_forever()
trio.run(main)
"""


async def answers(url: str) -> bool:
    async with open_bridge() as bridge, open_pool(bridge, url, connections=1, limit_s=10) as pool:
        return bool(await pool.read(lambda connection: connection.fetchval("SELECT true")))


async def test_it_serves_on_a_private_socket_and_stops_cleanly(cluster_folder: Path):
    async with embedded(cluster_folder, settings=QUICK) as server:
        assert await answers(server.url)
        assert server.where.sockets.stat().st_mode & 0o777 == 0o700
        async with open_bridge() as bridge, open_pool(bridge, server.url, connections=1, limit_s=10) as pool:
            listens = await pool.read(lambda connection: connection.fetchval("SHOW listen_addresses"))
        assert listens == ""
        assert _tcp_listeners(servers_of(server.where.cluster)) == 0
    assert servers_of(server.where.cluster) == []
    assert not (server.where.cluster / "postmaster.pid").exists()


def _tcp_listeners(pids: list[int]) -> int:
    """How many TCP sockets some processes listen on, by /proc."""
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A":
                listening.add(f"socket:[{words[9]}]")
    count = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for handle in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    count += os.readlink(handle.path) in listening
    return count


async def test_what_was_written_is_there_at_the_next_start(cluster_folder: Path, store_config: Config):
    for count in (1, 2):
        async with (
            embedded(cluster_folder, settings=QUICK) as server,
            open_store(store_config, url=server.url) as store,
        ):
            await store.roots.add(f"/music/{count}".encode())
            assert len(await store.roots.list_()) == count


async def test_a_second_rookery_on_the_folder_is_told_the_first(server_folder: Path):
    with hold_data_folder(server_folder), pytest.raises(DataFolderBusyError, match=str(os.getpid())):
        async with embedded(server_folder):
            pass


@contextlib.asynccontextmanager
async def other_rookery(folder: Path) -> AsyncIterator[trio.abc.ReceiveStream]:
    """Another process that serves on the folder, and what it prints; it is killed at the end."""
    process = await trio.lowlevel.open_process([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    async with process.stdout:
        try:
            yield process.stdout
        finally:
            process.kill()
            await process.wait()


def found(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


async def server_and_guard(rookery: trio.abc.ReceiveStream) -> tuple[int, int]:
    """Their process ids, once the server accepts connections."""
    line = b""
    while not line.endswith(b"\n"):
        line += await rookery.receive_some()
    server, guard = map(int, line.split())
    return server, guard


async def appears(folder: Path, pattern: str) -> None:
    """Return when the folder holds a path like this."""
    async with contextlib.aclosing(
        awatch(folder, watch_filter=None, step=1, debounce=5, rust_timeout=50, yield_on_timeout=True)
    ) as looks:
        async for _ in looks:
            if found(folder, pattern):
                break


async def test_a_server_left_by_a_killed_rookery_is_taken_over(cluster_folder: Path):
    async with other_rookery(cluster_folder) as rookery:
        left, guard = await server_and_guard(rookery)
        os.kill(guard, signal.SIGKILL)
    assert left in servers_of(cluster_folder / "postgres")
    async with embedded(cluster_folder, settings=QUICK) as server:
        assert server.pid != left
        assert left not in servers_of(server.where.cluster)
        assert await answers(server.url)


async def test_a_killed_rookery_leaves_no_server_behind(cluster_folder: Path):
    async with other_rookery(cluster_folder) as rookery:
        left, guard = await server_and_guard(rookery)
        handles = [os.pidfd_open(left), os.pidfd_open(guard)]
    for handle in handles:
        await trio.lowlevel.wait_readable(handle)
        os.close(handle)
    assert not (cluster_folder / "postgres" / "postmaster.pid").exists()


async def test_a_rookery_killed_while_it_makes_its_database_is_repaired_by_the_next(server_folder: Path):
    async with other_rookery(server_folder):
        await appears(server_folder, "postgres.unfinished-*/base")
    assert not (server_folder / "postgres").exists()
    async with embedded(server_folder, settings=QUICK) as server:
        assert await answers(server.url)
    assert not found(server_folder, "postgres.unfinished-*")


@contextlib.asynccontextmanager
async def kept(server: EmbeddedServer) -> AsyncIterator["trio.MemoryReceiveChannel[int]"]:
    """The server, started again whenever it ends, as its supervisor does; gives what tells each start."""
    starts: list[int] = []
    send, receive = trio.open_memory_channel[int](10)

    def ready() -> None:
        assert server.pid is not None
        starts.append(server.pid)
        send.send_nowait(server.pid)

    async def keep() -> None:
        while True:
            with contextlib.suppress(DatabaseAwayError):
                await server.serve(ready)

    with send, receive:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep)
            await receive.receive()
            yield receive
            nursery.cancel_scope.cancel()


async def test_a_server_that_dies_says_so_and_can_be_started_again(cluster_folder: Path):
    with hold_data_folder(cluster_folder) as folder:
        server = EmbeddedServer.on(folder, settings=QUICK)

        def kill() -> None:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)

        with pytest.raises(DatabaseAwayError, match=r"ended by signal 9: .*ready to accept"):
            await server.serve(kill)
        async with kept(server):
            assert await answers(server.url)


async def test_the_store_outlives_a_killed_server_and_every_write_counts_once(
    cluster_folder: Path, store_config: Config
):
    """Writers go on through two kills of the server; each number is written once, no event is lost or doubled."""
    writers, each = 4, 30
    with hold_data_folder(cluster_folder) as folder:
        server = EmbeddedServer.on(folder, settings={"shared_buffers": "16MB"})
        async with kept(server) as starts, open_store(store_config, url=server.url) as store:
            await store.pool.write(lambda connection: connection.execute("CREATE TABLE written (id int)"))
            written = []

            async def add(connection: asyncpg.Connection, number: int) -> int:
                await connection.execute("INSERT INTO written VALUES ($1)", number)
                return await append(connection, [NewEvent(type="TRACK_ADDED", payload={"number": number})])

            async def writer(first: int) -> None:
                for number in range(first, writers * each, writers):
                    await store.pool.write(lambda connection, number=number: add(connection, number))
                    written.append(number)
                    if len(written) in {writers * each // 3, writers * each * 2 // 3}:
                        assert server.pid is not None
                        os.kill(server.pid, signal.SIGKILL)
                        await starts.receive()

            async with trio.open_nursery() as nursery:
                for first in range(writers):
                    nursery.start_soon(writer, first)

            rows = await store.pool.read(lambda connection: connection.fetch("SELECT id FROM written"))
            events = await store.events.after(0, 1000)
    assert sorted(row["id"] for row in rows) == list(range(writers * each))
    assert [event.seq for event in events] == list(range(1, writers * each + 1))
    assert sorted(event.payload["number"] for event in events) == list(range(writers * each))


async def test_a_listener_outlives_a_killed_server(cluster_folder: Path, store_config: Config):
    with hold_data_folder(cluster_folder) as folder:
        server = EmbeddedServer.on(folder, settings=QUICK)
        async with (
            kept(server) as starts,
            open_store(store_config, url=server.url) as store,
            store.events.listen() as listening,
        ):
            await listening.take()
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await starts.receive()
            await listening.take()
            assert listening.connections >= 2
            await store.pool.write(lambda connection: append(connection, [NewEvent(type="TRACK_ADDED", payload={})]))
            await listening.take()
            assert len(await store.events.after(0, 10)) == 1


async def test_the_store_closes_although_the_server_no_longer_answers(
    cluster_folder: Path, store_config: Config, monkeypatch: pytest.MonkeyPatch
):
    """Frozen, the server neither answers nor breaks a connection."""
    monkeypatch.setattr("actors.store.bridge.CANCEL_LIMIT_S", 0.2)
    monkeypatch.setattr("actors.store.pool.CLOSE_LIMIT_S", 0.2)
    async with embedded(cluster_folder, settings=QUICK) as server:
        began = trio.Event()
        token = trio.lowlevel.current_trio_token()
        try:
            async with open_store(store_config, url=server.url) as store, store.events.listen() as listening:
                await listening.take()

                async def ask(connection: asyncpg.Connection) -> None:
                    token.run_sync_soon(began.set)
                    await connection.execute("SELECT pg_sleep(600)")

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(store.pool.read, ask)
                    await began.wait()
                    frozen = servers_of(server.where.cluster)
                    for pid in frozen:
                        os.kill(pid, signal.SIGSTOP)
                    nursery.cancel_scope.cancel()
        finally:
            for pid in servers_of(server.where.cluster):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


async def test_the_store_closes_although_the_server_is_gone(cluster_folder: Path, store_config: Config):
    with hold_data_folder(cluster_folder) as folder:
        server = EmbeddedServer.on(folder, settings=QUICK)
        async with trio.open_nursery() as nursery:
            accepting = trio.Event()
            nursery.start_soon(server.serve, accepting.set)
            await accepting.wait()
            async with open_store(store_config, url=server.url) as store, store.events.listen():
                await store.roots.list_()
                nursery.cancel_scope.cancel()
                with trio.CancelScope(shield=True):
                    await end_servers(server.where.cluster)


async def test_a_very_long_data_folder_works(server_folder: Path):
    deep = server_folder / ("d" * 120) / ("e" * 120)
    async with embedded(deep, settings=QUICK) as server:
        assert await answers(server.url)


@pytest.mark.parametrize("name", [b"m\xfcsic, 100% new\nline"])
async def test_a_data_folder_of_an_odd_name_works(server_folder: Path, name: bytes):
    async with embedded(server_folder / os.fsdecode(name), settings=QUICK) as server:
        assert await answers(server.url)
    assert not server.where.sockets.exists()


async def test_variables_for_other_servers_do_not_matter(cluster_folder: Path, monkeypatch: pytest.MonkeyPatch):
    others = {"PORT": "1", "HOST": "nowhere", "DATABASE": "x", "SSLMODE": "verify-full", "DATA": "/x", "USER": "x"}
    for name, value in others.items():
        monkeypatch.setenv(f"PG{name}", value)
    async with embedded(cluster_folder, settings=QUICK) as server:
        assert await answers(server.url)


async def test_a_server_that_stays_away_is_given_up(cluster_folder: Path):
    async with open_bridge() as bridge:
        async with embedded(cluster_folder, settings=QUICK) as server:
            url = server.url
        async with open_pool(bridge, url, connections=1, limit_s=5, patience_s=0.1) as pool:
            with pytest.raises(DatabaseAwayError, match="is away"):
                await pool.read(lambda connection: connection.fetchval("SELECT 1"))
            with pytest.raises(DatabaseAwayError, match="is away"):
                await pool.write(lambda connection: connection.fetchval("SELECT 1"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a shelter")
async def test_root_with_a_closed_data_folder_works_and_opens_nothing_above_it(tmp_path: Path, server_folder: Path):
    closed = tmp_path / "closed" / "data"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    before = [folder.stat().st_mode for folder in (closed, *closed.parents)]
    with hold_data_folder(closed) as folder:
        server = EmbeddedServer.on(folder, shelter=server_folder, settings=QUICK)
        async with kept(server):
            assert await answers(server.url)
            assert server.where.home.parent == server_folder
            owners = {os.stat(f"/proc/{pid}").st_uid for pid in servers_of(server.where.cluster)}
            assert 0 not in owners
            with pytest.raises(DataFolderBusyError), hold_data_folder(server.where.home):
                pass
    assert [folder.stat().st_mode for folder in (closed, *closed.parents)] == before


async def test_a_server_that_cannot_start_says_why(cluster_folder: Path):
    with hold_data_folder(cluster_folder) as folder:
        server = EmbeddedServer.on(folder, settings={"shared_buffers": "plenty"})
        with pytest.raises(DatabaseError, match="shared_buffers"):
            await server.serve(lambda: None)


async def test_a_cluster_that_is_none_is_told_and_left(server_folder: Path):
    (server_folder / "postgres").mkdir()
    if os.geteuid() == 0:
        os.chown(server_folder / "postgres", 65534, 65534)
    with hold_data_folder(server_folder) as folder, pytest.raises(ConfigurationError, match="is no database"):
        await EmbeddedServer.on(folder).serve(lambda: None)
