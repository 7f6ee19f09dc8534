"""One request of an HTTP/2 connection and its answer: the two ends of ASGI over one stream. The app has a task of its own."""

from typing import Protocol

import trio

from web.serving.answer import Answer, Message
from web.serving.inlet import SILENCE_LIMIT_S
from web.serving.refused import RefusedError
from web.serving.request import Request
from web.serving.response import Headers, has_no_body, lines

LEFT: Message = {"type": "http.disconnect"}
_OF_CONNECTION = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"})
"""What HTTP/2 says by its frames (RFC 9113, 8.2.2). Let through, it would be refused in the midst of a head, and spoil all that follow."""


class Frames(Protocol):
    """The connection, as its streams see it. None of these fails: where the stream is gone, nothing happens."""

    def send_head(self, number: int, head: list[tuple[bytes, bytes]], *, is_last: bool) -> None:
        """Send the head of an answer."""
        ...

    async def send_some(self, number: int, data: memoryview, *, is_last: bool) -> int | None:
        """Send what the peer takes of it, at least something, when there is room; None where it took nothing for long."""
        ...

    def has_taken(self, number: int, size_bytes: int) -> None:
        """Let the peer send so much more."""
        ...

    def reset(self, number: int) -> None:
        """Break the stream off: half an answer is out."""
        ...


class Stream(Answer):
    """What an app is given for one request.

    When the peer is gone or too slow, `receive` says so and `send` does nothing more: the app ends as it likes.
    """

    def __init__(self, number: int, request: Request, frames: Frames, *, heard_at: float, common: Headers) -> None:
        super().__init__()
        self.number = number
        self.request = request
        self.heard_at = heard_at
        self.has_stalled = False
        """It was broken off because its peer took nothing."""
        self.is_gone = False
        """The peer, or the connection, is of no more use."""
        self.is_whole = request.length == 0
        """All of the body has come in."""
        self.refused: RefusedError | None = None
        """Why the rest of the body will not be read."""
        self._frames = frames
        self._common = common
        self._body = bytearray()
        """What has come and waits; in one, since a piece of a byte would cost a hundred."""
        self._held_bytes = 0
        """So much of the peer's window that took."""
        self._changed = trio.Event()
        self._waits_to_go_on = request.waits_to_go_on
        self._is_read = False
        self._is_head_out = False

    def take(self, data: bytes, size_bytes: int) -> None:
        """A piece of the body has come, which cost so much of the peer's window; with what was only padding it may be empty."""
        if data:
            self._body += data
            self._held_bytes += size_bytes
            self._tell()
        else:
            self._frames.has_taken(self.number, size_bytes)

    def complete(self) -> None:
        """The body has come to its end."""
        self.is_whole = True
        self._tell()

    def leave(self) -> None:
        """The peer wants no more of it, or is gone."""
        self.is_gone = True
        self._tell()

    def forget(self) -> int:
        """Drop what waits of the body; gives how much of the window it held."""
        self._body.clear()
        held_bytes, self._held_bytes = self._held_bytes, 0
        return held_bytes

    async def receive(self) -> Message:
        """ASGI: the next part of the body; when there is no more, the peer's leaving, or the end of the answer."""
        await trio.lowlevel.checkpoint()
        if not self._is_read:
            return await self._read()
        while not (self.is_gone or self.is_answered):
            await self._changed.wait()
        return LEFT

    async def _read(self) -> Message:
        if self._waits_to_go_on and not self._body and not self.has_begun and not self.is_gone:
            self._frames.send_head(self.number, [(b":status", b"100")], is_last=False)
        self._waits_to_go_on = False
        with trio.move_on_after(SILENCE_LIMIT_S) as patience:
            while not (self._body or self.is_whole or self.is_gone or self.is_answered or self.refused):
                await self._changed.wait()
        if patience.cancelled_caught:
            self.refused = RefusedError(408, f"Nothing of the body came for {SILENCE_LIMIT_S:g} s")
        if self.refused or self.is_gone or self.is_answered:
            return LEFT
        data = bytes(self._body)
        if held_bytes := self.forget():
            self._frames.has_taken(self.number, held_bytes)
        self._is_read = self.is_whole
        return {"type": "http.request", "body": data, "more_body": not self._is_read}

    async def _send_body(self, start: Message, body: bytes, *, is_last: bool) -> None:
        carries_body = not has_no_body(start["status"], self.request.method)
        rest = memoryview(body if carries_body else b"")
        ends_with_head = is_last and not rest
        if not self._is_head_out and not self.is_gone:
            self._is_head_out = True
            self._frames.send_head(self.number, self._head(start, len(rest), is_last=is_last), is_last=ends_with_head)
            if ends_with_head:
                self._finish()
        while not (self.is_gone or self.is_answered) and (rest or is_last):
            sent = await self._frames.send_some(self.number, rest, is_last=is_last)
            if sent is None:
                self.has_stalled = not self.is_gone
                self._frames.reset(self.number)
                self.leave()
                return
            rest = rest[sent:]
            if is_last and not rest:
                self._finish()
        await trio.lowlevel.checkpoint()  # not before the body: head and body are one write

    def _head(self, start: Message, body_bytes: int, *, is_last: bool) -> list[tuple[bytes, bytes]]:
        headers = [(name.lower(), value) for name, value in start.get("headers", ())]
        headers = [pair for pair in headers if pair[0] not in _OF_CONNECTION]
        if is_last and body_bytes and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % body_bytes))
        lines(headers)  # refuses, as over HTTP/1.1, what h2 lets through: CR, LF and NUL
        return [(b":status", b"%d" % start["status"]), *headers, *self._common]

    def _finish(self) -> None:
        self.is_answered = True
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
