"""Bodies in chunks (RFC 9112, 7.1): bytes in, bytes out. Pure.

Line endings are CRLF and nothing else, sizes are hexadecimal digits and nothing else; extensions and trailers are bounded and dropped.
"""

import re

from actors.config import KIB
from web.serving.refused import RefusedError

LINE_BYTES = 1 * KIB
"""A chunk's size with its extensions, and each line of the trailer."""
TRAILER_BYTES = 16 * KIB
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_FIELD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ \t]*(?:[^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?[ \t]*")


class Chunked:
    """Decodes one body. `is_over` once its last line was read; what follows stays in the buffer."""

    __slots__ = ("_left", "_trailer_bytes", "_waits_for", "is_over")

    def __init__(self) -> None:
        self.is_over = False
        self._left = 0
        self._trailer_bytes = 0
        self._waits_for = self._size

    def take(self, buffer: bytearray) -> bytes:
        """Remove what can be read from the front of the buffer, and give the body's bytes in it; none when more must come first.

        Raises:
            RefusedError: malformed.
        """
        parts = []
        while not self.is_over:
            if self._left:
                part = bytes(buffer[: self._left])
                if not part:
                    break
                del buffer[: len(part)]
                self._left -= len(part)
                parts.append(part)
                if not self._left:
                    self._waits_for = self._end_of_chunk
            elif not self._waits_for(buffer):
                break
        return b"".join(parts)

    def _line(self, buffer: bytearray) -> bytes | None:
        end = buffer.find(b"\n", 0, LINE_BYTES)
        if end < 0:
            if len(buffer) >= LINE_BYTES:
                raise RefusedError(400, "A line of the chunked body is too long")
            return None
        if end == 0 or buffer[end - 1] != 13:
            raise RefusedError(400, "A line of the chunked body does not end with CRLF")
        line = bytes(buffer[: end - 1])
        del buffer[: end + 1]
        return line

    def _size(self, buffer: bytearray) -> bool:
        line = self._line(buffer)
        if line is None:
            return False
        found = _SIZE.fullmatch(line)
        if found is None:
            raise RefusedError(400, "A chunk's size is malformed")
        self._left = int(found[1], 16)
        if self._left == 0:
            self._waits_for = self._trailer
        return True

    def _end_of_chunk(self, buffer: bytearray) -> bool:
        if len(buffer) < 2:
            if buffer and buffer[0] != 13:
                raise RefusedError(400, "A chunk is longer than it said")
            return False
        if buffer[:2] != b"\r\n":
            raise RefusedError(400, "A chunk is longer than it said")
        del buffer[:2]
        self._waits_for = self._size
        return True

    def _trailer(self, buffer: bytearray) -> bool:
        line = self._line(buffer)
        if line is None:
            return False
        if not line:
            self.is_over = True
            return True
        self._trailer_bytes += len(line)
        if self._trailer_bytes > TRAILER_BYTES:
            raise RefusedError(431, f"A trailer has at most {TRAILER_BYTES} bytes")
        if not _FIELD.fullmatch(line):
            raise RefusedError(400, "A line of the trailer is malformed")
        return True
