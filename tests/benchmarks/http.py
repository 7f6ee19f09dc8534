"""HTTP answers per second, next to FastAPI on uvicorn with asyncpg doing the same queries over the same catalogue.

Each server is one process. The same client asks both in short turns, so that whatever else the machine does befalls both;
every figure is the median of the rounds, and the ratio the median of the rounds' ratios.
"""

import contextlib
import importlib.util
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import trio

from actors.config import Config
from actors.model.change import AddTrack, Content, Reading, SetFeatures
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer
from actors.store.store import Store, open_store
from tests.benchmarks.row import Row, beside_async
from web.logs import configure_logs

TRACKS = 2_000
CONNECTIONS = 16
ROUNDS = 11
ROUND_S = 0.7
HERE = Path(__file__).parent
RIVAL = "FastAPI + uvicorn + asyncpg"


async def measure() -> list[Row]:
    """Lists of 50, single tracks and trivial answers per second; without the rival where FastAPI is not installed."""
    configure_logs(Config(log_level="warning"))
    with _data_folder() as path, hold_data_folder(path) as folder:
        server = EmbeddedServer.on(folder)
        async with trio.open_nursery() as nursery:
            ready = trio.Event()
            nursery.start_soon(server.serve, ready.set)
            await ready.wait()
            async with open_store(Config(), url=server.url) as store:
                track_id = await _fill(store)
            rows = await _compare(server.url, track_id)
            nursery.cancel_scope.cancel()
    return rows


async def _compare(url: str, track_id: str) -> list[Row]:
    cases = {
        "list of 50 tracks, uncached": "/api/v1/tracks?pageSize=50",
        "one track": f"/api/v1/tracks/{track_id}",
        "trivial answer": "/livez",
    }
    has_rival = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))
    async with contextlib.AsyncExitStack() as stack:
        own = await stack.enter_async_context(_rookery(url))
        rival = await stack.enter_async_context(_fastapi(url)) if has_rival else None
        if rival is not None:
            await _check_same(own, rival, cases["list of 50 tracks, uncached"])
        return [
            await beside_async(
                name,
                "requests/s",
                partial(_speed, own, target),
                rival=RIVAL if rival is not None else None,
                other=None if rival is None else partial(_speed, rival, target),
                rounds=ROUNDS,
            )
            for name, target in cases.items()
        ]


async def _speed(address: str, target: str) -> float:
    """Answers per second of a closed loop over all connections."""
    answered = 0

    async def ask(*, until: float) -> None:
        nonlocal answered
        async with await _connect(address) as stream:
            while trio.current_time() < until:
                await _get(stream, address, target)
                answered += 1

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(lambda: ask(until=started + ROUND_S))
    return answered / (trio.current_time() - started)


async def _connect(address: str) -> trio.SocketStream:
    parts = urlsplit(address)
    return await trio.open_tcp_stream(parts.hostname or "", parts.port or 80)


async def _get(stream: trio.SocketStream, address: str, target: str) -> bytes:
    """One request on a connection that stays open; the client does as little as can be."""
    await stream.send_all(f"GET {target} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n\r\n".encode())
    head, body = b"", b""
    while not body and b"\r\n\r\n" not in head:
        head += await stream.receive_some(256 * 1024)
    head, _, body = head.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().partition(b"content-length:")[2].split(None, 1)[0])
    pieces, received = [body], len(body)
    while received < length:
        pieces.append(await stream.receive_some(256 * 1024))
        received += len(pieces[-1])
    return b"".join(pieces)


async def _check_same(own: str, rival: str, target: str) -> None:
    """Both give the same tracks, down to the last value."""
    answers = []
    for address in (own, rival):
        async with await _connect(address) as stream:
            answers.append(msgspec.json.decode(await _get(stream, address, target)))
    assert answers[0]["data"] == answers[1]["data"]
    assert answers[0]["meta"]["total"] == answers[1]["meta"]["total"]


@asynccontextmanager
async def _rookery(url: str) -> AsyncIterator[str]:
    async with _process([sys.executable, str(HERE / "peers" / "rookery.py"), url], {}, lambda line: line) as address:
        yield address


@asynccontextmanager
async def _fastapi(url: str) -> AsyncIterator[str]:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE / "peers"), "--port", "0", "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "fastapi_app:app"]

    def address(line: str) -> str:
        return line.partition("running on ")[2].partition(" ")[0] if "running on" in line else ""

    async with _process(command, {"DATABASE_URL": url}, address) as found:
        yield found


@asynccontextmanager
async def _process(
    command: list[str], environment: dict[str, str], address: Callable[[str], str]
) -> AsyncIterator[str]:
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
            yield found
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


async def _fill(store: Store) -> str:
    """Tracks with all that tracks have; gives the id of one."""
    root = await store.roots.add(b"/music")
    for first in range(0, TRACKS, 100):
        changes = [change for number in range(first, first + 100) for change in _track(root.id, number)]
        await store.changes.apply(changes)
    return "track-00042"


def _track(root_id: str, number: int) -> tuple[AddTrack, SetFeatures]:
    track_id, audio_hash = f"track-{number:05}", secrets.token_hex(32)
    tags = Tags(
        title=f"Recording {number}",
        artists=(f"Artist {number % 97}",),
        album=f"Album {number % 211}",
        genres=("Jazz",),
        date="1999-03-14",
        year=1999,
        track_number=number % 12 + 1,
    )
    sound = Sound(
        container="flac", codec="flac", duration_s=200.0 + number, rate_hz=44_100, channels=2, bit_rate=900_000
    )
    path = f"/music/Artist {number % 97}/Album {number % 211}/{number}.flac".encode()
    reading = Reading(root_id=root_id, path=path, size_bytes=10_000_000, mtime_ns=1, device=1, inode=number)
    features = Features(
        version=1,
        duration_s=200.0 + number,
        loudness=Loudness(
            integrated_lufs=-14.5,
            range_lu=6.25,
            true_peak_dbtp=-0.5,
            sample_peak_dbfs=-0.75,
            max_momentary_lufs=-9.0,
            max_short_term_lufs=-10.0,
        ),
        tempo=Tempo(bpm=60.0 + number % 120, confidence=0.75, alternatives=(60.0, 180.0)),
        key=Key(tonic=number % 12, is_minor=bool(number % 2), confidence=0.5),
        peaks=bytes(4_000),
    )
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=sound, tags=tags))
    added = AddTrack(track_id=track_id, reading=reading, content=content)
    return added, SetFeatures(track_id=track_id, audio_hash=audio_hash, features=features)


@contextlib.contextmanager
def _data_folder() -> contextlib.AbstractContextManager[Path]:  # type: ignore[misc]
    # Below /tmp and passable, because PostgreSQL never runs as root and its user must come through.
    with tempfile.TemporaryDirectory(prefix="rookery-bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
