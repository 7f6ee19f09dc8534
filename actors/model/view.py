"""Tracks as clients see them: in HTTP answers, in events of the live feed and in the OpenAPI document.

JSON in camelCase; times RFC 3339 UTC; durations in seconds; sizes in bytes. What lies on the disk as bytes is shown as text.
"""

from typing import Any

import msgspec

from actors.model.features_view import FeaturesView, features_view
from actors.model.mine import NOTHING, Mine
from actors.model.time import Time
from actors.model.track import Location, Presence, Sound, Stage, Tags, Track


class TagsView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What a file says of itself."""

    title: str | None
    """Null if it has none."""
    artists: tuple[str, ...]
    """Performers, in order."""
    album_artists: tuple[str, ...]
    """Whose album it is."""
    album: str | None
    """Null if it belongs to none."""
    genres: tuple[str, ...]
    """In order."""
    composers: tuple[str, ...]
    """In order."""
    date: str | None
    """As exact as it is known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; null if it is not."""
    year: int | None
    """Year of the date; null if not known."""
    track_number: int | None
    """Place on its disc, from 1; null if not known."""
    track_total: int | None
    """Tracks of the disc; null if not known."""
    disc_number: int | None
    """Which disc, from 1; null if not known."""
    disc_total: int | None
    """Discs of the album; null if not known."""
    isrc: str | None
    """International Standard Recording Code; null if it has none."""
    musicbrainz_recording_id: str | None
    """A UUID; null if it has none."""
    comment: str | None
    """Null if there is none."""
    has_picture: bool
    """Whether a picture lies in the file."""


class SoundView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The technical side of a recording; `bitRate` in bits per second, `rateHz` in samples per second."""

    container: str
    """Form of the file."""
    codec: str
    """How the sound is encoded."""
    duration: float
    """Seconds, as the file says."""
    rate_hz: int
    """Samples per second."""
    channels: int
    """1 is mono, 2 stereo."""
    bit_rate: int | None
    """Bits per second; null if the file does not say."""


class FailureView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Why a file could not be catalogued or analyzed; `kind` is a stable word."""

    kind: str
    """A stable word."""
    message: str
    """For people."""


class LocationView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One place where the recording lies; what is not UTF-8 in `path` is shown as U+FFFD."""

    root_id: str
    path: str
    """Where it lies; what is not UTF-8 is shown as U+FFFD."""
    size_bytes: int
    presence: Presence
    """Whether the file is there."""


class TrackView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One recording, with the few values that every list shows at the top."""

    id: str
    title: str
    """The tagged title, or the file's name without its ending."""
    artist: str | None
    """The artists in one line; null if nothing names them."""
    album: str | None
    """The album; null if nothing names it."""
    duration: float | None
    """Seconds, measured where possible; null for what could not be read."""
    size_bytes: int
    path: str | None
    """Where its bytes lie best: the first of `locations`; null if nowhere."""
    stage: Stage
    """How far it has come."""
    presence: Presence
    """Whether a file of it is there."""
    missing_since: Time | None
    """Since when no file is there; null while one is."""
    audio_hash: str | None
    """SHA-256 of its sound without tags, in hex; null for what could not be read."""
    tags: TagsView
    """What counts: what people say, else what the file says."""
    edited: tuple[str, ...]
    """Names in `tags` that people edited; the rest is the file's."""
    sound: SoundView | None
    """Technical data; null for what could not be read."""
    features: FeaturesView | None
    """What analysis measured; null as long as it did not."""
    failure: FailureView | None
    """Why it could not be read or analyzed; null if it could, or has yet to be."""
    locations: tuple[LocationView, ...]
    """Where it lies; empty if nowhere."""
    added_at: Time
    changed_at: Time
    """When anything of it last changed."""
    version: int


class MineView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What whoever asks keeps about a track: `rating` 1–5 stars, how often and when last they listened."""

    rating: int | None
    """1–5 stars; null for none."""
    plays: int
    """How often you listened."""
    last_played_at: Time | None
    """When you last began to; null if never."""


class OwnTrackView(TrackView, rename="camel", frozen=True, kw_only=True):
    """One recording, with what whoever asks keeps about it. Events, which go to everybody, have no `mine`."""

    mine: MineView
    """What you keep about it."""


class FoundTrackView(OwnTrackView, rename="camel", frozen=True, kw_only=True):
    """One recording among many; the details are left out where they were not asked for."""

    # Wider than what it inherits, because a list may leave them out.
    tags: TagsView | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]  # wider
    edited: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]  # wider
    sound: SoundView | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[assignment]  # wider
    features: FeaturesView | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[assignment]  # wider
    failure: FailureView | msgspec.UnsetType | None = msgspec.UNSET  # type: ignore[assignment]  # wider
    locations: tuple[LocationView, ...] | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]  # wider


DETAILS = frozenset({"tags", "edited", "sound", "features", "failure", "locations"})
"""What `FoundTrackView` may leave out."""


def track_view(track: Track) -> TrackView:
    """One track as clients see it; the duration is the measured one where there is one."""
    return TrackView(**_shown(track))


def _shown(track: Track) -> dict[str, Any]:
    """The fields of every view of a track."""
    duration = track.sound.duration_s if track.sound else None
    if track.features is not None:
        duration = track.features.duration_s
    return {
        "id": track.id,
        "title": track.title,
        "artist": ", ".join(track.tags.artists) or None,
        "album": track.tags.album,
        "duration": duration,
        "size_bytes": track.size_bytes,
        "path": track.locations[0].shown if track.locations else None,
        "stage": track.stage,
        "presence": track.presence,
        "missing_since": track.missing_since,
        "audio_hash": track.audio_hash,
        "tags": tags_view(track.tags),
        "edited": tuple(_SHOWN_NAMES[name] for name in track.edited),
        "sound": _sound_view(track.sound) if track.sound else None,
        "features": features_view(track.features) if track.features else None,
        "failure": FailureView(kind=track.failure.kind, message=track.failure.message) if track.failure else None,
        "locations": tuple(_location_view(location) for location in track.locations),
        "added_at": track.added_at,
        "changed_at": track.changed_at,
        "version": track.version,
    }


def own_track_view(track: Track) -> OwnTrackView:
    """One track as the one who asked for it sees it."""
    return OwnTrackView(**_shown(track), mine=mine_view(track.mine or NOTHING))


def mine_view(mine: Mine) -> MineView:
    """What somebody keeps about a track, as they see it."""
    return MineView(rating=mine.rating, plays=mine.plays, last_played_at=mine.last_played_at)


def found_track_view(track: Track, *, has_details: bool) -> FoundTrackView:
    """One track among many, with its details or without."""
    values = _shown(track)
    if not has_details:
        values = {name: value for name, value in values.items() if name not in DETAILS}
    return FoundTrackView(**values, mine=mine_view(track.mine or NOTHING))


_SHOWN_NAMES = dict(zip(TagsView.__struct_fields__, TagsView.__struct_encode_fields__, strict=True))


def tags_view(tags: Tags) -> TagsView:
    """Tags as clients see them."""
    return TagsView(
        title=tags.title,
        artists=tags.artists,
        album_artists=tags.album_artists,
        album=tags.album,
        genres=tags.genres,
        composers=tags.composers,
        date=tags.date,
        year=tags.year,
        track_number=tags.track_number,
        track_total=tags.track_total,
        disc_number=tags.disc_number,
        disc_total=tags.disc_total,
        isrc=tags.isrc,
        musicbrainz_recording_id=tags.musicbrainz_recording_id,
        comment=tags.comment,
        has_picture=tags.has_picture,
    )


def _sound_view(sound: Sound) -> SoundView:
    return SoundView(
        container=sound.container,
        codec=sound.codec,
        duration=sound.duration_s,
        rate_hz=sound.rate_hz,
        channels=sound.channels,
        bit_rate=sound.bit_rate,
    )


def _location_view(location: Location) -> LocationView:
    return LocationView(
        root_id=location.root_id,
        path=location.shown,
        size_bytes=location.size_bytes,
        presence=location.presence,
    )
