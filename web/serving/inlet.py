"""What comes in over one connection: heads, bodies, and the peer's leaving, each within its time. Knows no app."""

import trio

from actors.config import KIB, SECONDS
from web.serving.chunked import Chunked
from web.serving.line import Line
from web.serving.refused import RefusedError
from web.serving.request import END, TARGET_BYTES

HEAD_LIMIT_S = 10 * SECONDS
"""From the first byte of a head to its last."""
SILENCE_LIMIT_S = 15 * SECONDS
"""Between two pieces of a body."""
HALF_CLOSED_S = 1 * SECONDS
"""A peer that has said its last word may still read so long; then it is taken to have left.

Closing and half-closing look alike until something is written, and most who do either are gone: their statements and places would be
held for up to 30 s.
"""
READ_BYTES = 64 * KIB
HEAD_BYTES = 64 * KIB
AHEAD_BYTES = 64 * KIB
"""So much of further requests is taken in while one is being answered."""


PREFACE = b"PRI * HTTP/2.0\r\n\r\n"
"""How HTTP/2 begins for those who know that it is understood (RFC 9113, 3.4)."""


class HandOverError(Exception):
    """The peer speaks HTTP/2, see `Streams`; `read` holds the bytes that those need first."""

    def __init__(self, read: bytes) -> None:
        super().__init__("HTTP/2")
        self.read = read


class Inlet:
    """The bytes of one connection that were not used yet. One task at a time may read."""

    def __init__(self, line: Line, *, head_limit_s: float = HEAD_LIMIT_S, head_bytes: int = HEAD_BYTES) -> None:
        self._line = line
        self._head_limit_s = head_limit_s
        self._head_bytes = head_bytes
        self.buffer = bytearray()
        self.has_ended = False
        """The peer will send nothing more."""

    async def first_byte(self) -> bool:
        """Wait until the next head begins; False when the peer left before."""
        if self.buffer:
            # Others have their turn between requests that came together.
            await trio.lowlevel.checkpoint()
        while self._strip() and not self.has_ended:
            await self.more(is_awaited=True)
        return bool(self.buffer)

    async def next_head(self) -> bytes | None:
        """The bytes of the head that has begun, or None when the peer left within it.

        Raises:
            RefusedError: what came is no head, is too large, or came too slowly.
            HandOverError: HTTP/2 begins.
        """
        if END not in self.buffer:
            with trio.move_on_after(self._head_limit_s) as limit:
                await self._rest_of_head()
            if limit.cancelled_caught:
                raise RefusedError(408, f"A head must be complete within {self._head_limit_s:g} s")
        head = self._head()
        if head == PREFACE:
            raise HandOverError(head + self.buffer)
        return head

    async def body(self, length: int | Chunked) -> bytes:
        """The next bytes of a body of which `length` are missing; empty at the end of one in chunks.

        Raises:
            RefusedError: malformed, or silent for `SILENCE_LIMIT_S`.
            EOFError: the peer left before its end.
        """
        with trio.move_on_after(SILENCE_LIMIT_S):
            while True:
                if isinstance(length, Chunked):
                    data = length.take(self.buffer)
                    if data or length.is_over:
                        return data
                elif self.buffer:
                    data = bytes(self.buffer[:length])
                    del self.buffer[: len(data)]
                    return data
                if not await self.more():
                    raise EOFError
        raise RefusedError(408, f"Nothing of the body came for {SILENCE_LIMIT_S:g} s")

    async def until_left(self) -> None:
        """Wait until the peer is gone. What it sends meanwhile, such as further requests, is kept up to a bound."""
        while len(self.buffer) < AHEAD_BYTES:
            if not await self.more():
                await trio.sleep(HALF_CLOSED_S)
                return
        await trio.sleep_forever()

    def _strip(self) -> bool:
        """Drop empty lines before a request (RFC 9112, 2.2); whether nothing is left."""
        while self.buffer[:2] == b"\r\n":
            del self.buffer[:2]
        return not self.buffer or self.buffer == b"\r"

    async def _rest_of_head(self) -> None:
        searched = 0
        while self.buffer.find(END, searched) < 0:
            self._refuse_early()
            searched = max(0, len(self.buffer) - len(END) + 1)
            if not await self.more():
                return

    def _head(self) -> bytes | None:
        """The head, taken out of the buffer; None where the peer left before its end."""
        end = self.buffer.find(END)
        if end < 0:
            return None
        if end + len(END) > self._head_bytes:
            raise RefusedError(431, f"A head has at most {self._head_bytes} bytes")
        head = bytes(self.buffer[: end + len(END)])
        del self.buffer[: len(head)]
        return head

    def _refuse_early(self) -> None:
        """Refuse what cannot become a head, without waiting for an end that may never come."""
        if self.buffer[0] <= 0x20 or self.buffer[0] >= 0x7F:
            raise RefusedError(400, "This is no request")
        line_end = self.buffer.find(b"\n", 0, TARGET_BYTES + 64)
        if line_end < 0 and len(self.buffer) > TARGET_BYTES + 64:
            raise RefusedError(414, f"An address has at most {TARGET_BYTES} bytes")
        if line_end >= 0 and (line_end == 0 or self.buffer[line_end - 1] != 13):
            raise RefusedError(400, "Lines must end with CRLF")
        if len(self.buffer) > self._head_bytes:
            raise RefusedError(431, f"A head has at most {self._head_bytes} bytes")

    async def more(self, *, is_awaited: bool = False) -> bool:
        """Wait for bytes; False at the peer's end. `is_awaited`: they have hardly come yet."""
        if self.has_ended:
            return False
        try:
            receive = self._line.receive_next if is_awaited else self._line.receive_some
            data = await receive(READ_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        self.buffer += data
        self.has_ended = not data
        return bool(data)
