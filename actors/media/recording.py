"""One file, held open while it is read, by the bytes of its path: whatever its name, it is the same file to the end."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from actors.errors import FileGoneError, UnreadableError
from actors.model.track import shown_path


@attrs.frozen(kw_only=True)
class Recording:
    """An open file. `address` is a plain ASCII name of it, for libraries that want one; it ends with the `with` block."""

    path: bytes
    descriptor: int
    size_bytes: int

    @property
    def address(self) -> str:
        """Opens the very same file anew, with an offset of its own, even if its name is not UTF-8 or has gone."""
        return f"/proc/self/fd/{self.descriptor}"


@contextmanager
def open_recording(path: bytes) -> Iterator[Recording]:
    """Hold one file open for reading; at the end, make sure that it was one and the same all the time.

    Never blocks on a pipe or device, never follows a name twice.

    Raises:
        FileGoneError: it is not there, or it changed, was replaced, moved or removed inside the block. This wins over
            whatever else the block raised about the file.
        UnreadableError: `unreadable` when permission or the disk fails, `no_audio` when it is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableError("no_audio", f"{shown_path(path)} is not a regular file")
        try:
            yield Recording(path=path, descriptor=descriptor, size_bytes=before.st_size)
        except UnreadableError:
            _check_unchanged(path, descriptor, before)
            raise
        _check_unchanged(path, descriptor, before)
    finally:
        os.close(descriptor)


def _check_unchanged(path: bytes, descriptor: int, before: os.stat_result) -> None:
    try:
        named = os.stat(path)
    except OSError as error:
        raise _refusal(path, error) from error
    after = os.fstat(descriptor)
    same = (before.st_dev, before.st_ino) == (named.st_dev, named.st_ino)
    same = same and (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same:
        raise FileGoneError("changed", f"{shown_path(path)} changed while it was read")


def _refusal(path: bytes, error: OSError) -> UnreadableError:
    shown = shown_path(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileGoneError("gone", f"{shown} is not there any more")
    return UnreadableError("unreadable", f"{shown} cannot be read: {error.strerror}")
