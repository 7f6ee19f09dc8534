"""What the rival answers and takes, as pydantic models in camelCase."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """In camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Tags(Model):
    """As in actors/model/view.py, like all below."""

    title: str | None = None
    artists: list[str] = []
    album_artists: list[str] = []
    album: str | None = None
    genres: list[str] = []
    composers: list[str] = []
    date: str | None = None
    year: int | None = None
    track_number: int | None = None
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    isrc: str | None = None
    musicbrainz_recording_id: str | None = None
    comment: str | None = None
    has_picture: bool = False


class Sound(Model):
    """The stream."""

    container: str
    codec: str
    duration: float
    rate_hz: int
    channels: int
    bit_rate: int | None = None


class Loudness(Model):
    """By EBU R128."""

    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None


class Tempo(Model):
    """Beats."""

    bpm: float
    confidence: float
    alternatives: list[float]


class Key(Model):
    """Tonality."""

    tonic: int
    is_minor: bool
    name: str
    camelot: str
    confidence: float


class Features(Model):
    """Measured."""

    version: int
    duration: float
    loudness: Loudness
    tempo: Tempo | None
    key: Key | None


class Failure(Model):
    """Why not."""

    kind: str
    message: str


class Location(Model):
    """Where."""

    root_id: str
    path: str
    size_bytes: int
    presence: str


class Mine(Model):
    """What the one who asks keeps about it."""

    rating: int | None
    plays: int
    last_played_at: datetime | None


class Track(Model):
    """One recording."""

    id: str
    title: str
    artist: str | None
    album: str | None
    duration: float | None
    size_bytes: int
    path: str | None
    stage: str
    presence: str
    missing_since: datetime | None
    audio_hash: str | None
    tags: Tags
    edited: list[str]
    sound: Sound | None
    features: Features | None
    failure: Failure | None
    locations: list[Location]
    added_at: datetime
    changed_at: datetime
    version: int
    mine: Mine


class Meta(Model):
    """Where the page stands."""

    total: int | None
    is_total_exact: bool
    page: int | None
    page_size: int
    total_pages: int | None
    has_next_page: bool
    has_previous_page: bool
    next_cursor: str | None


class Page(Model):
    """One page."""

    data: list[Track]
    meta: Meta


class Wanted(Model):
    """Ids."""

    track_ids: Annotated[list[str], Field(min_length=1, max_length=500)]


class Got(Model):
    """Tracks of ids, and the ids of which there is none."""

    successful: list[Track]
    errors: list[str]


class NewRating(Model):
    """Stars."""

    rating: Annotated[int, Field(ge=1, le=5)]


class Edits(Model):
    """Tags that people change."""

    title: str | None = None
    comment: str | None = None


class Query(Model):
    """Which tracks, in which order, which page of them."""

    page: Annotated[int, Field(ge=1)] | None = None
    cursor: str | None = None
    page_size: Annotated[int, Field(ge=1, le=500)] = 50
    q: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    genre: list[str] = []
    codec: str | None = None
    min_year: int | None = None
    max_year: int | None = None
    min_bpm: float | None = None
    max_bpm: float | None = None
    sort: str | None = None
    order: Literal["asc", "desc"] = "desc"
