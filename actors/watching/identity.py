"""Which recording a file is: decided by the hash of its sound, never by its name, tags or inode."""

from collections.abc import Callable, Iterable

import attrs

from actors.model.change import AddLocation, AddTrack, Change, Content, MoveLocation, Reading, SetContent
from actors.model.known import Holder, Known


@attrs.frozen(kw_only=True)
class Observation:
    """One file with what reading it gave."""

    reading: Reading
    content: Content

    @property
    def audio_hash(self) -> str | None:
        """The payload's hash, where it could be read."""
        return self.content.probe.audio_hash if self.content.probe else None


def decide(
    observations: Iterable[Observation], *, known: Known, absent: frozenset[bytes], new_id: Callable[[], str]
) -> list[Change]:
    """What a batch of files changes in the catalogue.

    In this order: a sound that the catalogue has belongs to that track, as the new place of a path that is absent now or
    as one more copy; a new sound at the only path of a track replaces that track's bytes, and the id stays; anything
    else is a new track. Several files with one new sound become one track, named by the first of them.

    Args:
        observations: each path once.
        known: the tracks of all their paths and hashes.
        absent: those paths of `known` at which nothing lies any more.
        new_id: gives an id that was never used.
    """
    at = dict(known.at)
    by_hash = dict(known.by_hash)
    left = set(absent)
    changes: list[Change] = []
    for one in observations:
        here = at.get(one.reading.path)
        owner = by_hash.get(one.audio_hash) if one.audio_hash else here
        change = _decide_one(one, here, owner, left, new_id)
        changes.append(change)
        holder = _after(change, one, here, owner)
        at[one.reading.path] = holder
        if one.audio_hash:
            by_hash[one.audio_hash] = holder
        if isinstance(change, MoveLocation):
            left.discard(change.before)
    return changes


def _decide_one(
    one: Observation, here: Holder | None, owner: Holder | None, absent: set[bytes], new_id: Callable[[], str]
) -> Change:
    if owner is not None:
        if here is not None and here.track_id == owner.track_id:
            return SetContent(track_id=owner.track_id, reading=one.reading, content=one.content)
        gone = next((path for path in sorted(owner.paths) if path in absent), None)
        if gone is not None:
            return MoveLocation(track_id=owner.track_id, before=gone, reading=one.reading, content=one.content)
        return AddLocation(track_id=owner.track_id, reading=one.reading, content=one.content)
    if here is not None and here.paths == (one.reading.path,):
        return SetContent(track_id=here.track_id, reading=one.reading, content=one.content)
    return AddTrack(track_id=new_id(), reading=one.reading, content=one.content)


def _after(change: Change, one: Observation, here: Holder | None, owner: Holder | None) -> Holder:
    path = one.reading.path
    if isinstance(change, AddTrack):
        return Holder(track_id=change.track_id, audio_hash=one.audio_hash, paths=(path,))
    holder = owner or here
    assert holder is not None
    before = change.before if isinstance(change, MoveLocation) else None
    paths = tuple(known for known in holder.paths if known not in (path, before))
    return attrs.evolve(holder, audio_hash=one.audio_hash or holder.audio_hash, paths=(*paths, path))
