"""WebSocket (RFC 6455) on one connection: the handshake, and ASGI's messages. Frames are wsproto's; no extension is offered."""

import base64
import binascii
import hashlib
from typing import Any

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from actors.config import SECONDS
from web.serving.inlet import Inlet
from web.serving.line import Line
from web.serving.refused import RefusedError
from web.serving.request import Request
from web.serving.response import Headers, head

GOODBYE_S = 2 * SECONDS
"""So long the peer's own close is waited for."""
ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = b"13"

Message = dict[str, Any]


def accept_key(request: Request) -> bytes:
    """The answer to a handshake's key (RFC 6455, 4.2.2).

    Raises:
        RefusedError: the request is no handshake of version 13.
    """
    values: dict[bytes, list[bytes]] = {}
    for name, value in request.headers:
        values.setdefault(name, []).append(value)
    if request.has_body:
        raise RefusedError(400, "A handshake has no body")
    if values.get(b"sec-websocket-version") != [VERSION]:
        raise RefusedError(400, "The version of WebSocket must be 13")
    keys = values.get(b"sec-websocket-key", [])
    try:
        is_key = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16  # bytes
    except binascii.Error:
        is_key = False
    if not is_key:
        raise RefusedError(400, "Sec-WebSocket-Key must be 16 bytes in base64")
    return base64.b64encode(hashlib.sha1(keys[0] + ACCEPT_GUID, usedforsecurity=False).digest())


def subprotocols(request: Request) -> list[str]:
    """What the client offers, in its order."""
    values = [value for name, value in request.headers if name == b"sec-websocket-protocol"]
    return [word.strip().decode("latin-1") for value in values for word in value.split(b",")]


class Socket:
    """The two ends of ASGI for one WebSocket. A message above `most_bytes` closes it with 1009. The app has to receive: pings are answered, and the peer's close is seen, only then."""

    def __init__(self, inlet: Inlet, line: Line, *, accept: bytes, common: Headers, most_bytes: int) -> None:
        self.is_accepted = False
        self.is_over = False
        """Neither side sends anything more."""
        self.refusal: Message | None = None
        """The start of an answer that is no 101."""
        self._inlet = inlet
        self._line = line
        self._accept = accept
        self._most_bytes = most_bytes
        self._common = common
        self._frames = Connection(ConnectionType.SERVER)
        self._parts: list[str] | list[bytes] = []
        self._size_bytes = 0
        self._is_connected = False
        self._waiting: list[Message] = []
        self._left_code = 1006
        self._has_said_close = False

    async def receive(self) -> Message:
        """ASGI: the connection, then messages, at last the disconnection."""
        if not self._is_connected:
            self._is_connected = True
            await trio.lowlevel.checkpoint()
            return {"type": "websocket.connect"}
        while not self._waiting and not self.is_over:
            await self._hear()
        await trio.lowlevel.checkpoint()
        if self._waiting:
            return self._waiting.pop(0)
        return {"type": "websocket.disconnect", "code": self._left_code, "reason": None}

    async def send(self, message: Message) -> None:
        """ASGI: accept or refuse, messages, close. After the end nothing is sent."""
        kind = message["type"]
        if kind == "websocket.accept" and not self.is_accepted:
            await self._write(self._handshake(message))
            self.is_accepted = True
        elif kind == "websocket.send" and self.is_accepted:
            text = message.get("text")
            data = TextMessage(data=text) if text is not None else BytesMessage(data=message["bytes"])
            await self._say(data)
        elif kind == "websocket.close" and self.is_accepted:
            await self._say(CloseConnection(code=message.get("code", 1000), reason=message.get("reason") or None))
            self._has_said_close = True
        elif kind in {"websocket.close", "websocket.http.response.start", "websocket.http.response.body"}:
            await self._refuse(message)
        else:
            raise RuntimeError(f"not now: {kind!r}")

    async def finish(self, code: int) -> None:
        """Behind the app: close with this code if it did not, and wait a little for the peer's own close."""
        if not self.is_accepted or self.is_over:
            return
        if not self._has_said_close:
            await self._say(CloseConnection(code=code))
        with trio.move_on_after(GOODBYE_S):
            while not self.is_over:
                await self._hear()
                self._waiting.clear()

    def _handshake(self, message: Message) -> bytes:
        headers = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade"), (b"sec-websocket-accept", self._accept)]
        if (chosen := message.get("subprotocol")) is not None:
            headers.append((b"sec-websocket-protocol", chosen.encode("latin-1")))
        return head(101, [*headers, *message.get("headers", ()), *self._common])

    async def _refuse(self, message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            self.refusal = message
            await trio.lowlevel.checkpoint()
            return
        start = self.refusal or {"status": 403, "headers": [], "type": ""}
        body = message.get("body", b"")
        if not self.is_over:
            headers = [(bytes(name).lower(), bytes(value)) for name, value in start.get("headers", ())]
            headers = [pair for pair in headers if pair[0] not in {b"content-length", b"connection"}]
            headers += [(b"content-length", b"%d" % len(body)), (b"connection", b"close"), *self._common]
            await self._write(head(start["status"], headers) + body)
        self.refusal, self.is_over = start, True

    async def _say(self, event: Any) -> None:
        if self.is_over:
            await trio.lowlevel.checkpoint()
            return
        try:
            data = self._frames.send(event)
        except LocalProtocolError:
            await trio.lowlevel.checkpoint()  # the peer has said close meanwhile
            return
        if isinstance(event, CloseConnection):
            self._line.has_said_all = True
        await self._write(data)

    async def _hear(self) -> None:
        """Wait for bytes, and do what their frames ask for."""
        data = bytes(self._inlet.buffer) or await self._next_bytes()
        self._inlet.buffer.clear()
        if not data:
            self.is_over = True
            return
        self._frames.receive_data(data)
        try:
            for event in self._frames.events():
                await self._take(event)
                # Thousands of frames may have come at once, each of which costs what a request does.
                await trio.lowlevel.checkpoint()
        except RemoteProtocolError as error:
            # The closing frame that the error suggests says why (1002, 1007).
            self._left_code = int(getattr(error.event_hint, "code", 1002) or 1002)
            await self._say(error.event_hint or CloseConnection(code=1002))
            self.is_over = True

    async def _next_bytes(self) -> bytes:
        await self._inlet.more()
        return bytes(self._inlet.buffer)

    async def _take(self, event: Any) -> None:
        match event:
            case TextMessage() | BytesMessage():
                await self._gather(event)
            case Ping():
                await self._say(event.response())
            case CloseConnection(code=code):
                self._left_code = int(code or 1005)
                try:
                    if not self._has_said_close:
                        await self._say(event.response())
                finally:
                    self.is_over = True

    async def _gather(self, event: TextMessage | BytesMessage) -> None:
        self._size_bytes += len(event.data) if isinstance(event, BytesMessage) else len(event.data.encode())
        if self._size_bytes > self._most_bytes:
            self._left_code = 1009
            await self._say(CloseConnection(code=1009, reason="message too long"))
            self.is_over = True
            return
        if event.data:  # empty parts have no bound
            self._parts.append(event.data)  # type: ignore[arg-type]  # the parts of one message are of one kind
        if event.message_finished:
            is_text = isinstance(event, TextMessage)
            whole: Any = "".join(self._parts) if is_text else b"".join(self._parts)  # type: ignore[arg-type]
            self._parts, self._size_bytes = [], 0
            text, data = (whole, None) if is_text else (None, whole)
            self._waiting.append({"type": "websocket.receive", "text": text, "bytes": data})

    async def _write(self, data: bytes) -> None:
        try:
            await self._line.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.is_over = True
