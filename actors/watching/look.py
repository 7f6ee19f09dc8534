"""One look at a root: folders listed and held against what is known. Everything here blocks: call it in a thread."""

import os
from collections.abc import Iterator, Sequence

import attrs
import structlog

from actors.model.change import Reading
from actors.model.track import logged_path
from actors.watching import mounts, names, presence, walk
from actors.watching.presence import Sight
from actors.watching.shelf import Shelf

log = structlog.get_logger("rookery.watcher")

LOOK_FILES = 2_000
"""A look comes back after so many files, to tell what it found."""
LOOK_FOLDERS = 200


@attrs.frozen(eq=False, kw_only=True)
class Look:
    """One look, whole or at some folders. Nobody may change the shelf while a method runs."""

    root_id: str
    shelf: Shelf
    left_out: frozenset[bytes] = frozenset()
    """Folders that are not this root's affair."""

    def begin(self) -> Iterator[walk.Listing]:
        """The listings of the whole root."""
        return self._walk(self.shelf.root)

    def next(self, listings: Iterator[walk.Listing]) -> Sight | None:
        """What the next part of a look means; None at its end."""
        some: list[walk.Listing] = []
        files = 0
        for listing in listings:
            some.append(listing)
            files += len(listing.files)
            if files >= LOOK_FILES or len(some) >= LOOK_FOLDERS:
                break
        return self._sight(some) if some else None

    def begin_at(self, folders: Sequence[bytes]) -> Iterator[walk.Listing]:
        """The listings of folders in which something happened, and of those below them of which the catalogue knows no file that is there.

        A folder that is moved back into its place, with all that lies in it, is told by its name alone.

        What is no affair of this root is passed over, whichever way the hint came: through a link, from a folder that is
        left out, from one that is always skipped.
        """
        listed: set[bytes] = set()
        for hint in folders:
            folder = self._nearest_existing(hint)
            if folder in listed or not self._is_ours(folder):
                continue
            listing = walk.list_folder(self.root_id, self.shelf.root, folder)
            listed.add(folder)
            yield listing
            known = filter(self.shelf.is_there, self.shelf.folders_in(folder))
            for unknown in sorted(set(listing.folders).difference(known, listed)):
                for below in self._walk(unknown):
                    listed.add(below.folder)
                    yield below

    def _is_ours(self, folder: bytes) -> bool:
        root = self.shelf.root
        if os.path.realpath(folder) != os.path.realpath(root) + folder[len(root) :]:
            return False
        if any(folder == one or folder.startswith(one + b"/") for one in self.left_out):
            return False
        return not any(names.is_skipped_folder(name) for name in folder[len(root) :].split(b"/"))

    def _walk(self, start: bytes) -> Iterator[walk.Listing]:
        return walk.walk(self.root_id, self.shelf.root, start, is_skipped=self.left_out.__contains__)

    def _sight(self, listings: list[walk.Listing]) -> Sight:
        for listing in listings:
            for text in listing.notices:
                log.info("entry_skipped", notice=text)
            if listing.error:
                log.warning("folder_unreadable", folder=logged_path(listing.folder), error=listing.error)
        return presence.compare(self.shelf, listings, nearest_device=walk.nearest_device)

    def _nearest_existing(self, folder: bytes) -> bytes:
        root = self.shelf.root
        while folder.startswith(root + b"/") and not os.path.isdir(folder):
            folder = folder.rpartition(b"/")[0]
        return folder if folder.startswith(root + b"/") else root


def file_system(path: bytes) -> str:
    """The type of the file system that a path lies on now."""
    with open("/proc/self/mountinfo", "rb") as file:
        return mounts.file_system_of(os.path.realpath(path), file.read())


def opened(folder: bytes) -> os.stat_result:
    """What a folder is, once it could be opened for listing; OSError says why it could not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def read_all_again(readings: Sequence[Reading]) -> dict[bytes, Reading | None]:
    """Second readings, by path; None where no regular file is any more."""
    return {reading.path: walk.read_again(reading) for reading in readings}


def closed_of(paths: Sequence[bytes]) -> frozenset[bytes]:
    """Those of some paths that this process may not read."""
    return frozenset(path for path in paths if not os.access(path, os.R_OK))


def absent_of(paths: Sequence[bytes], root: bytes | None = None) -> frozenset[bytes]:
    """Those of some paths at which no file lies, or with a root, none that belongs to it."""
    return frozenset(path for path in paths if walk.is_absent(path, root))
