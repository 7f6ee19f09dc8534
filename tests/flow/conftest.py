"""The installed command itself, on a real folder, a real database, a real socket."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from actors.media.demo import make_demo

COMMAND = Path(sys.executable).with_name("rookery")
READY = b"Rookery is ready at "
START_LIMIT_S = 90
STOP_LIMIT_S = 13
"""The promised ten seconds, and what a busy machine adds to a process's end."""


@attrs.frozen(eq=False)
class Following:
    """One client of the live feed."""

    socket: WebSocketConnection

    async def next_of(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these types."""
        with trio.fail_after(60):
            while (message := json.loads(await self.socket.get_message()))["type"] not in kinds:
                pass
        return message

    async def until_closed(self) -> None:
        """Take no notice of what still comes, until the service has closed the socket."""
        with trio.fail_after(60), suppress(ConnectionClosed):
            while True:
                await self.socket.get_message()


@attrs.define(eq=False)
class Rookery:
    """One running `rookery serve`."""

    process: trio.Process
    url: str
    client: httpx.AsyncClient

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return int(self.url.rpartition(":")[2])

    async def json(self, path: str) -> Any:
        """What a GET answers."""
        answer = await self.client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def tracks(self) -> dict[str, dict[str, Any]]:
        """All tracks by file name."""
        found = (await self.json("/api/v1/tracks?pageSize=500"))["data"]
        return {track["path"].rpartition("/")[2]: track for track in found}

    @asynccontextmanager
    async def following(
        self, since: int | None = None, topics: tuple[str, ...] = ("tracks", "progress")
    ) -> AsyncIterator["Following"]:
        """The live feed over a WebSocket, from a number on or from now."""
        # With a stream of its own: the library leaves one open when the service closes first.
        async with trio.open_nursery() as nursery, await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            socket = await wrap_client_stream(nursery, stream, f"127.0.0.1:{self.port}", "/ws")
            payload = {"topics": topics, **({} if since is None else {"since": since})}
            await socket.send_message(json.dumps({"type": "CONNECT", "payload": payload, "version": "1.0"}))
            following = Following(socket)
            await following.next_of("WELCOME")
            yield following
            await socket.aclose()

    async def until(self, wanted: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """All tracks, once they are as wanted; looks again at every event."""
        with trio.fail_after(120):
            async with self.following() as following:
                while not wanted(tracks := await self.tracks()):
                    await following.next_of(
                        "TRACK_ADDED", "TRACK_UPDATED", "TRACK_ANALYZED", "ANALYSIS_FAILED", "SCAN_UPDATE"
                    )
        return tracks

    async def until_analyzed(self, count: int) -> dict[str, dict[str, Any]]:
        """All tracks, once so many are analyzed and none waits."""
        return await self.until(
            lambda tracks: len(tracks) == count and all(track["stage"] == "analyzed" for track in tracks.values())
        )

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        with trio.fail_after(STOP_LIMIT_S):
            return await self.process.wait()


@asynccontextmanager
async def serving(folder: Path, data_dir: Path, *more: str) -> AsyncIterator[Rookery]:
    """Run `rookery serve` until the block ends; whatever is left of it then is killed."""
    errors = data_dir.with_suffix(".log")
    with errors.open("ab") as log:
        process = await trio.lowlevel.open_process(
            [str(COMMAND), "serve", str(folder), "--data-dir", str(data_dir), "--port", "0", *more],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "ROOKERY_SETTLE_S": "0.2", "ROOKERY_WORKERS": "2"},
        )
    try:
        said = b""
        with trio.fail_after(START_LIMIT_S):
            while b"\n" not in said:
                more_said = await process.stdout.receive_some()
                assert more_said, errors.read_text(encoding="utf-8", errors="replace")[-3000:]
                said += more_said
        assert said.startswith(READY), said
        url = said.removeprefix(READY).decode().strip()
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield Rookery(process, url, client)
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 20):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with trio.move_on_after(12):
                    await process.wait()
            if process.poll() is None:
                process.kill()
                await process.wait()
            await process.stdout.aclose()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder below /tmp: pytest's own folders are closed to the user that root runs PostgreSQL as."""
    top = Path(tempfile.mkdtemp(prefix="rookery-flow-", dir="/tmp"))
    if os.geteuid() == 0:
        top.chmod(0o711)
    try:
        yield top / "data"
    finally:
        shutil.rmtree(top, ignore_errors=True)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> list[Path]:
    """Fourteen short recordings in seven formats, made once."""
    return make_demo(tmp_path_factory.mktemp("recordings"), count=14, seconds=3.0)


@pytest.fixture
def music(tmp_path) -> Path:
    """An empty library."""
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def serve():
    """`serving`, for tests that start the command themselves."""
    return serving


@pytest.fixture
def command() -> Path:
    """The installed command."""
    return COMMAND
