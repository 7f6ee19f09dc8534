"""One connection of the lane on a pair of sockets: the test holds the peer's end."""

import json
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import hypercorn
import pytest
import trio

from web.serving.inlet import Inlet
from web.serving.lane import Lane
from web.serving.line import Line
from web.serving.refused import bare

App = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


async def echo(scope, receive, send) -> None:
    """Answers with what it was asked, as JSON."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    asked = {"method": scope["method"], "path": scope["path"], "query": scope["query_string"].decode("latin-1")}
    answer = json.dumps({**asked, "body": body.decode("latin-1")}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


@attrs.frozen(eq=False)
class Peer:
    """The other end."""

    stream: trio.SocketStream
    connection: Lane
    ended: trio.Event
    """Set when the connection's handler has returned."""

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        await self.stream.send_all(data)

    async def until(self, end: bytes) -> bytes:
        """What came, up to and with `end`."""
        got = b""
        with trio.fail_after(10):
            while not got.endswith(end):
                data = await self.stream.receive_some(1)
                assert data, got
                got += data
        return got

    async def rest(self) -> bytes:
        """What still comes until the other side closes."""
        got = b""
        with trio.fail_after(10):
            try:
                while data := await self.stream.receive_some():
                    got += data
            except trio.BrokenResourceError:
                got += b"<reset>"
        return got


@asynccontextmanager
async def connected(app: App = echo, *, head_limit_s: float = 10, **limits: Any) -> AsyncIterator[Peer]:
    """A peer of a connection that `app` answers."""
    ours, theirs = sockets.socketpair()
    config = hypercorn.Config()
    config.include_date_header = config.include_server_header = False
    config.loglevel = "CRITICAL"
    config.websocket_max_message_size = 400_000
    line = Line(trio.SocketStream(trio.socket.from_stdlib_socket(ours)), **limits)
    connection = Lane(
        app=app,
        config=config,
        line=line,
        inlet=Inlet(line, head_limit_s=head_limit_s),
        state={},
        scheme="http",
        client=("10.0.0.1", 1),
        server=("a.example", 80),
        refused=bare,
    )
    ended = trio.Event()

    async def run() -> None:
        try:
            await connection.run()
        finally:
            await line.aclose()
            ended.set()

    async with trio.open_nursery() as nursery, trio.SocketStream(trio.socket.from_stdlib_socket(theirs)) as stream:
        nursery.start_soon(run)
        yield Peer(stream, connection, ended)
        nursery.cancel_scope.cancel()


@pytest.fixture
def connect():
    """`connected`, for tests that bring their app."""
    return connected


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """The peer of a connection whose app echoes."""
    async with connected() as peer:
        yield peer
