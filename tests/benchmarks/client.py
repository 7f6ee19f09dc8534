"""A client of HTTP/1.1 that does as little as can be, so that it is not what is measured."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
import msgspec
import trio

READ_BYTES = 256 * 1024
LIMIT_S = 60


@attrs.frozen(kw_only=True)
class Question:
    """One request."""

    target: str
    method: str = "GET"
    body: Any = None
    headers: Mapping[str, str] = attrs.field(factory=dict)

    def packed(self, host: str) -> bytes:
        """As it goes over the line."""
        content = b"" if self.body is None else msgspec.json.encode(self.body)
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content


@attrs.frozen(kw_only=True)
class Reply:
    """What came back."""

    head: bytes
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    def header(self, name: bytes) -> str:
        """The value of one header that is there."""
        for line in self.head.split(b"\r\n")[1:]:
            found, _, value = line.partition(b":")
            if found.lower() == name:
                return value.strip().decode()
        raise KeyError(name)


@attrs.frozen(kw_only=True)
class Line:
    """One connection that stays open."""

    _stream: trio.SocketStream
    _host: str

    async def ask(self, question: Question) -> Reply:
        """Ask, and take the whole answer, which must be a good one with a length."""
        await self._stream.send_all(question.packed(self._host))
        head = b""
        while b"\r\n\r\n" not in head:
            head += await self._received()
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise RuntimeError(f"{question}: {head!r} {body[:500]!r}")
        reply = Reply(head=head, body=b"")
        length = int(reply.header(b"content-length"))
        pieces, received = [body], len(body)
        while received < length:
            pieces.append(await self._received())
            received += len(pieces[-1])
        return attrs.evolve(reply, body=b"".join(pieces))

    async def _received(self) -> bytes:
        data = await self._stream.receive_some(READ_BYTES)
        if not data:
            raise RuntimeError("the server hung up")
        return bytes(data)


@asynccontextmanager
async def line(address: str) -> AsyncIterator[Line]:
    """A connection to an address such as `http://127.0.0.1:8000`, for a minute at most."""
    parts = urlsplit(address)
    with trio.fail_after(LIMIT_S):
        async with await trio.open_tcp_stream(parts.hostname or "", parts.port or 80) as stream:
            yield Line(stream=stream, host=parts.netloc)
