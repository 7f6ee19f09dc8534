"""Files from the disk as bodies of answers: read off the event loop, in bounded pieces, whatever their size."""

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple
from weakref import WeakValueDictionary

import trio
from quart.wrappers.response import ResponseBody

from actors.config import KIB, SECONDS
from web.delivery.ranges import Span

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

PIECE_BYTES = 256 * KIB
"""So much of a file is in memory for one client."""
DISK_LIMIT_S = 10 * SECONDS
"""A disk that wakes up needs some seconds; one that has not answered by then hangs."""
READERS = 8
"""Threads that read below one folder. Those that hang stay taken until the disk answers: its own readers alone run out."""

_readers: WeakValueDictionary[bytes, trio.CapacityLimiter] = WeakValueDictionary()


class ShortFileError(Exception):
    """A file became shorter while it was sent: the answer cannot be finished."""


async def from_disk(
    function: Callable[[*Arguments], Result],
    *arguments: *Arguments,
    limiter: trio.CapacityLimiter,
    limit_s: float = DISK_LIMIT_S,
) -> Result:
    """Call what may hang with its disk, in a thread that is left to itself then.

    Args:
        function: its result is dropped when nobody waits for it any more.
        arguments: for the function.
        limiter: how many such threads there may be, those left to themselves included.
        limit_s: how long to wait, for the limiter too.

    Raises:
        TimeoutError: the disk has not answered in time.

    Cancellation: at once.
    """
    try:
        with trio.fail_after(limit_s):
            return await trio.to_thread.run_sync(function, *arguments, abandon_on_cancel=True, limiter=limiter)
    except trio.TooSlowError:
        raise TimeoutError(errno.ETIMEDOUT, "the disk does not answer") from None


class OpenFile:
    """One file, open for reading.

    Owns: its descriptor, closed by `close` or, when an answer is never sent, when the value is forgotten.
    """

    def __init__(self, descriptor: int, readers: trio.CapacityLimiter) -> None:
        self._descriptor: int | None = descriptor
        self._readers = readers
        status = os.fstat(descriptor)
        self.is_regular = stat.S_ISREG(status.st_mode)
        self.size = status.st_size
        self.modified = datetime.fromtimestamp(status.st_mtime, UTC)
        self.state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        """What changes when the bytes do."""

    @property
    def descriptor(self) -> int:
        """Of the open file; still its owner's to close."""
        assert self._descriptor is not None
        return self._descriptor

    def is_below(self, folder: bytes) -> bool:
        """Whether it really lies in a folder, whatever links its name went through. Blocks."""
        return os.readlink(b"/proc/self/fd/%d" % (self._descriptor or 0)).startswith(
            os.path.join(os.path.realpath(folder), b"")
        )

    async def read(self, offset: int, most: int) -> bytes:
        """Up to `most` bytes from `offset`.

        Raises:
            TimeoutError: see `from_disk`.
            OSError: the disk fails.

        Cancellation: at once; a read under way is dropped.
        """
        assert self._descriptor is not None
        return await from_disk(os.pread, self._descriptor, most, offset, limiter=self._readers)

    def close(self) -> None:
        """Give the descriptor back; more than once does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    __del__ = close


async def opened_file(path: bytes, *, root: bytes, limit_s: float = DISK_LIMIT_S) -> OpenFile:
    """Open a recording for reading, off the event loop.

    Args:
        path: of the file; links in it may lead anywhere inside the root.
        root: the folder that it belongs to, as watched.
        limit_s: how long to wait for the disk.

    Raises:
        FileNotFoundError: it is not there, is no regular file, or a link leads out of the root.
        TimeoutError: see `from_disk`.
        OSError: it may not be read, or the disk fails.
    """
    readers = _readers.get(root)
    if readers is None:
        readers = _readers[root] = trio.CapacityLimiter(READERS)

    def open_() -> OpenFile:
        # Without O_NONBLOCK a named pipe would be waited on for ever.
        file = OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY), readers)
        # What was opened is asked, not the name: it may lead elsewhere a moment later.
        if not file.is_regular:
            reason = "it is no regular file"
        elif not file.is_below(root):
            reason = "it is a link that leads out of the watched folder"
        else:
            return file
        file.close()
        raise FileNotFoundError(errno.ENOENT, reason)

    return await from_disk(open_, limiter=readers, limit_s=limit_s)


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
            OSError: as for `OpenFile.read`.
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
