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

    _folders: dict[bytes, dict[bytes, Shelved]] = attrs.field(factory=dict)

    def put(self, known: Shelved) -> None:
        """Remember a file, in place of what was known of its path."""
        folder, _, _ = known.reading.path.rpartition(b"/")
        self._folders.setdefault(folder, {})[known.reading.path] = known

    def find(self, path: bytes) -> Shelved | None:
        """What is known of a path."""
        folder, _, _ = path.rpartition(b"/")
        return self._folders.get(folder, {}).get(path)

    def drop(self, path: bytes) -> None:
        """Forget a path."""
        folder, _, _ = path.rpartition(b"/")
        files = self._folders.get(folder)
        if files is not None:
            files.pop(path, None)
            if not files:
                del self._folders[folder]

    def directly_in(self, folder: bytes) -> Iterator[Shelved]:
        """The files of one folder, not of those below it."""
        yield from tuple(self._folders.get(folder, {}).values())

    def under(self, folder: bytes) -> Iterator[Shelved]:
        """The files of a folder and of all below it."""
        prefix = folder + b"/"
        for name in tuple(self._folders):
            if name == folder or name.startswith(prefix):
                yield from tuple(self._folders[name].values())

    def folders_below(self, folder: bytes) -> tuple[bytes, ...]:
        """Shelved folders strictly below one that hold files."""
        prefix = folder + b"/"
        return tuple(name for name in self._folders if name.startswith(prefix))

    def present_count(self) -> int:
        """How many recordings are believed to be there."""
        return sum(
            1
            for files in self._folders.values()
            for known in files.values()
            if known.is_track and known.presence is Presence.PRESENT
        )

    def replace(self, all_known: Iterable[Shelved]) -> None:
        """Begin anew with what the catalogue says."""
        self._folders.clear()
        for known in all_known:
            self.put(known)
