"""A client of the live feed that leaves in every way there is and comes back on any transport, and what it must have heard.

Bytes by hand, no library of WebSocket in between.
"""

import contextlib
import json
import socket
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol

import attrs
import h11
import trio

from actors.model.event import TOPIC_OF_TYPE, NewEvent
from actors.model.user import LOCAL_CALLER
from tests.web.live.conftest import Stream

Transport = Literal["socket", "events", "lines"]
Ending = Literal["clean", "reset", "torn"]
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = b"\x00\x00\x00\x00"
CLOSE = b"\x88\x82" + MASK + (1000).to_bytes(2, "big")
TEXT, ENDS = 0x81, 0x88
LIMIT_S = 20
SAID_BYTES = 300
"""So much of spaces too, so that one form of length does."""

LAST = {
    "tracks": "TRACK_REMOVED",
    "progress": "SCAN_UPDATE",
    "player": "VALIDATION_UPDATE",
    "supervision": "SUPERVISION_EVENT",
}
"""A type of each topic, in the order of the topics' last events."""

Message = dict[str, Any]


def last_events() -> list[NewEvent]:
    """One for each topic, by which its followers know that they have heard all."""
    return [
        NewEvent(type=kind, payload={"last": topic}, owner=LOCAL_CALLER.user_id if topic == "player" else None)
        for topic, kind in LAST.items()
    ]


class Line(Protocol):
    """One connection."""

    @property
    def code(self) -> int | None:
        """With which the other side closed; None where there is none, or not yet."""
        ...

    async def next(self) -> Message | None:
        """The next message; None at the end."""
        ...

    async def leave(self, ending: Ending) -> None:
        """Say goodbye, or leave in the middle of a sentence."""
        ...


class SocketLine:
    """`/ws`, frame by frame."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.code: int | None = None
        """Of the close, when it has come."""
        self._stream = stream
        self._buffer = bytearray()

    async def begin(self, since: int | None, topics: tuple[str, ...]) -> None:
        """Shake hands and CONNECT."""
        await self._stream.send_all(HANDSHAKE)
        while b"\r\n\r\n" not in self._buffer:
            await self._more()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self._buffer = rest
        payload = {"topics": topics} | ({} if since is None else {"since": since})
        text = json.dumps({"type": "CONNECT", "payload": payload, "version": "1.0"}).encode().ljust(SAID_BYTES)
        await self._stream.send_all(bytes([0x81, 0xFE]) + struct.pack("!H", len(text)) + MASK + text)

    async def next(self) -> Message | None:
        """The next message; None at the close."""
        opcode, size = await self._take(2)
        if size >= 126:
            size = int.from_bytes(await self._take(2 if size == 126 else 8), "big")
        payload = await self._take(size)
        if opcode == ENDS:
            self.code = int.from_bytes(payload[:2], "big")
            return None
        assert opcode == TEXT, opcode
        message: Message = json.loads(payload)
        return message

    async def leave(self, ending: Ending) -> None:
        """By a closing frame, or with half a frame said."""
        with contextlib.suppress(trio.BrokenResourceError):
            if ending == "clean":
                await self._stream.send_all(CLOSE)
            elif ending == "torn":
                await self._stream.send_all(b"\x81\xfe\x10")

    async def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._more()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _more(self) -> None:
        data = await self._stream.receive_some()
        if not data:
            raise trio.BrokenResourceError
        self._buffer += data


class StreamLine:
    """Server-Sent Events, or lines of JSON."""

    code = None

    def __init__(self, stream: trio.SocketStream) -> None:
        self._plain = stream
        self._stream = Stream(stream)

    async def begin(self, path: str, since: int | None, topics: tuple[str, ...]) -> int:
        """Ask; gives the number to go on from."""
        headers = {} if since is None else {"Last-Event-ID": str(since)}
        await self._stream.ask("127.0.0.1", f"{path}?topics={','.join(topics)}", headers)
        if self._stream.status != 200:
            raise trio.BrokenResourceError
        return int(self._stream.headers["last-event-id"]) if since is None else since

    async def next(self) -> Message | None:
        """The next message; None at the end of the answer."""
        found = await self._stream.messages(1)
        return found[0] if found else None

    async def leave(self, ending: Ending) -> None:
        """With its end of the connection closed first, or not."""
        if ending == "torn":
            with contextlib.suppress(trio.BrokenResourceError):
                await self._plain.send_eof()


@attrs.frozen(kw_only=True)
class Leg:
    """One connection: how, to which server, and after how many messages it ends how."""

    transport: Transport
    node: int
    most: int
    ending: Ending


@attrs.frozen
class Heard:
    """An event, or with `resync` the number that it names."""

    message: Message
    resync: int | None = None


@attrs.define(eq=False)
class Follower:
    """Where one client stands, and all that it was told."""

    topics: tuple[str, ...]
    seen: int | None
    """Number of the last event; None before the first connection of one who wants to hear only what is new."""
    pruned: Callable[[], int]
    """The newest number that may be gone from the log."""
    heard: list[Heard] = attrs.field(factory=list)
    begun: int | None = None
    """The number that it began behind."""
    is_done: bool = False
    """The last event of its topics has come."""
    farewells: list[float] = attrs.field(factory=list)
    """After how many seconds each GOODBYE told it to come back."""
    codes: list[int] = attrs.field(factory=list)
    """With which the other side closed."""

    async def go(self, port: int, leg: Leg) -> None:
        """One connection to its end, however it ends."""
        with contextlib.suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                with trio.fail_after(LIMIT_S):
                    line = await self._begin(stream, leg.transport)
                for _ in range(leg.most):
                    with trio.fail_after(LIMIT_S):
                        if self.is_done or (message := await line.next()) is None:
                            break
                    self._take(message)
                if line.code is not None:
                    self.codes.append(line.code)
                await line.leave(leg.ending)
                if leg.ending == "reset":
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def _begin(self, stream: trio.SocketStream, transport: Transport) -> Line:
        if transport == "socket":
            line = SocketLine(stream)
            await line.begin(self.seen, self.topics)
            welcome = await line.next()
            assert welcome is not None
            if welcome["type"] == "WELCOME":
                self._start(welcome["payload"]["seq"])
            return line
        streamed = StreamLine(stream)
        path = "/api/v1/events" if transport == "events" else "/api/v1/events.ndjson"
        self._start(await streamed.begin(path, self.seen, self.topics))
        return streamed

    def _start(self, number: int) -> None:
        self.seen = number if self.seen is None else self.seen
        self.begun = self.seen if self.begun is None else self.begun

    def _take(self, message: Message) -> None:
        if message["type"] == "RESYNC":
            assert self.seen is not None
            assert self.seen < self.pruned(), "history is gone, so it is said, but it is not"
            self.heard.append(Heard(message, message["payload"]["newest"]))
            self.seen = message["payload"]["newest"]
        elif "seq" in message:
            self.heard.append(Heard(message))
            self.seen = message["seq"]
            self.is_done = message["payload"].get("last") == self.topics[-1]
        elif message["type"] == "GOODBYE":
            self.farewells.append(message["payload"]["retrySeconds"])
        else:
            assert message["type"] in {"ERROR", "PROGRESS_UPDATE"}, message


def check(follower: Follower, told: list[Any]) -> None:
    """What it heard is what was logged: no event is missing that no RESYNC tells of, none comes twice, each is as it was logged.

    Args:
        follower: one who has heard the last event of its topics.
        told: rows of the log, from the number that it began behind, also those that are pruned by now.
    """
    assert follower.begun is not None
    at = follower.begun
    wanted = [row for row in told if row["seq"] > at and _is_for(row, follower.topics)]
    for heard in follower.heard:
        if heard.resync is not None:
            assert heard.resync >= at
            at = heard.resync
            continue
        row = next(row for row in wanted if row["seq"] > at)
        message = dict(heard.message)
        assert datetime.fromisoformat(message.pop("timestamp")) == row["at"]
        assert message == {
            "type": row["type"],
            "payload": row["payload"],
            "requestId": None,
            "version": "1.0",
            "seq": row["seq"],
        }
        at = row["seq"]
    assert follower.heard[-1].message["payload"].get("last") == follower.topics[-1]


def _is_for(row: Any, topics: tuple[str, ...]) -> bool:
    return TOPIC_OF_TYPE[row["type"]] in topics and row["owner"] in {None, LOCAL_CALLER.user_id}
