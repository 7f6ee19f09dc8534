"""A real PostgreSQL for the tests: the embedded server, started once when a test first asks for it."""

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from actors.config import Config
from actors.store.bridge import open_bridge
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer
from actors.store.pool import open_pool
from actors.store.store import Store, bring_up_to_date, open_store

TEMPLATE = "rookery_template"
QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_connections": "60"}
"""Tests keep nothing, so nothing is forced to the disk."""
START_LIMIT_S = 60


def other_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    before, _, after = url.partition("/postgres?")
    return f"{before}/{name}?{after}"


@contextmanager
def _short_folder() -> Iterator[Path]:
    """A folder for a server: below /tmp, because pytest's own folders are closed to the user that root runs it as."""
    path = Path(tempfile.mkdtemp(prefix="rookery-test-", dir="/tmp"))
    if os.geteuid() == 0:
        path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty data folder in which an embedded server can be started."""
    with _short_folder() as path:
        yield path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running server for the whole session, with an up-to-date template; it runs in a Trio loop of its own."""
    accepting = threading.Event()
    stops: list[tuple[trio.lowlevel.TrioToken, trio.CancelScope]] = []
    errors: list[BaseException] = []

    async def serve(server: EmbeddedServer) -> None:
        async def make_template() -> None:
            async with open_bridge() as bridge, open_pool(bridge, server.url, connections=1, limit_s=30) as pool:
                await pool.read(lambda connection: connection.execute(f"CREATE DATABASE {TEMPLATE}"))
                await bring_up_to_date(bridge, other_database(server.url, TEMPLATE))
            accepting.set()

        with trio.CancelScope() as scope:
            stops.append((trio.lowlevel.current_trio_token(), scope))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(server.serve, lambda: nursery.start_soon(make_template))

    def run(server: EmbeddedServer) -> None:
        try:
            trio.run(serve, server)
        except BaseException as error:  # noqa: BLE001  # told to the waiting fixture
            errors.append(error)
            accepting.set()

    with _short_folder() as path, hold_data_folder(path) as folder:
        server = EmbeddedServer.on(folder, settings=QUICK)
        thread = threading.Thread(target=run, args=(server,), name="tests-postgres")
        thread.start()
        try:
            assert accepting.wait(START_LIMIT_S)
            if errors:
                raise errors[0]
            yield server.url
        finally:
            token, scope = stops[0]
            if thread.is_alive():
                token.run_sync_soon(scope.cancel)
            thread.join(START_LIMIT_S)


def _fresh_database(url: str) -> str:
    """A new database, already at the newest schema."""
    name = f"test_{secrets.token_hex(6)}"

    async def create() -> None:
        async with open_bridge() as bridge, open_pool(bridge, url, connections=1, limit_s=30) as pool:
            await pool.read(lambda connection: connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))

    # A thread, because a test's own Trio loop may be running around this fixture.
    thread = threading.Thread(target=trio.run, args=(create,))
    thread.start()
    thread.join()
    return other_database(url, name)


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> str:
    """A database of the module's own, empty at its first test, at the newest schema."""
    return _fresh_database(postgres_url)


@pytest.fixture
def fresh_database_url(postgres_url: str) -> str:
    """A database of the test's own, empty, at the newest schema."""
    return _fresh_database(postgres_url)


@pytest.fixture
def store_config(tmp_path: Path) -> Config:
    """Small limits, so that nothing waits long."""
    return Config(data_dir=tmp_path / "data", database_connections=4, query_limit_s=20)


@pytest.fixture
async def store(database_url: str, store_config: Config) -> AsyncIterator[Store]:
    """The module's catalogue, opened."""
    async with open_store(store_config, url=database_url) as opened:
        yield opened


@pytest.fixture
async def fresh_store(fresh_database_url: str, store_config: Config) -> AsyncIterator[Store]:
    """An empty catalogue of the test's own, opened."""
    async with open_store(store_config, url=fresh_database_url) as opened:
        yield opened
