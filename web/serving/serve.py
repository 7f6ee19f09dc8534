"""Accepting connections, giving each to the protocol that serves it, and ending them. One connection's failure stays its own."""

from collections.abc import Awaitable, Callable
from functools import partial
from socket import MSG_PEEK
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState, Framework
from hypercorn.utils import parse_socket_addr, wrap_app

from actors.config import SECONDS
from web.serving.again import Known
from web.serving.connection import Connection
from web.serving.crowd import Crowd
from web.serving.inlet import HEAD_LIMIT_S, HandOverError, Inlet
from web.serving.lane import Lane
from web.serving.line import STALL_S, Line
from web.serving.listeners import Listener, listen, socket_of
from web.serving.refused import Refused, bare
from web.serving.response import head
from web.serving.streams import Streams

FAREWELL_S = 1 * SECONDS
"""When connections are cancelled, so long they may still say goodbye before they are cut."""
LINGER_S = 1 * SECONDS
"""So long a connection that is one too many may take to read why."""
MOST_LINGERING = 64
MOST_CONNECTIONS = 512


async def serve(
    app: Framework,
    config: Config,
    *,
    shutdown_trigger: Callable[[], Awaitable[None]] | None = None,
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    stall_s: float = STALL_S,
    head_limit_s: float = HEAD_LIMIT_S,
    refused: Refused = bare,
    crowd: Crowd | None = None,
    lane: bool = True,
) -> None:
    """Serve an ASGI app on the sockets of a Hypercorn configuration, as `hypercorn.trio.serve` does.

    HTTP/1.1, WebSocket and HTTP/2 (by ALPN or its preface) are our own; with `lane=False` the first two are Hypercorn's, and there is no third.

    Every connection's `scope["state"]["line"]` is its `Line`. `task_status` gets the addresses (`http://127.0.0.1:8000`).

    When `shutdown_trigger` returns, no more connections are taken, those that are open have `config.graceful_timeout`
    to end and are then cut, whatever they wait for; the app's lifespan ends last. Cancellation: the same with 1 s.

    Args beyond those of Hypercorn: `stall_s`, see `Line`; `head_limit_s` for a head to come; `refused` makes the answers that no
    application makes; `crowd` counts the connections, those that it refuses are told so and closed.

    Raises: OSError when an address cannot be bound; hypercorn's LifespanFailureError when the app refuses to start.
    """
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    state: dict[str, Any] = {}
    lifespan = Lifespan(wrapped, config, state)
    listeners, addresses = listen(config)
    try:
        async with trio.open_nursery() as lifespan_nursery:
            await lifespan_nursery.start(lifespan.handle_lifespan)
            await lifespan.wait_for_startup()
            if crowd is None:
                crowd = Crowd(most=MOST_CONNECTIONS, most_per_address=MOST_CONNECTIONS)
            serving = _Serving(
                app,
                wrapped,
                config,
                state,
                stall_s=stall_s,
                crowd=crowd,
                refused=refused,
                head_limit_s=head_limit_s,
                has_lane=lane,
            )
            task_status.started(addresses)
            await serving.run(listeners, shutdown_trigger or trio.sleep_forever)
            await lifespan.wait_for_shutdown()
            lifespan_nursery.cancel_scope.cancel()
    finally:
        for listener in listeners:
            socket_of(listener).close()


class _Serving:
    """The open connections of one server."""

    def __init__(
        self,
        app: Any,
        wrapped: Any,
        config: Config,
        state: dict[str, Any],
        *,
        stall_s: float,
        crowd: Crowd,
        refused: Refused,
        head_limit_s: float,
        has_lane: bool,
    ) -> None:
        self._app = app
        self._wrapped = wrapped
        self._has_lane = has_lane
        self._lanes: set[Lane | Streams] = set()
        self._handshakes: set[trio.CancelScope] = set()
        self._known = Known()
        self._crowd = crowd
        self._refused = refused
        self._head_limit_s = head_limit_s
        self._lingering = 0
        self._config = config
        self._state = state
        self._stall_s = stall_s
        self._context = WorkerContext(None)
        self._lines: set[Line] = set()
        self._is_empty = trio.Event()

    async def run(
        self,
        listeners: list[Listener],
        shutdown_trigger: Callable[[], Awaitable[None]],
    ) -> None:
        async with trio.open_nursery() as whole:
            whole.start_soon(self._cut_at_last)
            async with trio.open_nursery() as connections:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(
                        partial(trio.serve_listeners, self._hold, listeners, handler_nursery=connections)
                    )
                    await shutdown_trigger()
                    accepting.cancel_scope.cancel()
                whole.cancel_scope.deadline = trio.current_time() + self._config.graceful_timeout
                await self._context.terminated.set()
                for lane in tuple(self._lanes):
                    lane.end()
                for handshake in self._handshakes:
                    handshake.cancel()
            whole.cancel_scope.cancel()

    async def _hold(self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]) -> None:
        """One connection, to its end. Whatever it fails of is logged here and goes no further."""
        line = Line(stream, stall_s=self._stall_s)
        peer = line.peer
        status = self._crowd.refusal(peer)
        self._lines.add(line)
        try:
            if status is not None:
                if not line.is_encrypted:
                    await self._turn_away(line, status)
                return
            self._crowd.enter(peer)
            try:
                await self._serve(line)
            finally:
                self._crowd.leave(peer)
        except* Exception:  # noqa: BLE001 — a malformed upgrade escapes Hypercorn's protocols; it must not end the server
            await self._config.log.exception("A connection failed")
        finally:
            line.cut()
            self._lines.discard(line)
            if not self._lines:
                self._is_empty.set()

    async def _serve(self, line: Line) -> None:
        state = ConnectionState({**self._state, "line": line})
        if self._has_lane:
            await self._take_lane(line, state)
            return
        connection = Connection(self._wrapped, self._config, self._context, state, line)  # type: ignore[arg-type]
        connection.refused, connection.head_limit_s = self._refused, self._head_limit_s
        await connection

    async def _take_lane(self, line: Line, state: ConnectionState) -> None:
        """HTTP/1.1 and WebSocket, or HTTP/2 where that is agreed upon or begins."""
        if line.is_encrypted and not await self._shake_hands(line):
            return
        socket = line.transport_stream.socket if line.is_encrypted else line.socket
        try:
            client = parse_socket_addr(socket.family, socket.getpeername())
        except OSError:
            return  # it has left already
        lane = Lane(
            app=self._app,
            config=self._config,
            line=line,
            inlet=Inlet(line, head_limit_s=self._head_limit_s, head_bytes=self._config.h11_max_incomplete_size),
            state=state,
            scheme="https" if line.is_encrypted else "http",
            client=client,
            server=parse_socket_addr(socket.family, socket.getsockname()),
            refused=self._refused,
            known=self._known,
        )
        if line.is_encrypted and line.selected_alpn_protocol() == "h2":
            await self._carry(self._streams(lane))
            return
        try:
            await self._carry(lane)
        except HandOverError as begun:
            line.put_back(begun.read)
            await self._carry(self._streams(lane))
        else:
            await line.aclose()

    async def _shake_hands(self, line: Line) -> bool:
        """Whether the peer has agreed upon a key in time."""
        with trio.move_on_after(self._config.ssl_handshake_timeout) as limit:
            self._handshakes.add(limit)
            try:
                if (await line.transport_stream.socket.recv(1, MSG_PEEK)).isupper():
                    # A method and no record of TLS: without a word nobody would know what is wrong.
                    await self._turn_away(line.transport_stream, 400, "This port speaks https alone")
                    return False
                await line.do_handshake()
            except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                return False
            finally:
                self._handshakes.discard(limit)
        return not limit.cancelled_caught

    async def _carry(self, lane: Lane | Streams) -> None:
        self._lanes.add(lane)
        try:
            await lane.run()
        finally:
            self._lanes.discard(lane)

    def _streams(self, lane: Lane) -> Streams:
        """The same connection for HTTP/2."""
        return Streams(
            app=self._app,
            config=self._config,
            line=lane.line,
            state=lane.state,
            scheme=lane.scheme,
            client=lane.client,
            server=lane.server,
            crowd=self._crowd,
            refused=self._refused,
            stall_s=self._stall_s,
            is_ending=lane.is_ending,
        )

    async def _turn_away(self, stream: Line | trio.SocketStream, status: int, message: str | None = None) -> None:
        """Say why, and let the peer read it: a close with its request unread would take the words back."""
        if self._lingering >= MOST_LINGERING:
            return
        self._lingering += 1
        try:
            with trio.move_on_after(LINGER_S):
                status, headers, body = self._refused(status, message)
                await stream.send_all(head(status, headers) + body)
                await stream.send_eof()
                while await stream.receive_some():
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            self._lingering -= 1

    async def _cut_at_last(self) -> None:
        """At cancellation, by the deadline or from outside: a short farewell, then the cut.

        Hypercorn shields its writes, so nothing but the cut ends one to a peer that does not read.
        """
        try:
            await trio.sleep_forever()
        finally:
            if self._lines:
                self._is_empty = trio.Event()
                with trio.move_on_after(FAREWELL_S, shield=True):
                    await self._is_empty.wait()
                for line in tuple(self._lines):
                    line.cut()
