"""What the catalogue believes to lie in one root, folder by folder: the picture that a new look is compared with."""

from collections.abc import Iterable, Iterator

import attrs

from actors.model.change import Reading
from actors.model.track import Presence


@attrs.frozen(kw_only=True)
class Shelved:
    """One path as the catalogue knows it."""

    reading: Reading
    presence: Presence = Presence.PRESENT
    is_track: bool = True
    """False for a file that turned out to be no recording."""


@attrs.define(eq=False)
class Shelf:
    """The known files of one root; owned by the root's watcher."""

    root: bytes
    _files: dict[bytes, dict[bytes, Shelved]] = attrs.field(factory=dict)
    """By folder, then by path."""
    _folders: dict[bytes, set[bytes]] = attrs.field(factory=dict)
    """By folder, its sub-folders with files in them or below."""

    def put(self, shelved: Shelved) -> None:
        """Remember a file, in place of what was known of its path."""
        folder = parent(shelved.reading.path)
        files = self._files.get(folder)
        if files is None:
            files = self._files[folder] = {}
            self._index(folder)
        files[shelved.reading.path] = shelved

    def find(self, path: bytes) -> Shelved | None:
        """What is known of a path."""
        return self._files.get(parent(path), {}).get(path)

    def drop(self, path: bytes) -> None:
        """Forget a path."""
        self._files.get(parent(path), {}).pop(path, None)

    def directly_in(self, folder: bytes) -> Iterator[Shelved]:
        """The files of one folder, not of those below it."""
        yield from tuple(self._files.get(folder, {}).values())

    def folders_in(self, folder: bytes) -> frozenset[bytes]:
        """The sub-folders of a folder that hold known files, in them or below."""
        return frozenset(self._folders.get(folder, ()))

    def is_there(self, folder: bytes) -> bool:
        """Whether any known file of a folder, in it or below, is there."""
        return any(shelved.presence is Presence.PRESENT for shelved in self.under(folder))

    def under(self, folder: bytes) -> Iterator[Shelved]:
        """The files of a folder and of all below it."""
        waiting = [folder]
        while waiting:
            one = waiting.pop()
            yield from self.directly_in(one)
            waiting.extend(self._folders.get(one, ()))

    def replace(self, all_shelved: Iterable[Shelved]) -> None:
        """Begin anew with what the catalogue says."""
        self._files.clear()
        self._folders.clear()
        for shelved in all_shelved:
            self.put(shelved)

    def _index(self, folder: bytes) -> None:
        while folder != self.root and len(folder) > len(self.root):
            above = parent(folder)
            inside = self._folders.setdefault(above, set())
            if folder in inside:
                return
            inside.add(folder)
            folder = above


def parent(path: bytes) -> bytes:
    """The folder that a path lies in."""
    return path.rpartition(b"/")[0]
