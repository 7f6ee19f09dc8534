"""One message to many WebSockets: delivered per second, and how long each is on its way, next to FastAPI on uvicorn.

Each server is one process, the listeners are another. Rounds by turns, so that whatever else the machine does befalls both.
"""

import importlib.util
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles

import attrs
import psutil
import trio

from tests.benchmarks.row import Row, beside_async

HERE = Path(__file__).parent
RIVAL = "FastAPI + uvicorn, send_json"
LISTENERS = (500, 2_000)
BURST = 100
SINGLES = 40
SINGLES_PER_S = 20
ROUNDS = 5
MARK = b'"TRACK_ADDED"'
END = b"}"
"""Of a message; there no mark has begun."""
READ_BYTES = 65_536
PATIENCE_S = 60
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
CONNECT = b'{"type":"CONNECT","payload":{}}'


@attrs.define(eq=False)
class Audience:
    """All listeners of one server. They do as little as can be, so that the server is what is measured."""

    process: trio.Process
    sockets: dict[int, socket.socket] = attrs.field(factory=dict)
    poll: select.epoll = attrs.field(factory=select.epoll)
    rests: dict[int, bytes] = attrs.field(factory=dict)
    """By socket: the end of what came, where it may hold the beginning of a mark."""

    def join(self, listener: socket.socket) -> None:
        """One more."""
        self.sockets[listener.fileno()] = listener
        self.rests[listener.fileno()] = b""
        self.poll.register(listener.fileno(), select.EPOLLIN)

    async def publish(self, messages: int, listeners: int) -> float:
        """Publish, wait until everyone has everything; gives the seconds that it took."""
        started_s = trio.current_time()
        assert self.process.stdin is not None
        await self.process.stdin.send_all(f"{messages}\n".encode())
        await trio.to_thread.run_sync(self._listen, messages * listeners)
        return trio.current_time() - started_s

    def worked_s(self) -> float:
        """Processor time of the server so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def _listen(self, wanted: int) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while wanted > 0:
            ready = self.poll.poll(PATIENCE_S)
            if not ready or time.monotonic() > end_s:
                raise TimeoutError(f"{wanted} messages did not come")
            for number, _ in ready:
                text = self.rests[number] + os.read(number, READ_BYTES)
                wanted -= text.count(MARK)
                self.rests[number] = b"" if text.endswith(END) else text[1 - len(MARK) :]


async def measure() -> list[Row]:
    """Bursts and single messages to 500 and 2,000 listeners, and the memory of an idle one."""
    has_rival = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))
    rows = []
    for listeners in LISTENERS:
        async with AsyncExitStack() as stack:
            own, own_kib = await stack.enter_async_context(_audience(_rookery, listeners))
            rival, rival_kib = None, 0.0
            if has_rival:
                rival, rival_kib = await stack.enter_async_context(_audience(_fastapi, listeners))
            rows += await _compare(own, rival, listeners)
            rows.append(_memory(listeners, own_kib, rival_kib if rival else None))
    return rows


async def _compare(own: Audience, rival: Audience | None, listeners: int) -> list[Row]:
    def bursts(audience: Audience) -> Callable[[], Awaitable[float]]:
        async def run() -> float:
            return BURST * listeners / await audience.publish(BURST, listeners)

        return run

    def singles(audience: Audience) -> Callable[[], Awaitable[float]]:
        async def run() -> float:
            took_s = 0.0
            for _ in range(SINGLES):
                took_s += await audience.publish(1, listeners)
            return SINGLES * listeners / took_s

        return run

    def worked(audience: Audience) -> Callable[[], Awaitable[float]]:
        async def run() -> float:
            before_s = audience.worked_s()
            for _ in range(SINGLES):
                await audience.publish(1, listeners)
            return (audience.worked_s() - before_s) / SINGLES / listeners * 1_000_000

        return run

    def latest(audience: Audience, *, percent: int) -> Callable[[], Awaitable[float]]:
        async def run() -> float:
            times = []
            for _ in range(2 * SINGLES_PER_S):
                times.append(await audience.publish(1, listeners))
                await trio.sleep(max(0.0, 1 / SINGLES_PER_S - times[-1]))
            return quantiles(times, n=100)[percent - 1] * 1000

        return run

    rows = []
    for what, unit, figure in (
        (f"{BURST} messages at once to {listeners:,} sockets", "delivered/s", bursts),
        (f"messages one by one to {listeners:,} sockets", "delivered/s", singles),
        (f"processor time for one of them, to one of {listeners:,} sockets", "µs", worked),
        *(
            (
                f"{SINGLES_PER_S} messages/s to {listeners:,} sockets: until the last has it, p{percent}",
                "ms",
                partial(latest, percent=percent),
            )
            for percent in (50, 99)
        ),
    ):
        rows.append(
            await beside_async(
                what,
                unit,
                figure(own),
                rival=RIVAL if rival is not None else None,
                other=None if rival is None else figure(rival),
                rounds=ROUNDS,
            )
        )
    return rows


def _memory(listeners: int, own_kib: float, rival_kib: float | None) -> Row:
    what = f"resident memory of an idle socket, of {listeners:,}"
    if rival_kib is None:
        return Row(what=what, unit="KiB", values=[own_kib])
    return Row(what=what, unit="KiB", values=[own_kib], rival=RIVAL, others=[rival_kib])


Server = Callable[[], tuple[list[str], Callable[[str], str]]]


def _rookery() -> tuple[list[str], Callable[[str], str]]:
    return [
        sys.executable,
        str(HERE / "peers" / "rookery_feed.py"),
    ], lambda line: line if line.startswith("http") else ""


def _fastapi() -> tuple[list[str], Callable[[str], str]]:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE / "peers"), "--port", "0", "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "--ws", "websockets"]
    # The listeners answer no pings.
    command += ["--ws-ping-interval", "3600", "--ws-ping-timeout", "3600", "fastapi_feed:app"]

    def address(line: str) -> str:
        return line.partition("running on ")[2].partition(" ")[0] if "running on" in line else ""

    return command, address


@asynccontextmanager
async def _audience(server: Server, listeners: int) -> AsyncIterator[tuple[Audience, float]]:
    """A server and so many listeners, and what each of them costs it in KiB."""
    command, address = server()
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    process = await trio.lowlevel.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env
    )
    assert process.stdout is not None
    try:
        said, found = b"", ""
        with trio.fail_after(60):
            while not found:
                data = await process.stdout.receive_some()
                assert data, said.decode()
                said += data
                found = next(filter(None, map(address, said.decode().splitlines())), "")
        port = int(found.rpartition(":")[2])
        audience = Audience(process)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_drain, process.stdout)
            before = psutil.Process(process.pid).memory_info().rss
            for _ in range(listeners):
                audience.join(await _listener(port, until=b'"WELCOME"' if server is _rookery else b"\r\n\r\n"))
            await trio.sleep(1)
            each_kib = (psutil.Process(process.pid).memory_info().rss - before) / 1024 / listeners
            yield audience, each_kib
            nursery.cancel_scope.cancel()
    finally:
        process.kill()
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
            await process.wait()


async def _listener(port: int, *, until: bytes) -> socket.socket:
    """One client that has come so far as to get everything from now on."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(CONNECT))
    listener = await trio.to_thread.run_sync(socket.create_connection, ("127.0.0.1", port))
    listener.sendall(HANDSHAKE + struct.pack("!BB", 0x81, 0x80 | len(CONNECT)) + mask + masked)
    got = b""
    while until not in got:
        got += await trio.to_thread.run_sync(listener.recv, READ_BYTES)
    return listener


async def _drain(stream: trio.abc.ReceiveStream) -> None:
    async for _ in stream:
        pass
