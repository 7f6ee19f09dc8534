"""A track: one recording, known by its sound, wherever its files lie."""

import enum
import os
from datetime import datetime

import attrs

from actors.model.features import Features
from actors.model.mine import Mine


class Presence(enum.StrEnum):
    """Whether a recording's file is there."""

    PRESENT = "present"
    MISSING = "missing"
    UNVERIFIED = "unverified"
    """Its folder or mount could not be looked into; nothing is concluded from that."""


class Stage(enum.StrEnum):
    """How far a recording has come."""

    GROWING = "growing"
    """Still being written."""
    EMPTY = "empty"
    """Zero bytes; taken up when it grows."""
    PENDING = "pending"
    """Catalogued; analysis waits or runs."""
    ANALYZED = "analyzed"
    FAILED = "failed"
    """Could not be read or analyzed; the reason stands in the track; tried again a bounded number of times."""
    QUARANTINED = "quarantined"
    """Failed too often; left alone until its bytes change or a person asks."""


@attrs.frozen(kw_only=True)
class Tags:
    """What a file says of itself, cleaned: no control characters, every text at most 10,000 characters."""

    title: str | None = None
    artists: tuple[str, ...] = ()
    album_artists: tuple[str, ...] = ()
    album: str | None = None
    genres: tuple[str, ...] = ()
    composers: tuple[str, ...] = ()
    date: str | None = None
    """As written: `1999`, `1999-03`, `1999-03-14`."""
    year: int | None = None
    track_number: int | None = None
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    isrc: str | None = None
    musicbrainz_recording_id: str | None = None
    comment: str | None = None
    has_picture: bool = False


@attrs.frozen(kw_only=True)
class Sound:
    """The technical side of a recording's audio stream."""

    container: str
    codec: str
    duration_s: float
    rate_hz: int
    channels: int
    bit_rate: int | None = None
    """Bits per second."""


@attrs.frozen(kw_only=True)
class Failure:
    """Why a file could not be catalogued or analyzed."""

    kind: str
    message: str


@attrs.frozen(kw_only=True)
class Location:
    """One place where a recording's bytes lie.

    `path` is the absolute path in the bytes of the disk; `shown` the same for people and JSON, with replacement signs.
    """

    root_id: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    inode: int
    presence: Presence = Presence.PRESENT

    @property
    def shown(self) -> str:
        """The path as text that every encoder accepts."""
        return shown_path(self.path)


@attrs.frozen(kw_only=True)
class Track:
    """One recording with everything the catalogue knows of it."""

    id: str
    stage: Stage
    presence: Presence
    missing_since: datetime | None = None
    audio_hash: str | None = None
    """Hex digest of the encoded payload without tags; None while growing, empty or unreadable."""
    tags: Tags = Tags()
    """What counts: the file's, with what people edited in place of it."""
    edited: tuple[str, ...] = ()
    """Names of the fields of `tags` that people edited."""
    sound: Sound | None = None
    features: Features | None = None
    failure: Failure | None = None
    failures: int = 0
    locations: tuple[Location, ...] = ()
    """Present ones first, then by path; none where all files went into the trash with it."""
    file_name: str = ""
    """Of its best file, or of the last one that it had; as text that every encoder accepts."""
    size_bytes: int = 0
    added_at: datetime
    changed_at: datetime
    mine: Mine | None = None
    """What the person who asked keeps about it; None where it was not asked for anybody."""
    version: int = 1
    """Grows by one at every change; the ETag is made of it."""

    @property
    def title(self) -> str:
        """What to show: the tagged title, or the file's name without its ending."""
        if self.tags.title:
            return self.tags.title
        name = self.locations[0].shown.rpartition("/")[2] if self.locations else self.file_name or self.id
        stem, dot, _ = name.rpartition(".")
        return stem if dot and stem else name


def shown_path(path: bytes) -> str:
    """A path for people: what is not UTF-8 becomes U+FFFD, so that JSON and PostgreSQL accept it."""
    return path.decode("utf-8", "replace").replace("\0", "\ufffd")


def logged_path(path: bytes | os.PathLike[str]) -> str:
    """A path in one line of a log or message: what is no UTF-8 or not printable stands as an escape, so nothing is lost."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
