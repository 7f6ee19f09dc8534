"""A file on its way from a client into a root: written off the event loop, complete before it can be seen, or never there."""

import errno
import hashlib
import os
import secrets
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import trio

from actors import filing
from actors.config import MIB, SECONDS
from web.delivery.files import from_disk
from web.errors import FieldError, ProblemError, invalid

PIECE_BYTES = 1 * MIB
"""So much of a file is in memory for one upload."""
WRITERS = 4
"""Threads that write below one root."""
SYNC_LIMIT_S = 60 * SECONDS
"""A slow disk needs a while to take in what it has buffered."""
DISCARD_LIMIT_S = 5 * SECONDS

_writers: WeakValueDictionary[bytes, trio.CapacityLimiter] = WeakValueDictionary()

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_NAME = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL})
_NO_FOLDER = frozenset({errno.ENOTDIR, errno.EXDEV, errno.ELOOP, errno.ENOENT})


class _Sink:
    """The file itself. Every method blocks; a lock lets the end wait for a write that nobody waits for any more."""

    def __init__(self, root: bytes) -> None:
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._descriptor: int | None = None
        self.path, self._descriptor = filing.create(root, secrets.token_hex(12))

    def write(self, data: bytes) -> None:
        with self._lock:
            assert self._descriptor is not None
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            self._digest.update(data)

    def finish(self) -> bytes:
        with self._lock:
            assert self._descriptor is not None
            os.fsync(self._descriptor)
            return self._digest.digest()

    def settle(self, folder: bytes, name: bytes, may_rename: bool) -> bytes:  # noqa: FBT001  # called by threads
        with self._lock:
            os.makedirs(folder, exist_ok=True)
            target = filing.settle(self.path, folder, name, may_rename=may_rename)
            self._close()
            filing.tidy(os.path.dirname(self.path))
            return target

    def discard(self) -> None:
        """Delete it, if it has not settled; more than once does nothing."""
        with self._lock:
            if self._descriptor is not None:
                try:
                    filing.discard(self.path)
                finally:
                    self._close()

    def _close(self) -> None:
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None

    __del__ = discard


class Incoming:
    """One upload, made by `incoming`.

    Raises (all methods): ProblemError when the disk is full, refuses or does not answer.
    """

    def __init__(self, sink: _Sink, limiter: trio.CapacityLimiter) -> None:
        self._sink = sink
        self._limiter = limiter
        self._waiting = bytearray()

    @property
    def path(self) -> bytes:
        """Where it lies until it settles."""
        return self._sink.path

    async def write(self, data: bytes) -> None:
        """Append to it."""
        self._waiting += data
        if len(self._waiting) >= PIECE_BYTES:
            await self._flush()

    async def finish(self) -> bytes:
        """All of it was written: make it last; gives its SHA-256."""
        await self._flush()
        with _told():
            return await from_disk(self._sink.finish, limiter=self._limiter, limit_s=SYNC_LIMIT_S)

    async def settle(self, folder: bytes, name: bytes, *, may_rename: bool) -> bytes:
        """Move it to its place, atomically and never over another file; gives where it lies.

        Raises: ProblemError CONFLICT when the name is taken.
        """
        with _told():
            return await from_disk(self._sink.settle, folder, name, may_rename, limiter=self._limiter)

    async def _flush(self) -> None:
        if self._waiting:
            data, self._waiting = bytes(self._waiting), bytearray()
            with _told():
                await from_disk(self._sink.write, data, limiter=self._limiter)


@asynccontextmanager
async def incoming(root: bytes, *, expected_bytes: int) -> AsyncIterator[Incoming]:
    """A new file below a root; unless it settles, nothing of it is left behind the block.

    Raises:
        ProblemError: as the methods of `Incoming`; INSUFFICIENT_STORAGE at once when so much does not fit.
    """
    limiter = _writers.get(root)
    if limiter is None:
        limiter = _writers[root] = trio.CapacityLimiter(WRITERS)
    with _told():
        free = (await from_disk(shutil.disk_usage, root, limiter=limiter)).free
        if free < expected_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sink = await from_disk(_Sink, root, limiter=limiter)
    try:
        yield Incoming(sink, limiter)
    finally:
        # A thread that the disk holds for longer discards it when it is let go.
        with trio.move_on_after(DISCARD_LIMIT_S, shield=True):
            await trio.to_thread.run_sync(sink.discard, abandon_on_cancel=True)


class _told:  # noqa: N801  # used like the function that it stands for
    """What the disk's refusals mean to the client."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise _refusal(error) from error


def _refusal(error: OSError) -> ProblemError:
    reason = error.strerror or str(error)
    if isinstance(error, TimeoutError):
        return ProblemError("UNAVAILABLE", "The disk does not answer", headers={"Retry-After": "10"})
    if error.errno in _FULL:
        return ProblemError("INSUFFICIENT_STORAGE", f"The disk of this root has no room for it: {reason}")
    if error.errno == errno.EFBIG:
        return ProblemError("PAYLOAD_TOO_LARGE", "The file system takes no file of this size")
    if isinstance(error, FileExistsError):
        return ProblemError("CONFLICT", "A file of this name lies there already", details={"field": "onConflict"})
    if error.errno in _NO_NAME:
        return invalid(FieldError(field="file", message=f"Its name cannot be used there: {reason}"))
    if error.errno in _NO_FOLDER:
        return invalid(FieldError(field="folder", message=f"It cannot be used: {reason}"))
    return ProblemError("CONFLICT", f"Nothing can be written there: {reason}")
