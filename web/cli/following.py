"""A client of the live feed that outlives every break: it comes back with the last number it saw."""

import ssl
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import attrs
import click
import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    HandshakeError,
    WebSocketConnection,
    wrap_client_stream,
)

from actors.config import MIB, SECONDS
from web.cli import away
from web.cli.address import asks_who, shown
from web.cli.interrupt import run_until_interrupted, written
from web.cli.retry import pauses_s

CONNECT_LIMIT_S = 10 * SECONDS
HEARTBEAT_S = 20 * SECONDS
"""Until the server says otherwise."""
SHORTEST_HEARTBEAT_S = 1 * SECONDS
MESSAGE_LIMIT_BYTES = 64 * MIB
FAREWELL_S = 1 * SECONDS
UNAUTHENTICATED = 4001
"""The server closes so where it does not know who asks."""

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class RefusedError(Exception):
    """The server understood and said no; trying again would not help."""


def follow(run: Callable[[], Awaitable[None]]) -> None:
    """Run a follower until somebody interrupts it. Raises: click.ClickException where the service refuses it."""
    try:
        run_until_interrupted(run)
    except RefusedError as error:
        raise click.ClickException(str(error)) from error


def write_json(text: str, _message: dict[str, Any]) -> None:
    """Take a message as it came, one a line."""
    written(text)


@attrs.define(eq=False, kw_only=True)
class Following:
    """One follower: where it stands, and whom it tells.

    `take` gets each message as it came and as a value, exactly once and in order; `say` gets what people should know of
    the connection.
    """

    url: str
    topics: Collection[str] | None
    since: int | None
    token: str | None = attrs.field(default=None, repr=False)
    """What says who follows, where the service asks."""
    take: Callable[[str, dict[str, Any]], None]
    say: Callable[[str], None]
    _pauses: Iterator[float] = attrs.field(factory=pauses_s)

    async def run(self) -> None:
        """Follow until cancelled. Raises: RefusedError."""
        while True:
            try:
                await self._connect()
                reason = "the connection ended"
            except ConnectionRejected as error:
                if error.status_code in range(400, 500):
                    raise RefusedError(f"{self.url} refuses: status {error.status_code}") from error
                reason = f"status {error.status_code}"
            except trio.TooSlowError:
                reason = "no answer"
            except (HandshakeError, ConnectionClosed, OSError, trio.BrokenResourceError) as error:
                reason = away.reason(error)
                if isinstance(error, ConnectionClosed) and error.reason and error.reason.code == UNAUTHENTICATED:
                    raise RefusedError(asks_who(self.url, self.token)) from error
            pause_s = next(self._pauses)
            self.say(f"{self.url} is away ({reason}); trying again in {pause_s:.1f} s")
            await trio.sleep(pause_s)

    async def _connect(self) -> None:
        errors: list[Exception] = []
        # The library leaves the stream open when the server closes, so the stream is ours.
        async with await _dialed(self.url) as stream:
            try:
                async with trio.open_nursery() as nursery:
                    await self._speak(nursery, stream)
                    nursery.cancel_scope.cancel()
            except* Exception as group:  # noqa: BLE001 — raised again below, without the group
                errors += _leaves(group)
        if errors:
            raise errors[0]

    async def _speak(self, nursery: trio.Nursery, stream: Stream) -> None:
        parts = urlsplit(self.url)
        with trio.fail_after(CONNECT_LIMIT_S):
            socket = await wrap_client_stream(
                nursery,
                stream,
                parts.netloc.rpartition("@")[2],
                f"{parts.path.rstrip('/')}/ws",
                extra_headers=[(name.encode(), value.encode()) for name, value in shown(self.token).items()],
                max_message_size=MESSAGE_LIMIT_BYTES,
            )
        try:
            await self._follow(socket)
        finally:
            with trio.move_on_after(FAREWELL_S, shield=True):
                await socket.aclose()

    async def _follow(self, socket: WebSocketConnection) -> None:
        wanted: dict[str, Any] = {}
        if self.since is not None:
            wanted["since"] = self.since
        if self.topics is not None:
            wanted["topics"] = list(self.topics)
        await self._send(socket, "CONNECT", wanted)
        heartbeat_s = HEARTBEAT_S
        has_pinged = False
        while True:
            text: str | None = None
            with trio.move_on_after(heartbeat_s):
                text = str(await socket.get_message())
            if text is None:
                if has_pinged:
                    return
                has_pinged = True
                await self._send(socket, "PING", {})
                continue
            has_pinged = False
            message = msgspec.json.decode(text, type=dict[str, Any])
            if message["type"] == "WELCOME":
                heartbeat_s = max(SHORTEST_HEARTBEAT_S, float(message["payload"]["heartbeatSeconds"]))
                self._welcome(message["payload"])
            elif message["type"] == "ERROR":
                self._heed(message["payload"])
            elif message["type"] != "PONG":
                self._take(text, message)

    def _heed(self, error: dict[str, Any]) -> None:
        """A topic that is not allowed is no reason to give up the others."""
        if error["code"] == "UNAUTHENTICATED":
            raise RefusedError(asks_who(self.url, self.token))
        if error["code"] != "FORBIDDEN":
            raise RefusedError(error["message"])
        self.say(error["message"])

    def _welcome(self, payload: dict[str, Any]) -> None:
        self._pauses = pauses_s()
        if self.since is None:
            self.since = payload["seq"]
        self.say(f"following {self.url} from event {self.since}")

    def _take(self, text: str, message: dict[str, Any]) -> None:
        if message["type"] == "RESYNC":
            self.since = message["payload"]["newest"]
        elif message["type"] == "GOODBYE":
            self._pauses = chain([float(message["payload"]["retrySeconds"])], pauses_s())
        self.take(text, message)
        self.since = message.get("seq", self.since)

    async def _send(self, socket: WebSocketConnection, message_type: str, payload: dict[str, Any]) -> None:
        message = {"type": message_type, "payload": payload, "version": "1.0", "timestamp": datetime.now(UTC)}
        await socket.send_message(msgspec.json.encode(message).decode())


async def _dialed(url: str) -> Stream:
    parts = urlsplit(url)
    is_secure = parts.scheme in {"https", "wss"}
    if not parts.hostname or parts.scheme not in {"http", "ws", "https", "wss"}:
        raise RefusedError(f"{url} is no address such as http://127.0.0.1:8000")
    port = parts.port or (443 if is_secure else 80)
    with trio.fail_after(CONNECT_LIMIT_S):
        plain = await trio.open_tcp_stream(parts.hostname, port)
        if not is_secure:
            return plain
        stream = trio.SSLStream(
            plain, ssl.create_default_context(), server_hostname=parts.hostname, https_compatible=True
        )
        # Left to the first byte, what TLS refuses would be lost in the library's own task, and take the whole limit.
        try:
            await stream.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


def _leaves(group: BaseExceptionGroup[Exception]) -> list[Exception]:
    leaves: list[Exception] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves
