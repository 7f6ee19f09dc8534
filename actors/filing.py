"""Putting files into a root and taking them out, atomically and never over another file. All blocks: call it in a thread.

What is on its way lies in a folder `.rookery` of the root, which no look enters; so every move is a rename on one disk.
"""

import errno
import fcntl
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from actors.model.change import Reading
from actors.watching.names import OWN_FOLDER

LONGEST_NAME_BYTES = 255
MOST_TRIES = 1_000
"""So many names are tried beside one that is taken."""
_WITHOUT_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EINVAL})
"""How file systems say that they have no hard links."""


def uploads_folder(root: bytes) -> bytes:
    """Where files of a root are written before they are complete."""
    return os.path.join(root, OWN_FOLDER, b"uploads")


def place_in_trash(root: bytes, path: bytes, token: str) -> bytes:
    """Where a file of a root lies while it is in the trash; `token` was never used before."""
    return os.path.join(root, OWN_FOLDER, b"trash", os.fsencode(token), os.path.basename(path))


def create(root: bytes, token: str) -> tuple[bytes, int]:
    """A new file for an upload, and its descriptor, locked for as long as it is open: so others see that it is in use."""
    folder = uploads_folder(root)
    path = os.path.join(folder, os.fsencode(token) + b".part")
    for attempt in itertools.count():
        os.makedirs(folder, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        except FileNotFoundError:
            # Somebody tidied the empty folder away in between.
            if attempt >= 2:
                raise
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return path, descriptor
    raise AssertionError


def discard(path: bytes) -> None:
    """Delete what was on its way, and the folders of ours that are empty then."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    tidy(os.path.dirname(path))


def clean(root: bytes) -> int:
    """Delete uploads that nobody works on any more, such as those of a killed process; gives how many."""
    folder = uploads_folder(root)
    cleaned = 0
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(folder):
            cleaned += _is_cleaned(os.path.join(folder, name))
    tidy(folder)
    return cleaned


def settle(source: bytes, folder: bytes, name: bytes, *, may_rename: bool) -> bytes:
    """Move a file to a name in a folder of the same file system, atomically and never over another file.

    Args:
        source: the file.
        folder: where it goes; there already.
        name: its name there.
        may_rename: whether it gets another name if that one is taken, such as `name (2).mp3`.

    Returns: where it lies.

    Raises:
        FileExistsError: the name is taken.
        OSError: the disk refuses; the file lies where it lay.
    """
    for candidate in itertools.islice(_names(name), MOST_TRIES if may_rename else 1):
        target = os.path.join(folder, candidate)
        try:
            _move(source, target)
        except FileExistsError:
            continue
        _sync(folder)
        return target
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def move_out(path: bytes, trashed_path: bytes) -> None:
    """Move a file into its place in the trash."""
    os.makedirs(os.path.dirname(trashed_path), exist_ok=True)
    try:
        os.rename(path, trashed_path)
    except OSError:
        tidy(os.path.dirname(trashed_path))
        raise
    _sync(os.path.dirname(path))


def move_back(trashed_path: bytes, path: bytes) -> bytes:
    """Move a file from the trash to where it lay, or beside what lies there now; gives where. It may be back already.

    Raises:
        FileNotFoundError: it is neither in the trash nor back.
    """
    if not os.path.lexists(trashed_path):
        if os.path.isfile(path):
            return path
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), trashed_path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    target = settle(trashed_path, os.path.dirname(path), os.path.basename(path), may_rename=True)
    tidy(os.path.dirname(trashed_path))
    return target


def device(folder: bytes) -> int:
    """The number of the file system that a folder lies on now."""
    return os.stat(folder).st_dev


def read(root_id: str, path: bytes) -> Reading:
    """What `stat` says of a file that was just put there."""
    status = os.stat(path)
    return Reading(
        root_id=root_id,
        path=path,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        device=status.st_dev,
        inode=status.st_ino,
    )


def tidy(folder: bytes) -> None:
    """Remove a folder of ours, and those of ours around it, as far as they are empty."""
    while OWN_FOLDER in folder.split(b"/"):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)


def _move(source: bytes, target: bytes) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        # The name is taken first, by an empty file that nobody else can have made; then it is replaced.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        try:
            os.replace(source, target)
        except OSError:
            os.unlink(target)
            raise
    else:
        os.unlink(source)


def _names(name: bytes) -> Iterator[bytes]:
    yield name
    stem, dot, ending = name.rpartition(b".")
    if not stem:
        stem, dot, ending = name, b"", b""
    for number in itertools.count(2):
        behind = b" (%d)" % number + dot + ending
        # A cut in the midst of a sign would make the name no UTF-8.
        kept = stem[: LONGEST_NAME_BYTES - len(behind)].decode("utf-8", "ignore").encode() or stem[:1]
        yield kept + behind


def _is_cleaned(path: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    except OSError:
        # Locked: somebody writes it at this moment.
        return False
    finally:
        os.close(descriptor)
    return True


def _sync(folder: bytes) -> None:
    """Make the names in a folder last; a file system that cannot says nothing."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
