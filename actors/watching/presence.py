"""What a look into folders means: what is new, what changed, what moved, what is gone and what cannot be said."""

from collections.abc import Callable, Iterable

import attrs

from actors.model.change import Reading
from actors.model.track import Presence
from actors.watching.shelf import Shelved, Shelf
from actors.watching.walk import Listing

HELD_FROM = 3
"""Fewer lost files than this are never held back, however small the root: somebody deleted a song or two."""


@attrs.frozen(kw_only=True)
class Sight:
    """The meaning of one pass over some folders."""

    fresh: tuple[Reading, ...] = ()
    """New or changed: to be settled."""
    back: tuple[Reading, ...] = ()
    """As they were, but the catalogue thinks them missing or unverified."""
    gone: tuple[Shelved, ...] = ()
    """Absent by a complete listing."""
    doubted: tuple[bytes, ...] = ()
    """Folders that could not be looked into, or went bare all at once: nothing is concluded about what lay there."""
    unchanged: int = 0


def is_same(known: Reading, now: Reading) -> bool:
    """Whether a file needs no new look. The device is left out: it changes at every mount of some file systems."""
    return (known.size_bytes, known.mtime_ns, known.inode) == (now.size_bytes, now.mtime_ns, now.inode)


def compare(
    shelf: Shelf,
    listings: Iterable[Listing],
    *,
    root: bytes,
    is_whole: bool,
    nearest_device: Callable[[bytes], int | None],
) -> Sight:
    """Hold what was listed against what is known.

    Args:
        shelf: what the catalogue knows of the root; not modified.
        listings: complete or failed listings of some folders, each once.
        root: the root's own folder; when it went bare, that is the root's affair (`is_held`), not a doubt.
        is_whole: the listings are of the whole tree, so that a known folder that is not among them is gone.
        nearest_device: the file system that a folder, or its nearest existing ancestor, lies on now.
    """
    fresh: list[Reading] = []
    back: list[Reading] = []
    gone: dict[bytes, Shelved] = {}
    doubted: set[bytes] = set()
    listed: set[bytes] = set()
    unchanged = 0

    for listing in listings:
        listed.add(listing.folder)
        if listing.error is not None:
            doubted.add(listing.folder)
            continue
        seen = {reading.path for reading in listing.files}
        for reading in listing.files:
            known = shelf.find(reading.path)
            if known is None or not is_same(known.reading, reading):
                fresh.append(reading)
            elif known.presence is not Presence.PRESENT:
                back.append(reading)
            else:
                unchanged += 1
        missing = [known for known in shelf.directly_in(listing.folder) if known.reading.path not in seen]
        if listing.is_bare and listing.folder != root and len(missing) >= HELD_FROM:
            doubted.add(listing.folder)
            continue
        gone.update((known.reading.path, known) for known in missing)
        if not is_whole:
            inside = set(listing.folders)
            for folder in shelf.folders_below(listing.folder):
                child = listing.folder + b"/" + folder[len(listing.folder) + 1 :].partition(b"/")[0]
                if child not in inside:
                    gone.update((known.reading.path, known) for known in shelf.directly_in(folder))
    if is_whole:
        for folder in shelf.folders_below(root):
            if folder not in listed and not _is_under(folder, doubted):
                gone.update((known.reading.path, known) for known in shelf.directly_in(folder))

    for folder in {path.rpartition(b"/")[0] for path in gone}:
        there = nearest_device(folder)
        if any(known.reading.device != there for known in shelf.directly_in(folder)):
            # Its file system is not the one that it was seen on: an unmounted disk, not a deletion.
            doubted.add(folder)
    return Sight(
        fresh=tuple(fresh),
        back=tuple(back),
        gone=tuple(known for path, known in gone.items() if not _is_under(path.rpartition(b"/")[0], doubted)),
        doubted=tuple(sorted(doubted)),
        unchanged=unchanged,
    )


def moves(gone: Iterable[Shelved], fresh: Iterable[Reading]) -> tuple[tuple[bytes, Reading], ...]:
    """Files that left one path and lie at another, with their bytes untouched.

    Device, inode, size and mtime must all agree and the old path must be gone; an inode alone proves nothing. Files of
    zero bytes are left out, and so is any that two paths could claim.
    """
    claims: dict[tuple[int, int, int, int], list[Reading]] = {}
    for reading in fresh:
        if reading.size_bytes:
            claims.setdefault(_mark(reading), []).append(reading)
    left: dict[tuple[int, int, int, int], list[bytes]] = {}
    for known in gone:
        if known.is_track:
            left.setdefault(_mark(known.reading), []).append(known.reading.path)
    return tuple(
        (paths[0], claims[mark][0])
        for mark, paths in left.items()
        if len(paths) == 1 and len(claims.get(mark, ())) == 1
    )


def is_held(*, lost: int, known: int, fraction: float) -> bool:
    """Whether so much is gone at once that a person must say whether it is true.

    Args:
        lost: recordings that would go missing in this pass.
        known: recordings of the root that were present before it.
        fraction: 0–1, the part that may go without asking.
    """
    if lost >= known:
        return known > 0 and lost > 1
    return lost >= HELD_FROM and lost > fraction * known


def _mark(reading: Reading) -> tuple[int, int, int, int]:
    return (reading.device, reading.inode, reading.size_bytes, reading.mtime_ns)


def _is_under(folder: bytes, doubted: Iterable[bytes]) -> bool:
    return any(folder == one or folder.startswith(one + b"/") for one in doubted)
