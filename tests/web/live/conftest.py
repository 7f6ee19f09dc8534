"""The live transports, served: the real app on a real socket over the module's database, with limits of the test's own."""

import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import attrs
import httpx
import hypercorn
import pytest
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from actors.feed import Feed
from actors.model.event import NewEvent, Passing
from web.app import create_app
from web.services import Services
from web.serving import serve


class Socket:
    """A client of `/ws` that speaks its messages."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self.connection = connection

    async def say(self, type_: str, payload: Any = None, request_id: str | None = None) -> None:
        """Send one message."""
        await self.raw(json.dumps({"type": type_, "payload": payload or {}, "requestId": request_id, "version": "1.0"}))

    async def raw(self, message: str | bytes) -> None:
        """Send a frame."""
        await self.connection.send_message(message)

    async def hear(self) -> dict[str, Any]:
        """The next message; fails rather than waits for ever."""
        with trio.fail_after(10):
            return json.loads(await self.connection.get_message())

    async def connect(self, **payload: Any) -> dict[str, Any]:
        """CONNECT, and the WELCOME for it."""
        await self.say("CONNECT", payload)
        welcome = await self.hear()
        assert welcome["type"] == "WELCOME"
        return welcome["payload"]


@attrs.frozen(kw_only=True, eq=False)
class Live:
    """A served app and its feed, which the test itself pumps."""

    url: str
    services: Services
    client: httpx.AsyncClient
    stop: trio.Event
    """Ends the serving; set `services.stopping` first, as the service does."""
    ended: trio.Event

    async def tell(self, *types: str, size: int = 0) -> list[int]:
        """Log events and publish them; gives their numbers."""
        events = [NewEvent(type=type_, payload={"filler": "x" * size}) for type_ in types]
        newest = await self.services.store.events.add(*events)
        await self.pump()
        return list(range(newest - len(types) + 1, newest + 1))

    async def pump(self) -> None:
        """Publish what is in the log."""
        feed = self.services.feed
        while found := await self.services.store.events.after(feed.newest, 100):
            feed.publish(found)

    def progress(self, subject: str, done: float) -> None:
        """Publish a message without a number."""
        payload = {"subject": subject, "stage": "analyzing", "done": done}
        passing = Passing(type="PROGRESS_UPDATE", subject=subject, payload=payload, at=datetime.now(UTC))
        self.services.feed.publish_passing(passing)

    @asynccontextmanager
    async def socket(self, *, receive_buffer: int | None = None, **headers: str) -> AsyncIterator[Socket]:
        """A client of `/ws`; its stream is closed here, which the library forgets when the server closes.

        Args:
            receive_buffer: bytes that its kernel takes; little, so that what it does not read stays with the server.
            headers: further ones of the handshake.
        """
        host, port = self.url.removeprefix("http://").split(":")
        plain = trio.socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
        await plain.connect((host, int(port)))
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with trio.SocketStream(plain) as stream, trio.open_nursery() as nursery:
            connection = await wrap_client_stream(
                nursery, stream, f"{host}:{port}", "/ws", extra_headers=extra, max_message_size=10_000_000
            )
            yield Socket(connection)
            with trio.move_on_after(0.5):
                await connection.aclose()
            nursery.cancel_scope.cancel()


@pytest.fixture
def live(store, store_config):
    """A server with settings of the test's own, as in `async with live(heartbeat_s=0.1, stall_s=0.5) as here:`."""

    @asynccontextmanager
    async def serving(*, stall_s: float = 10.0, grace_s: float = 5.0, **settings: Any) -> AsyncIterator[Live]:
        config = attrs.evolve(store_config, **settings)
        feed = Feed(store.events, queue_bytes=config.client_queue_bytes)
        await feed.begin()
        services = Services(
            config=config, store=store, feed=feed, running=None, started_at=datetime.now(UTC), version="1"
        )
        server = hypercorn.Config()
        server.bind = ["127.0.0.1:0"]
        server.loglevel = "CRITICAL"
        server.graceful_timeout = grace_s
        stop, ended = trio.Event(), trio.Event()

        async def run(*, task_status):
            await serve(
                create_app(services), server, shutdown_trigger=stop.wait, task_status=task_status, stall_s=stall_s
            )
            ended.set()

        async with trio.open_nursery() as nursery:
            (url,) = await nursery.start(partial(run))
            async with httpx.AsyncClient(base_url=url, timeout=10) as client:
                yield Live(url=url, services=services, client=client, stop=stop, ended=ended)
            services.stopping.set()
            stop.set()

    return serving
