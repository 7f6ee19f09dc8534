"""PostgreSQL as a child of Rookery, for those who name no server: one process, one Unix socket, no TCP."""

import os
import signal
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

import attrs
import structlog
import trio

from actors.config import SECONDS
from actors.errors import DatabaseAwayError, DatabaseError
from actors.store.cluster import SUPERUSER, child_environment, make_cluster
from actors.store.datafolder import DataFolder, hold_data_folder
from actors.store.guard import guarded
from actors.store.leftover import end_servers
from actors.store.place import SHELTER, Place, drop_sockets, make_sockets, place
from actors.store.programs import Programs, programs_for

DATABASE = "postgres"
REGARDLESS = "port=5432&sslmode=disable&target_session_attrs=any"
"""What the driver would otherwise take from `PG…` variables of the environment, which speak of other servers."""
READY = "database system is ready to accept connections"
LONGEST_LINE = 4_096
LINES_KEPT = 20
LAST_WORDS_S = 1 * SECONDS
"""What the log may still bring after the server has ended."""
STOP_STEPS = (
    (signal.SIGINT, 2 * SECONDS),  # fast: open transactions are undone, a checkpoint is written
    (signal.SIGQUIT, 0.5 * SECONDS),  # at once: the next start recovers
    (signal.SIGKILL, 0.5 * SECONDS),
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "lc_messages": "C",  # readiness is read from the log
    "log_destination": "stderr",
    "log_line_prefix": "",
    "logging_collector": "off",
    "log_min_messages": "log",  # errors of statements reach their askers; the log is for the server's own news
    "jit": "off",  # it pays for long queries only
}

log = structlog.get_logger(__name__)


@attrs.define(eq=False)
class EmbeddedServer:
    """One server on one data folder. `url` is known before it runs and stays the same over restarts."""

    folder: DataFolder
    where: Place
    url: str
    settings: Mapping[str, str]
    pid: int | None = None
    """Of the running server."""
    guard_pid: int | None = None
    """Of the process that ends the server should Rookery die."""
    _lines: deque[str] = attrs.field(factory=lambda: deque(maxlen=LINES_KEPT))

    @classmethod
    def on(
        cls, folder: DataFolder, *, shelter: Path = SHELTER, settings: Mapping[str, str] | None = None
    ) -> "EmbeddedServer":
        """A server for a held data folder; nothing is started yet.

        Args:
            folder: to be held as long as the server is used, because it ends whatever server it finds there.
            shelter: where root keeps a cluster whose user could not come through to the data folder.
            settings: further settings of PostgreSQL, by name.

        Raises:
            ConfigurationError: the folder's database belongs to another user.
        """
        where = place(folder, shelter=shelter)
        url = f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(os.fsencode(where.sockets), safe='')}&{REGARDLESS}"
        return cls(folder, where, url, SETTINGS | dict(settings or {}))

    async def serve(self, ready: Callable[[], object]) -> None:
        """Run the server until cancelled; `ready` is called once it accepts connections.

        A server left by a killed Rookery is ended first; a cluster is made if there is none.
        Cancellation: the server is stopped, within the sum of `STOP_STEPS`.

        Raises:
            DatabaseAwayError: it ended by itself and may be started again; the text has its last words.
            DatabaseError, ConfigurationError: it cannot be started as things are.
        """
        home = self.where.home
        with nullcontext() if home == self.folder.path else hold_data_folder(home):
            try:
                process = await self._started()
            except OSError as error:
                raise DatabaseError(f"The embedded PostgreSQL cannot be started: {error}") from error
            self.pid = process.pid
            try:
                async with guarded(process.pid, self.where) as self.guard_pid, trio.open_nursery() as nursery:
                    nursery.start_soon(self._follow, process, ready)
                    code = await process.wait()
                    nursery.cancel_scope.deadline = trio.current_time() + LAST_WORDS_S
            finally:
                await _stop(process)
                self.pid = None
                drop_sockets(self.where)
        how = f"by signal {-code}" if code < 0 else f"with code {code}"
        raise DatabaseAwayError(f"The embedded PostgreSQL ended {how}: {' / '.join(self._lines) or 'no last words'}")

    async def _started(self) -> trio.Process:
        where = self.where
        programs: Programs = await trio.to_thread.run_sync(programs_for, where)
        await end_servers(where.cluster)
        await make_cluster(where, programs)
        make_sockets(where)
        options = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        return await trio.lowlevel.open_process(
            [str(programs.postgres), "-D", str(where.cluster), "-k", str(where.sockets), "-p", "5432", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=where.home,
            env=child_environment(),
            start_new_session=True,  # Ctrl-C is for Rookery, which stops the server last
            **where.identity,
        )

    async def _follow(self, process: trio.Process, ready: Callable[[], object]) -> None:
        """Pass the server's log on, line by line, and notice readiness in it."""
        assert process.stderr is not None
        rest = b""
        async for data in process.stderr:
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[:LONGEST_LINE]
            for line in lines:
                text = line[:LONGEST_LINE].decode("utf-8", "replace")
                self._lines.append(text)
                (log.debug if text.startswith("LOG:") else log.warning)("database.says", line=text)
                if READY in text:
                    ready()


async def _stop(process: trio.Process) -> None:
    """End the server by ever harder steps, each with its limit; nothing is done if it has ended."""
    with trio.CancelScope(shield=True):  # the steps bound it
        for order, limit_s in STOP_STEPS:
            if process.poll() is not None:
                break
            process.send_signal(order)
            with trio.move_on_after(limit_s):
                await process.wait()
        if process.stderr is not None:
            await process.stderr.aclose()
    if process.poll() is None:
        log.error("database.server_left_behind", pid=process.pid)


@asynccontextmanager
async def embedded(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> AsyncIterator[EmbeddedServer]:
    """A running server on a data folder, for programs without a supervision tree; it is stopped at the end.

    Raises: as `hold_data_folder` and `EmbeddedServer.serve`; the latter inside an exception group.
    """
    with hold_data_folder(data_dir) as folder:
        server = EmbeddedServer.on(folder, settings=settings)
        accepting = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.serve, accepting.set)
            await accepting.wait()
            yield server
            nursery.cancel_scope.cancel()
