"""What a look into folders means: what is new, what changed, what moved, what is gone and what cannot be said."""

from collections.abc import Callable, Iterable

import attrs

from actors.model.change import Reading
from actors.model.track import Presence
from actors.watching.shelf import Shelf, Shelved, parent
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


def compare(shelf: Shelf, listings: Iterable[Listing], *, nearest_device: Callable[[bytes], int | None]) -> Sight:
    """Hold what was listed against what is known.

    A folder that is not there any more is noticed where its parent was listed, so any set of folders may be compared by
    itself: all of a tree, some of it, or one.

    Args:
        shelf: what the catalogue knows of the root; not modified.
        listings: complete or failed listings of some folders, each once.
        nearest_device: the file system that a folder, or its nearest existing ancestor, lies on now.
    """
    fresh: list[Reading] = []
    back: list[Reading] = []
    gone: list[Shelved] = []
    doubted: set[bytes] = set()
    unchanged = 0
    for listing in listings:
        if listing.error is not None:
            doubted.add(listing.folder)
            continue
        seen = set()
        for reading in listing.files:
            seen.add(reading.path)
            shelved = shelf.find(reading.path)
            if shelved is None or not is_same(shelved.reading, reading):
                fresh.append(reading)
            elif shelved.presence is not Presence.PRESENT:
                back.append(reading)
            else:
                unchanged += 1
        lost = [one for one in shelf.directly_in(listing.folder) if one.reading.path not in seen]
        if listing.is_bare and listing.folder != shelf.root and len(lost) >= HELD_FROM:
            doubted.add(listing.folder)
            continue
        for folder in shelf.folders_in(listing.folder).difference(listing.folders):
            lost.extend(shelf.under(folder))
        gone.extend(one for one in lost if one.presence is not Presence.MISSING)
    for folder in {parent(one.reading.path) for one in gone}:
        there = nearest_device(folder)
        if any(one.reading.device != there for one in shelf.directly_in(folder)):
            # Its file system is not the one that it was seen on: an unmounted disk, not a deletion.
            doubted.add(folder)
    return Sight(
        fresh=tuple(fresh),
        back=tuple(back),
        gone=tuple(one for one in gone if parent(one.reading.path) not in doubted),
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
    for one in gone:
        if one.is_track:
            left.setdefault(_mark(one.reading), []).append(one.reading.path)
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
