"""A real PostgreSQL for the tests: the embedded server, started once when a test first asks for it."""

import logging
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import attrs
import pytest
import structlog
import trio
from hypothesis import HealthCheck, settings

from actors.config import Config
from actors.errors import DatabaseError
from actors.store.bridge import open_bridge
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer
from actors.store.pool import open_pool
from actors.store.store import Store, bring_up_to_date, open_store
from tests.urls import other_database

# A test is no measurement: how fast the machine is today decides nothing.
settings.register_profile("rookery", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rookery")

TEMPLATE = "rookery_template"
REDIS = shutil.which("redis-server")
CHROMIUM = shutil.which("chromium")
EXTERNAL = os.environ.get("ROOKERY_TEST_POSTGRES")
"""A server to be used in place of the embedded one, as `nox -s external` names it: a database of the role's own, which may create
others. They are left there, so let it be one to throw away."""
CREATE = f"CREATE DATABASE {{name}} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"
"""Whole files cost half of what the log does that the server would write otherwise, and nothing when it stops."""
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "deadlock_timeout": "10ms",
}
"""Tests keep nothing, so nothing is forced to the disk; and none waits a second for its deadlock."""
EMPTY = """
DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(relname, ', ') || ' RESTART IDENTITY' FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('migration', 'feed', 'person'));
END $$;
DELETE FROM person WHERE id <> 'local';
UPDATE feed SET newest = 0, revision = gen_random_uuid();
UPDATE person SET revision = gen_random_uuid()
"""
"""As the schema's migrations leave it."""
SCHEMA = """(
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
  SELECT attrelid::regclass || '.' || attname AS part FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT migration::text FROM migration) AS parts
)"""
MADE = "obj_description('public'::regnamespace)"
"""What `SCHEMA` was in the template, which notes it, and every copy of it."""
START_LIMIT_S = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--demand-redis` and `--demand-browser`, as `nox -s redis` and `nox -s browser` say them."""
    parser.addoption("--demand-redis", action="store_true", help="fail without the program redis-server")
    parser.addoption("--demand-browser", action="store_true", help="run the tests that need the program chromium")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of Redis where there is none, and those of a browser where nobody demands them."""
    left_out = [
        item
        for item in items
        if _lacks(config, item, "redis", REDIS, is_run=REDIS is not None)
        or _lacks(config, item, "browser", CHROMIUM, is_run=config.getoption("--demand-browser"))
    ]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def _lacks(config: pytest.Config, item: pytest.Item, marker: str, program: str | None, *, is_run: bool) -> bool:
    if item.get_closest_marker(marker) is None:
        return False
    if program is None and config.getoption(f"--demand-{marker}"):
        raise pytest.UsageError(f"A program for the tests marked {marker} is not on the PATH: redis-server, chromium.")
    return not is_run


def pytest_report_header() -> str:
    """Say whether Redis is tested, and on which PostgreSQL."""
    postgres = "the embedded one" if EXTERNAL is None else "the one that ROOKERY_TEST_POSTGRES names"
    return f"redis-server: {REDIS or 'not found, its tests are left out'}; PostgreSQL: {postgres}"


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


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A test whose program sets up the logs of this process leaves none of that to the next."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    if structlog.is_configured():
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty data folder in which an embedded server can be started."""
    with _short_folder() as path:
        yield path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A running server for the whole session, with an up-to-date template."""
    if EXTERNAL is None:
        with _embedded() as url:
            yield url
    else:
        _run(partial(_make_template, EXTERNAL))
        yield EXTERNAL


@contextmanager
def _embedded() -> Iterator[str]:
    """The embedded server, which runs in a Trio loop of its own."""
    accepting = threading.Event()
    stops: list[tuple[trio.lowlevel.TrioToken, trio.CancelScope]] = []
    errors: list[BaseException] = []

    async def serve(server: EmbeddedServer) -> None:
        async def begin() -> None:
            await _make_template(server.url)
            accepting.set()

        with trio.CancelScope() as scope:
            stops.append((trio.lowlevel.current_trio_token(), scope))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(server.serve, lambda: nursery.start_soon(begin))

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


async def _make_template(url: str) -> None:
    """A database at the newest schema, for others to be copied from; it replaces what an earlier session left."""
    template_url = other_database(url, TEMPLATE)
    async with open_bridge() as bridge, open_pool(bridge, url, connections=1, limit_s=30) as pool:
        await pool.read(lambda connection: connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}"))
        await pool.read(lambda connection: connection.execute(f"CREATE DATABASE {TEMPLATE}"))
        await bring_up_to_date(bridge, template_url)
        async with open_pool(bridge, template_url, connections=1, limit_s=30) as template:
            made = await template.read(lambda connection: connection.fetchval(f"SELECT {SCHEMA}"))
            await template.read(lambda connection: connection.execute(f"COMMENT ON SCHEMA public IS '{made}'"))


def _fresh_database(url: str) -> str:
    """A new database, already at the newest schema."""
    name = f"test_{secrets.token_hex(6)}"

    async def create() -> None:
        async with open_bridge() as bridge, open_pool(bridge, url, connections=1, limit_s=30) as pool:
            await pool.read(lambda connection: connection.execute(CREATE.format(name=name)))

    _run(create)
    return other_database(url, name)


def _is_emptied(url: str) -> bool:
    """Empty a database; False when that cannot be done or its schema is no longer the template's."""
    results: list[bool] = []

    async def empty() -> None:
        async with open_bridge() as bridge, open_pool(bridge, url, connections=1, limit_s=1, patience_s=0) as pool:
            with suppress(DatabaseError):
                await pool.read(lambda connection: connection.execute(EMPTY))
                results.append(await pool.read(lambda connection: connection.fetchval(f"SELECT {MADE} = {SCHEMA}")))

    _run(empty)
    return results == [True]


def _run(job: Callable[[], Awaitable[None]]) -> None:
    """In a thread, because a test's own Trio loop may be running around a fixture."""
    thread = threading.Thread(target=trio.run, args=(job,))
    thread.start()
    thread.join()


@attrs.define
class RedisServer:
    """A Redis on a socket file, which can be killed and started again."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"unix://{self.folder}/redis.sock"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        Path(self.folder, "redis.sock").unlink(missing_ok=True)
        settings = ["--port", "0", "--unixsocket", f"{self.folder}/redis.sock", "--save", "", "--dir", str(self.folder)]
        assert REDIS is not None
        self.process = subprocess.Popen([REDIS, *settings], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        while b"ready to accept connections" not in self.process.stdout.readline():
            assert self.process.poll() is None

    def kill(self) -> None:
        """End it as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture(scope="session")
def session_redis() -> Iterator[RedisServer]:
    """A Redis for the whole session."""
    with _short_folder() as folder:
        server = RedisServer(folder)
        server.start()
        yield server
        server.kill()


@pytest.fixture
def redis_server(session_redis: RedisServer) -> RedisServer:
    """A running and empty Redis."""
    if session_redis.process is None:
        session_redis.start()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{session_redis.folder}/redis.sock")
        line.sendall(b"FLUSHALL\r\n")
        assert line.recv(100) == b"+OK\r\n"
    return session_redis


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> str:
    """A database of the module's own, empty at its first test, at the newest schema."""
    return _fresh_database(postgres_url)


@pytest.fixture(scope="session")
def used_databases() -> list[str]:
    """Databases that tests had for themselves and need no more."""
    return []


@pytest.fixture
def fresh_database_url(postgres_url: str, used_databases: list[str]) -> Iterator[str]:
    """A database of the test's own, empty, at the newest schema: new, or one that an earlier test left in order."""
    if used_databases and _is_emptied(used_databases[-1]):
        url = used_databases.pop()
    else:
        used_databases.clear()
        url = _fresh_database(postgres_url)
    yield url
    used_databases.append(url)


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
