"""Files from the disk as bodies of answers: read off the event loop, in bounded pieces, whatever their size."""

import os
import stat
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import trio
from quart.wrappers.response import ResponseBody

from actors.config import KIB
from web.ranges import Span

PIECE_BYTES = 256 * KIB
"""So much of a file is in memory for one client."""

_readers = trio.CapacityLimiter(16)


class ShortFileError(Exception):
    """A file became shorter while it was sent: the answer cannot be finished."""


class OpenFile:
    """One regular file, open for reading.

    Owns: its descriptor, closed by `close` or, when an answer is never sent, when the value is forgotten.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        status = os.fstat(descriptor)
        self.is_regular = stat.S_ISREG(status.st_mode)
        self.size = status.st_size
        self.modified = datetime.fromtimestamp(status.st_mtime, UTC)
        self.state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        """What changes when the bytes do."""

    async def read(self, offset: int, most: int) -> bytes:
        """Up to `most` bytes from `offset`. Cancellation: a read under way is waited for."""
        assert self._descriptor is not None
        return await trio.to_thread.run_sync(os.pread, self._descriptor, most, offset, limiter=_readers)

    def close(self) -> None:
        """Give the descriptor back; more than once does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    __del__ = close


async def opened_file(path: bytes) -> OpenFile:
    """Open a file for reading, off the event loop.

    Raises:
        OSError: it is not there, is no regular file, or may not be read.
    """

    def open_() -> OpenFile:
        # Without O_NONBLOCK a named pipe would be waited on for ever.
        return OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))

    file = await trio.to_thread.run_sync(open_, limiter=_readers)
    if not file.is_regular:
        file.close()
        raise IsADirectoryError("not a regular file")
    return file


class FileBody(ResponseBody):
    """The body of an answer, of given bytes and spans of one file, in order.

    Owns: the file, closed when the body has been sent or given up.
    """

    def __init__(self, file: OpenFile, pieces: Sequence[bytes | Span]) -> None:
        self._file = file
        self._waiting = deque(pieces)
        self.length = sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    # No generator: one that is given up in the middle would be finished by nobody.
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes, at most `PIECE_BYTES` of the file.

        Raises:
            ShortFileError: see there.
        """
        if not self._waiting:
            raise StopAsyncIteration
        piece = self._waiting.popleft()
        if isinstance(piece, bytes):
            return piece
        data = await self._file.read(piece.start, min(PIECE_BYTES, piece.length))
        if not data:
            raise ShortFileError
        if len(data) < piece.length:
            self._waiting.appendleft(Span(piece.start + len(data), piece.stop))
        return data
