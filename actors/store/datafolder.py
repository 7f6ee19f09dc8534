"""The data folder, held by one Rookery at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from actors.errors import ConfigurationError, DataFolderBusyError
from actors.model.track import logged_path

LOCK_NAME = "rookery.lock"
PRIVATE = 0o700
PASSABLE = 0o711
"""For a folder that root makes: the unprivileged user of the database server must come through."""


@attrs.frozen
class DataFolder:
    """A data folder that this process holds. `path` is absolute, without symbolic links."""

    path: Path


def is_new(path: Path) -> bool:
    """Whether no Rookery ever used the folder: nothing is catalogued there, and nobody has an account."""
    return not os.path.lexists(path / LOCK_NAME)


@contextmanager
def hold_data_folder(path: Path) -> Iterator[DataFolder]:
    """Make the folder if need be, and keep every other Rookery out of it until the end.

    The lock ends with the process, however that ends. Nothing above the folder has its mode changed.

    Raises:
        DataFolderBusyError: another Rookery holds it; the text names its process.
        ConfigurationError: it cannot be made or written to.
    """
    folder = _made(path)
    lock_path = folder / LOCK_NAME
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderBusyError(
                f"The data folder {logged_path(folder)} is used by {_holder(lock)}. "
                "Stop that one, or give this one a folder of its own with --data-dir."
            ) from error
        except OSError as error:  # a file system without locks
            raise _unusable(folder, error) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield DataFolder(folder)
    finally:
        os.close(lock)


def _made(path: Path) -> Path:
    try:
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True, mode=PASSABLE if os.geteuid() == 0 else PRIVATE)
        return path.resolve(strict=True)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The data folder {logged_path(path)} cannot be used: {error.strerror}. Make it writable, or choose another with --data-dir."
    )


def _holder(lock: int) -> str:
    """Who wrote the lock file: its process, with the command line where that can be read."""
    pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
    if not pid.isdecimal():
        return "another process"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"process {pid}"
    command = b" ".join(words).decode("utf-8", "replace").strip()
    return f"process {pid} ({command})" if command else f"process {pid}"
