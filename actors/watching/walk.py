"""Looking into folders: the one place of this package that touches the disk. Everything here blocks: call it in a thread."""

import os
import stat
from collections.abc import Callable, Iterator

import attrs

from actors.model.change import Reading
from actors.model.track import logged_path
from actors.watching import names


@attrs.frozen(kw_only=True)
class Listing:
    """One folder as it was listed, to its end.

    `error` says why it could not be: then `files` and `folders` are empty and say nothing about what is absent.
    """

    folder: bytes
    device: int = 0
    files: tuple[Reading, ...] = ()
    folders: tuple[bytes, ...] = ()
    is_bare: bool = False
    """Nothing at all lies in it."""
    error: str | None = None
    is_absent: bool = False
    """The folder itself is not there."""
    notices: tuple[str, ...] = ()
    """Entries passed over, with their reason."""


def list_folder(root_id: str, root: bytes, folder: bytes) -> Listing:
    """One folder's recordings and sub-folders.

    Links to files are followed inside the root only. Links to folders are not followed: what lies inside the root is found
    at its own place. FIFOs, sockets and devices are never opened.
    """
    files: list[Reading] = []
    folders: list[bytes] = []
    notices: list[str] = []
    count = 0
    try:
        device = os.stat(folder).st_dev
        with os.scandir(folder) as entries:
            for entry in entries:
                count += 1
                try:
                    if entry.is_symlink() and not _stays_inside(root, entry.path):
                        notices.append(f"{logged_path(entry.path)}: a link that dangles or leaves the root is skipped")
                        continue
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    if not entry.is_symlink() and not names.is_skipped_folder(entry.name):
                        folders.append(entry.path)
                elif stat.S_ISREG(status.st_mode) and names.is_candidate(entry.name):
                    files.append(_reading(root_id, entry.path, status))
    except (FileNotFoundError, NotADirectoryError):
        return Listing(folder=folder, is_absent=True)
    except OSError as error:
        # A listing that broke off half-way proves no absence, so it counts as none at all.
        return Listing(folder=folder, error=error.strerror or type(error).__name__)
    return Listing(
        folder=folder,
        device=device,
        files=tuple(sorted(files, key=lambda reading: reading.path)),
        folders=tuple(sorted(folders)),
        is_bare=count == 0,
        notices=tuple(notices),
    )


def walk(
    root_id: str, root: bytes, start: bytes, *, is_skipped: Callable[[bytes], bool] = lambda _: False
) -> Iterator[Listing]:
    """Every folder from `start` down, each real one once, whatever links lead to it; memory grows with depth, not with files."""
    seen: set[tuple[int, int]] = set()
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)
        except OSError:
            yield list_folder(root_id, root, folder)
            continue
        if (status.st_dev, status.st_ino) in seen or is_skipped(folder):
            continue
        seen.add((status.st_dev, status.st_ino))
        listing = list_folder(root_id, root, folder)
        yield listing
        waiting.extend(reversed(listing.folders))


def read_again(reading: Reading) -> Reading | None:
    """The same path now, or None when no regular file is there or it cannot be asked."""
    try:
        status = os.stat(reading.path)
    except OSError:
        return None
    return _reading(reading.root_id, reading.path, status) if stat.S_ISREG(status.st_mode) else None


def is_absent(path: bytes, root: bytes | None = None) -> bool:
    """Whether no file lies at a path, by a clear answer of the file system; an error is no such answer.

    With a root, a link that leaves it and what is no regular file count as absent too, for the root does not list them.
    """
    try:
        status = os.lstat(path)
        if root is None:
            return False
        if stat.S_ISLNK(status.st_mode):
            return not _stays_inside(root, path) or not stat.S_ISREG(os.stat(path).st_mode)
        return not stat.S_ISREG(status.st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def nearest_device(folder: bytes) -> int | None:
    """The file system of a folder, or of its nearest ancestor that exists; None where it cannot be asked."""
    while True:
        try:
            return os.stat(folder).st_dev
        except (FileNotFoundError, NotADirectoryError):
            if folder in (b"", b"/"):
                return None
            folder = os.path.dirname(folder)
        except OSError:
            return None


def _reading(root_id: str, path: bytes, status: os.stat_result) -> Reading:
    return Reading(
        root_id=root_id,
        path=path,
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
        device=status.st_dev,
        inode=status.st_ino,
    )


def _stays_inside(root: bytes, link: bytes) -> bool:
    try:
        target = os.path.realpath(link, strict=True)
    except OSError:
        return False
    return target == root or target.startswith(os.path.join(os.path.realpath(root), b""))
