"""What is measured, each in a process of its own: PostgreSQL, Rookery's web, and FastAPI on uvicorn."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import attrs
import psutil
import trio

from actors.config import MIB
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer

HERE = Path(__file__).parent
RIVAL = "FastAPI + uvicorn + asyncpg"


@attrs.frozen(kw_only=True)
class Served:
    """One server under way."""

    address: str
    pid: int

    def worked_s(self) -> float:
        """Processor time of its process so far."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    """The URL of an empty database in a folder that is gone afterwards."""
    with _data_folder() as path, hold_data_folder(path) as folder:
        server = EmbeddedServer.on(folder)
        async with trio.open_nursery() as nursery:
            ready = trio.Event()
            nursery.start_soon(server.serve, ready.set)
            await ready.wait()
            yield server.url
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def rookery(url: str, *, cache_bytes: int = 64 * MIB) -> AsyncIterator[Served]:
    """Rookery's web over a database; with 0 bytes it keeps no answer."""
    command = [sys.executable, str(HERE / "peers" / "rookery.py"), url, str(cache_bytes)]
    async with _process(command, {}, lambda line: line if line.startswith("http") else "") as served:
        yield served


@asynccontextmanager
async def fastapi(url: str) -> AsyncIterator[Served]:
    """The rival over the same database."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE / "peers"), "--port", "0", "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "fastapi_app:app"]

    def address(line: str) -> str:
        return line.partition("running on ")[2].partition(" ")[0] if "running on" in line else ""

    async with _process(command, {"DATABASE_URL": url}, address) as served:
        yield served


@asynccontextmanager
async def _process(
    command: list[str], environment: dict[str, str], address: Callable[[str], str]
) -> AsyncIterator[Served]:
    """A server as a child process; gives the first address that it tells of."""
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), **environment}
    process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    assert process.stdout is not None
    said = b""
    try:
        with trio.fail_after(30):
            found = ""
            while not found:
                data = await process.stdout.receive_some()
                if not data:
                    raise RuntimeError(said.decode())
                said += data
                found = next(filter(None, map(address, said.decode().splitlines())), "")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_drain, process.stdout)
            yield Served(address=found, pid=process.pid)
            nursery.cancel_scope.cancel()
    finally:
        process.terminate()
        with trio.move_on_after(5, shield=True) as patience:
            await process.wait()
        if patience.cancelled_caught:
            process.kill()


async def _drain(stream: trio.abc.ReceiveStream) -> None:
    while await stream.receive_some():
        pass


@contextmanager
def _data_folder() -> Iterator[Path]:
    # Below /tmp and passable, because PostgreSQL never runs as root and its user must come through.
    with tempfile.TemporaryDirectory(prefix="rookery-bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
