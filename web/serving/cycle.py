"""One request and its answer: the two ends of ASGI over one connection. The app is called in the connection's own task."""

from collections.abc import Callable

import trio

from web.serving.answer import Answer, Message
from web.serving.chunked import Chunked
from web.serving.inlet import Inlet
from web.serving.line import Line
from web.serving.refused import RefusedError
from web.serving.request import Request
from web.serving.response import GO_ON, Headers, has_no_body, head

LEFT: Message = {"type": "http.disconnect"}


class Cycle(Answer):
    """What an app is given for one request.

    When the peer is gone or too slow, `receive` says so and `send` does nothing more: the app ends as it likes.
    """

    def __init__(
        self, request: Request, inlet: Inlet, line: Line, *, common: Headers, ends: Callable[[], bool]
    ) -> None:
        super().__init__()
        self.request = request
        self.is_broken = False
        """The connection is of no more use."""
        self.refused: RefusedError | None = None
        """Why the rest of the body will not be read."""
        self.ends_with_line = False
        """Nothing but the end of the connection marks the end of the body."""
        self._inlet = inlet
        self._line = line
        self._common = common
        self._ends = ends
        self._body_left: int | Chunked = Chunked() if request.length is None else request.length
        self._waits_to_go_on = request.waits_to_go_on
        self._listening: trio.CancelScope | None = None
        self._is_first = True
        self._is_head_out = False
        self._carries_body = True
        self._is_chunked = False
        self._length_left: int | None = None
        self.closes = not request.keeps_alive
        """The connection ends behind this answer."""

    @property
    def is_read(self) -> bool:
        """Whether the whole body was taken."""
        return self._body_left.is_over if isinstance(self._body_left, Chunked) else self._body_left == 0

    async def receive(self) -> Message:
        """ASGI: the next part of the body; when there is no more, the peer's leaving, or the end of the answer."""
        if self.refused is not None or self.is_broken or self.is_answered:
            await trio.lowlevel.checkpoint()
            return LEFT
        if self._is_first or not self.is_read:
            return await self._read()
        self._listening = trio.CancelScope()
        with self._listening:
            await self._inlet.until_left()
            self.is_broken = True
        return LEFT

    async def _read(self) -> Message:
        self._is_first = False
        data = b""
        if not self.is_read:
            if self._waits_to_go_on and not self._inlet.buffer and not self.has_begun:
                self._waits_to_go_on = False
                await self._write(GO_ON)
            try:
                data = await self._inlet.body(self._body_left)
            except RefusedError as error:
                self.refused, self.closes = error, True
                return LEFT
            except EOFError:
                self.is_broken = True
                return LEFT
            if not isinstance(self._body_left, Chunked):
                self._body_left -= len(data)
        return {"type": "http.request", "body": data, "more_body": not self.is_read}

    async def skip(self) -> int:
        """Read past some of a body that the app left; gives how many bytes. Afterwards `is_read`, `refused` or `is_broken` may hold."""
        message = await self._read()
        if message is LEFT:
            self.closes = True
        return len(message.get("body", b""))

    async def _send_body(self, start: Message, body: bytes, *, is_last: bool) -> None:
        begins = b""
        if not self._is_head_out:
            begins = self._head(start, body, is_last=is_last)
            self._is_head_out = True
        if not self._carries_body:
            framed = b""
        elif self._is_chunked:
            framed = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"0\r\n\r\n" if is_last else b"")
        else:
            framed = self._measured(body, is_last=is_last)
        self.is_answered = is_last
        if begins or framed:
            await self._write(begins + framed, is_last=is_last)
        else:
            await trio.lowlevel.checkpoint()
        if is_last and self._listening is not None:
            self._listening.cancel()

    def _head(self, start: Message, body: bytes, *, is_last: bool) -> bytes:
        headers = [(name.lower(), value) for name, value in start.get("headers", ())]
        names = dict(headers)
        status = start["status"]
        self._carries_body = not has_no_body(status, self.request.method)
        if b"content-length" in names:
            self._length_left = int(names[b"content-length"])
        elif self._carries_body and is_last:
            self._length_left = len(body)
            headers.append((b"content-length", b"%d" % len(body)))
        elif self._carries_body and self.request.is_1_0:
            self.closes = self.ends_with_line = True
        elif self._carries_body:
            self._is_chunked = True
            headers.append((b"transfer-encoding", b"chunked"))
        if b"close" in names.get(b"connection", b"").lower() or self._ends() or not self._can_go_on():
            self.closes = True
        if self.closes and b"connection" not in names:
            headers.append((b"connection", b"close"))
        elif self.request.is_1_0 and not self.closes:
            headers.append((b"connection", b"keep-alive"))
        return head(status, [*headers, *self._common])

    def _can_go_on(self) -> bool:
        """Whether the next request can be found behind this one: not if its body was never asked for."""
        return self.is_read or not self._waits_to_go_on

    def _measured(self, body: bytes, *, is_last: bool) -> bytes:
        if self._length_left is not None:
            self._length_left -= len(body)
            if self._length_left < 0 or (is_last and self._length_left):
                self.is_broken = True  # only a broken connection can still tell
                raise RuntimeError("the body is not as long as its Content-Length")
        return body

    async def _write(self, data: bytes, *, is_last: bool = False) -> None:
        if self.is_broken:
            await trio.lowlevel.checkpoint()
            return
        try:
            await (self._line.send(data) if is_last else self._line.send_all(data))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.is_broken = True
            if self._listening is not None:
                self._listening.cancel()
