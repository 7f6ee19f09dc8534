"""One connection of the lane, requests one after the other, each answered by the app in this very task."""

import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import attrs
import trio
from hypercorn.config import Config

from actors.config import MIB, SECONDS
from web.serving.again import EXTENSION, Again, Known, Place
from web.serving.cycle import Cycle
from web.serving.inlet import Inlet
from web.serving.line import Line
from web.serving.refused import Refused, RefusedError
from web.serving.request import Request, request
from web.serving.response import head, lines
from web.serving.socket import Socket, accept_key, subprotocols

LINGER_S = 1 * SECONDS
"""A refused peer may still be sending; so long its bytes are taken, lest a reset destroy the answer on its way."""
SKIP_BYTES = 2 * MIB
"""So much of a body that the app left is read past, to keep the connection."""

App = Callable[[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


@attrs.define(eq=False, kw_only=True)
class Lane:
    """Owns nothing: the line is closed by whoever made it."""

    app: App
    config: Config
    line: Line
    inlet: Inlet
    state: dict[str, Any]
    scheme: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    refused: Refused
    known: Known = attrs.field(factory=Known)
    is_ending: bool = False
    """No further request is taken, because the server is shutting down."""
    _idle: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    """Around all, since one for each request costs more than to move its deadline."""
    _is_idle: bool = False
    _place: Place = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._place = Place(self.client and self.client[0], self.server, self.scheme)

    def end(self) -> None:
        """Take no further request; one that is being answered goes on."""
        self.is_ending = True
        if self._is_idle:
            self._idle.cancel()

    async def run(self) -> None:
        """Serve until either side ends it.

        Raises:
            HandOverError: the peer speaks HTTP/2. Nothing else that a peer can cause.
        """
        try:
            with self._idle:
                while not self.is_ending and await self._is_asked():
                    asked = await self.inlet.next_head()
                    if asked is None:
                        return
                    again = self.known.find(asked, self._place)
                    if again is not None and await self._serve_again(asked, again):
                        continue
                    if not await self._serve(asked, request(asked)):
                        return
        except RefusedError as refused:
            await self._refuse(refused)

    async def _is_asked(self) -> bool:
        """Wait for another request as long as is due; whether one begins."""
        self._idle.deadline, self._is_idle = trio.current_time() + self.config.keep_alive_timeout, True
        is_asked = await self.inlet.first_byte()
        self._idle.deadline, self._is_idle = math.inf, False
        # What comes in the very moment of the end is not begun: it would be cancelled in the midst.
        return is_asked and not self._idle.cancel_called

    async def _serve_again(self, asked: bytes, again: Again) -> bool:
        """Answer a head that came before as the app has provided; False where it must be called."""
        try:
            found = None if self.is_ending else await again()
        except Exception:  # noqa: BLE001 — as below; the app is called, and may fail again
            await self.config.log.exception("Error in ASGI Framework")
            found = None
        # An answer that is the last says so.
        if found is None or self.is_ending:
            self.known.forget(asked, self._place)
            return False
        begun, body = found
        # Where nobody takes it, whoever reads the next head learns so.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.line.send(begun + _common_lines(self.config, int(time.time())), body)
        return True

    async def _serve(self, asked: bytes, request: Request) -> bool:
        """Answer one request; whether another may follow."""
        if request.is_socket:
            await self._serve_socket(request)
            return False
        cycle = Cycle(
            request, self.inlet, self.line, common=_common(self.config, int(time.time())), ends=lambda: self.is_ending
        )
        try:
            scope = self._scope(request, "http")
            if request.may_come_again:
                scope["extensions"][EXTENSION] = self.known.to_leave(asked, self._place)
            await self.app(scope, cycle.receive, cycle.send)
        except Exception:  # noqa: BLE001 — the app's fault ends this connection at most
            await self.config.log.exception("Error in ASGI Framework")
            if cycle.has_begun:
                self._break_off(cycle)
                return False
        if cycle.is_broken:
            return False
        if not cycle.is_answered:
            if cycle.has_begun:
                self._break_off(cycle)
            else:
                await self._refuse(cycle.refused or RefusedError(500, "The error was logged"))
            return False
        if cycle.refused is None and not cycle.is_read:
            await self._skip(cycle)
        if cycle.closes or cycle.refused is not None or not cycle.is_read:
            await self._linger()
            return False
        return True

    def _break_off(self, cycle: Cycle) -> None:
        """Half an answer is out. Its length or its missing last chunk tells; where the end of the line is the end, only a reset does."""
        if cycle.ends_with_line:
            self.line.cut()

    async def _skip(self, cycle: Cycle) -> None:
        """Read past a body that the app left, if it is short."""
        skipped = 0
        with trio.move_on_after(LINGER_S):
            while not cycle.is_read and skipped < SKIP_BYTES and not cycle.closes:
                skipped += await cycle.skip()

    async def _serve_socket(self, request: Request) -> None:
        socket = Socket(
            self.inlet,
            self.line,
            accept=accept_key(request),
            common=self.config.response_headers("h11"),
            most_bytes=self.config.websocket_max_message_size,
        )
        scope = self._scope(request, "websocket") | {"subprotocols": subprotocols(request)}
        code = 1000
        try:
            await self.app(scope, socket.receive, socket.send)
        except Exception:  # noqa: BLE001 — as above
            code = 1011
            await self.config.log.exception("Error in ASGI Framework")
            if not socket.is_accepted and not socket.is_over:
                await self._refuse(RefusedError(500, "The error was logged"))
                return
        await socket.finish(code)
        if socket.refusal is not None:
            await self._linger()

    def _scope(self, request: Request, kind: str) -> dict[str, Any]:
        scope: dict[str, Any] = {
            "type": kind,
            "asgi": {"spec_version": "2.4", "version": "3.0"},
            "http_version": "1.0" if request.is_1_0 else "1.1",
            "scheme": self.scheme if kind == "http" else self.scheme.replace("http", "ws"),
            "path": request.path,
            "raw_path": request.raw_path,
            "query_string": request.query,
            "root_path": self.config.root_path,
            "headers": request.headers,
            "client": self.client,
            "server": self.server,
            "state": dict(self.state),
            "extensions": {} if kind == "http" else {"websocket.http.response": {}},
        }
        if kind == "http":
            scope["method"] = request.method
        return scope

    async def _refuse(self, refused: RefusedError) -> None:
        status, headers, body = self.refused(refused.status, refused.message)
        names = {name for name, _ in headers}
        headers += [pair for pair in self.config.response_headers("h11") if pair[0] not in names]
        if b"connection" not in names:
            headers.append((b"connection", b"close"))
        try:
            await self.line.send_all(head(status, headers) + body)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        await self._linger()

    async def _linger(self) -> None:
        """Say that this is all, and take what the peer still sends, a moment long."""
        try:
            await self.line.send_eof()
            with trio.move_on_after(LINGER_S):
                while await self.line.receive_some():
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return


@lru_cache(maxsize=8)
def _common(config: Config, second: int) -> tuple[tuple[bytes, bytes], ...]:  # noqa: ARG001  # it names the entry
    """What stands in every answer of a second, such as the date."""
    return tuple(config.response_headers("h11"))


@lru_cache(maxsize=8)
def _common_lines(config: Config, second: int) -> bytes:
    """The same as it ends a head."""
    return lines(_common(config, second)) + b"\r\n"
