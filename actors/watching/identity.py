"""Which recording a file is: decided by the hash of its sound, never by its name, tags or inode."""

import secrets
from collections.abc import Callable, Iterable

import attrs

from actors.model.change import AddLocation, AddTrack, Change, Content, MoveLocation, Reading, SetContent
from actors.model.known import Holder, Known

Decision = AddTrack | SetContent | AddLocation | MoveLocation


@attrs.frozen(kw_only=True)
class Observation:
    """One file with what reading it gave."""

    reading: Reading
    content: Content

    @property
    def path(self) -> bytes:
        """Where it lies."""
        return self.reading.path

    @property
    def audio_hash(self) -> str | None:
        """The payload's hash, where it could be read."""
        return self.content.probe.audio_hash if self.content.probe else None

    @property
    def may_pass(self) -> bool:
        """Whether it could only not be opened now; that says nothing about its bytes."""
        return self.content.failure is not None and self.content.failure.kind == "unreadable"


def decide(
    observations: Iterable[Observation], *, known: Known, absent: frozenset[bytes], new_id: Callable[[], str]
) -> list[Change]:
    """What a batch of files changes in the catalogue.

    In this order: a sound that the catalogue has belongs to that track, as the new place of a path that does not hold it
    any more or as one more copy; another content at the only path of a track replaces that track's bytes, and the id
    stays, unless that track lies in the trash; anything else is a new track. Several files with one new sound become one track. What cannot be opened for the
    moment leaves the track of its path as it is.

    Args:
        observations: each path once.
        known: the tracks of all their paths and hashes.
        absent: those paths of `known` at which nothing lies any more.
        new_id: gives an id that was never used.
    """
    batch = list(observations)
    picture = _Picture.of(known)
    now = {one.path: one.audio_hash for one in batch}
    # Known sounds go first: a file that took the place of another must not be taken for it.
    batch.sort(key=lambda one: one.audio_hash not in picture.by_hash)
    changes: list[Change] = []
    for one in batch:
        change = _decide_one(
            one, picture, vacated=lambda path, sound: path in absent or now.get(path, sound) != sound, new_id=new_id
        )
        if change is not None:
            changes.append(change)
            picture.follow(change, one.audio_hash)
    return changes


def _decide_one(
    one: Observation,
    picture: "_Picture",
    *,
    vacated: Callable[[bytes, str | None], bool],
    new_id: Callable[[], str],
) -> Decision | None:
    here = picture.at(one.path)
    if one.may_pass and here is not None:
        return None
    owner = picture.owner(one.audio_hash)
    if owner is not None and one.path not in owner.paths:
        gone = next((path for path in sorted(owner.paths) if vacated(path, owner.audio_hash)), None)
        if gone is not None:
            return MoveLocation(track_id=owner.track_id, before=gone, reading=one.reading, content=one.content)
        return AddLocation(track_id=owner.track_id, reading=one.reading, content=one.content)
    if here is not None and (here is owner or (here.paths == (one.path,) and not here.is_removed)):
        return SetContent(track_id=here.track_id, reading=one.reading, content=one.content)
    return AddTrack(track_id=new_id(), reading=one.reading, content=one.content)


def new_track_id() -> str:
    """80 random bits, in letters and digits that are safe in every path and URL."""
    return secrets.token_hex(10)


@attrs.define
class _Picture:
    """The tracks concerned, as they are after the changes decided so far."""

    holders: dict[str, Holder]
    tracks_at: dict[bytes, str]
    by_hash: dict[str, str]

    @classmethod
    def of(cls, known: Known) -> "_Picture":
        holders = {one.track_id: one for one in (*known.at.values(), *known.by_hash.values()) if one is not None}
        return cls(
            holders=holders,
            tracks_at={path: one.track_id for one in holders.values() for path in one.paths},
            by_hash={one.audio_hash: one.track_id for one in holders.values() if one.audio_hash},
        )

    def at(self, path: bytes) -> Holder | None:
        return self.holders.get(self.tracks_at.get(path, ""))

    def owner(self, audio_hash: str | None) -> Holder | None:
        return self.holders.get(self.by_hash.get(audio_hash, "")) if audio_hash else None

    def follow(self, change: Decision, audio_hash: str | None) -> None:
        path = change.reading.path
        for lost in (path, change.before) if isinstance(change, MoveLocation) else (path,):
            former = self.at(lost)
            if former is not None:
                paths = tuple(one for one in former.paths if one != lost)
                self.holders[former.track_id] = attrs.evolve(former, paths=paths)
                del self.tracks_at[lost]
        holder = self.holders.get(change.track_id, Holder(track_id=change.track_id, audio_hash=None, paths=()))
        if isinstance(change, SetContent) and holder.audio_hash != audio_hash and holder.audio_hash is not None:
            self.by_hash.pop(holder.audio_hash, None)
        holder = attrs.evolve(holder, audio_hash=audio_hash or holder.audio_hash, paths=(*holder.paths, path))
        self.holders[holder.track_id] = holder
        self.tracks_at[path] = holder.track_id
        if holder.audio_hash:
            self.by_hash[holder.audio_hash] = holder.track_id
