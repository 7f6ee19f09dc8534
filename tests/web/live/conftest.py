"""The live transports, served: the real app on a real socket over the module's database, with limits of the test's own."""

import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import attrs
import h11
import httpx
import hypercorn
import pytest
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from actors.feed import Feed
from actors.journal import Journal
from actors.model.event import NewEvent, Passing
from actors.model.log_line import Heard, Level, LogLine
from actors.player import PLAYERS
from actors.reporter import passing
from actors.store.store import Store
from supervision import Strategy, Supervisor, run
from tests.contracts.fake_executor import FakeExecutor
from tests.web.conftest import SERVER
from web.application import create_app
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


class Stream:
    """An endless answer, line by line. httpx leaves its generators open when one stops in the middle."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._protocol = h11.Connection(h11.CLIENT)
        self._text = ""
        self.status = 0
        self.headers: dict[str, str] = {}

    async def ask(self, host: str, target: str, headers: dict[str, str]) -> None:
        """Send the request and take the head of the answer."""
        request = h11.Request(method="GET", target=target, headers=[("Host", host), *headers.items()])
        await self._stream.send_all(self._protocol.send(request) + self._protocol.send(h11.EndOfMessage()))
        head = await self._event()
        self.status = head.status_code
        self.headers = {str(name, "ascii"): str(value, "latin-1") for name, value in head.headers}

    async def line(self) -> str | None:
        """The next line without its end; None at the end of the answer."""
        with trio.fail_after(10):
            while "\n" not in self._text:
                event = await self._event()
                if not isinstance(event, h11.Data):
                    return None
                self._text += str(event.data, "utf-8")
        line, _, self._text = self._text.partition("\n")
        return line

    async def messages(self, count: int | None = None) -> list[dict[str, Any]]:
        """The next messages, whichever form the stream has; all to its end without a count."""
        heard: list[dict[str, Any]] = []
        while len(heard) != count and (line := await self.line()) is not None:
            if (body := line.removeprefix("data: ")).startswith("{"):
                heard.append(json.loads(body))
        return heard

    async def _event(self) -> Any:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._stream.receive_some())
        return event


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
            await feed.publish_paced(found)

    def progress(self, subject: str, done: float) -> None:
        """Publish a message without a number."""
        payload = {"subject": subject, "stage": "analyzing", "done": done}
        passing = Passing(type="PROGRESS_UPDATE", subject=subject, payload=payload, at=datetime.now(UTC))
        self.services.feed.publish_passing(passing)

    def log(self, message: str, level: Level = Level.WARNING, logger: str = "rookery.test") -> None:
        """Log a line, of which the feed hears at once."""
        journal = self.services.journal
        journal.add(LogLine(at=datetime.now(UTC), level=level, logger=logger, message=message))
        heard = Heard(entry=journal.kept()[-1], dropped=0)
        self.services.feed.publish_passing(passing(heard, run=journal.run))

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

    @asynccontextmanager
    async def stream(self, target: str, **headers: str) -> AsyncIterator[Stream]:
        """A client of an endless answer."""
        host, port = self.url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as plain:
            stream = Stream(plain)
            await stream.ask(f"{host}:{port}", target, headers)
            assert stream.status == 200
            yield stream


def players_alone() -> Supervisor:
    """Of the real tree, what players need."""
    root, pipeline, players = PLAYERS.split("/")
    dynamic = Supervisor(players, strategy=Strategy.DYNAMIC, max_children=10)
    return Supervisor(root, children=[Supervisor(pipeline, children=[dynamic])])


@pytest.fixture
def live(store, store_config):
    """Make a server with settings of the test's own."""

    @asynccontextmanager
    async def serving(
        *,
        store: Store = store,
        stall_s: float = 10.0,
        grace_s: float = 5.0,
        lane: bool = SERVER == "lane",
        journal: Journal | None = None,
        **settings: Any,
    ) -> AsyncIterator[Live]:
        config = attrs.evolve(store_config, **settings)
        feed = Feed(store.events, queue_bytes=config.client_queue_bytes)
        await feed.begin()
        async with run(players_alone(), signals=False) as running:
            services = Services(
                config=config,
                store=store,
                feed=feed,
                executor=FakeExecutor(),
                running=running,
                started_at=datetime.now(UTC),
                version="1",
                journal=journal or Journal(),
            )
            server = hypercorn.Config()
            server.bind = ["127.0.0.1:0"]
            server.loglevel = "CRITICAL"
            server.graceful_timeout = grace_s
            stop, ended = trio.Event(), trio.Event()

            async def serve_app(*, task_status):
                await serve(
                    create_app(services),
                    server,
                    shutdown_trigger=stop.wait,
                    task_status=task_status,
                    stall_s=stall_s,
                    lane=lane,
                )
                ended.set()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(services.hits.keep_telling)
                (url,) = await nursery.start(partial(serve_app))
                async with httpx.AsyncClient(base_url=url, timeout=10) as client:
                    yield Live(url=url, services=services, client=client, stop=stop, ended=ended)
                services.stopping.set()
                stop.set()
                await ended.wait()
                nursery.cancel_scope.cancel()

    return serving
