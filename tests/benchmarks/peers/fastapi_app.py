"""The rival: the list of tracks and one track, as a FastAPI developer would write them with asyncpg and pydantic.

Same tables, same number of queries, same JSON. Run by uvicorn with uvloop and httptools; the database from `DATABASE_URL`.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict
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
    sound: Sound | None
    features: Features | None
    failure: Failure | None
    locations: list[Location]
    added_at: datetime
    changed_at: datetime
    version: int


class Meta(Model):
    """Where the page stands."""

    total: int
    page: int
    page_size: int
    total_pages: int
    has_next_page: bool
    has_previous_page: bool
    next_cursor: str | None


class Page(Model):
    """One page."""

    data: list[Track]
    meta: Meta


TRACKS = """
SELECT track.id, track.title, track.stage, track.presence, track.missing_since, track.audio_hash, track.tags, track.sound,
  track.failure, track.size_bytes, track.added_at, track.changed_at, track.version, features.version AS features_version,
  features.duration_s, features.integrated_lufs, features.range_lu, features.true_peak_dbtp, features.sample_peak_dbfs,
  features.max_momentary_lufs, features.max_short_term_lufs, features.bpm, features.bpm_confidence,
  features.bpm_alternatives, features.tonic, features.is_minor, features.key_confidence
FROM track LEFT JOIN features ON features.track_id = track.id
"""
LOCATIONS = "SELECT track_id, root_id, shown, size_bytes, presence FROM location WHERE track_id = ANY($1) ORDER BY path"
TONICS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
CAMELOT = (8, 3, 10, 5, 12, 7, 2, 9, 4, 11, 6, 1)


async def prepare(connection: asyncpg.Connection) -> None:
    """JSON columns as values."""
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the pool."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10, init=prepare) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def features(row: asyncpg.Record) -> Features | None:
    """The measured part of a row."""
    if row["features_version"] is None:
        return None
    tempo = key = None
    if row["bpm"] is not None:
        tempo = Tempo(bpm=row["bpm"], confidence=row["bpm_confidence"], alternatives=row["bpm_alternatives"])
    if row["tonic"] is not None:
        tonic, is_minor = row["tonic"], row["is_minor"]
        key = Key(
            tonic=tonic,
            is_minor=is_minor,
            name=f"{TONICS[tonic]} {'minor' if is_minor else 'major'}",
            camelot=f"{CAMELOT[(tonic + 3) % 12]}A" if is_minor else f"{CAMELOT[tonic]}B",
            confidence=row["key_confidence"],
        )
    loudness = Loudness(**{name: row[name] for name in Loudness.model_fields})
    return Features(
        version=row["features_version"], duration=row["duration_s"], loudness=loudness, tempo=tempo, key=key
    )


def track(row: asyncpg.Record, places: list[asyncpg.Record]) -> Track:
    """One track of its rows."""
    tags = Tags(**row["tags"])
    sound = row["sound"]
    if sound is not None:
        sound = Sound(duration=sound.pop("duration_s"), **sound)
    measured = features(row)
    locations = [
        Location(
            root_id=place["root_id"], path=place["shown"], size_bytes=place["size_bytes"], presence=place["presence"]
        )
        for place in places
    ]
    return Track(
        id=row["id"],
        title=row["title"],
        artist=", ".join(tags.artists) or None,
        album=tags.album,
        duration=measured.duration if measured else sound.duration if sound else None,
        size_bytes=row["size_bytes"],
        path=locations[0].path if locations else None,
        stage=row["stage"],
        presence=row["presence"],
        missing_since=row["missing_since"],
        audio_hash=row["audio_hash"],
        tags=tags,
        sound=sound,
        features=measured,
        failure=Failure(**row["failure"]) if row["failure"] else None,
        locations=locations,
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        version=row["version"],
    )


async def tracks(connection: asyncpg.Connection, sql: str, *arguments: Any) -> list[Track]:
    """Tracks of a query, with their locations."""
    rows = await connection.fetch(TRACKS + sql, *arguments)
    places: dict[str, list[asyncpg.Record]] = {row["id"]: [] for row in rows}
    for place in await connection.fetch(LOCATIONS, list(places)):
        places[place["track_id"]].append(place)
    return [track(row, places[row["id"]]) for row in rows]


@app.get("/api/v1/tracks")
async def list_tracks(
    page: Annotated[int, Query(ge=1)] = 1, page_size: Annotated[int, Query(ge=1, le=500, alias="pageSize")] = 50
) -> Page:
    """A page of the list, newest first."""
    async with app.state.pool.acquire() as connection:
        total = await connection.fetchval("SELECT count(*) FROM track")
        order = "ORDER BY track.added_at DESC, track.id DESC LIMIT $1 OFFSET $2"
        found = await tracks(connection, order, page_size + 1, (page - 1) * page_size)
    meta = Meta(
        total=total,
        page=page,
        page_size=page_size,
        total_pages=max(1, -(-total // page_size)),
        has_next_page=len(found) > page_size,
        has_previous_page=page > 1,
        next_cursor=None,
    )
    return Page(data=found[:page_size], meta=meta)


@app.get("/api/v1/tracks/{track_id}")
async def find_track(track_id: str) -> Track:
    """One track."""
    async with app.state.pool.acquire() as connection:
        found = await tracks(connection, "WHERE track.id = $1", track_id)
    if not found:
        raise HTTPException(404)
    return found[0]


@app.get("/livez")
async def live() -> dict[str, str]:
    """Nothing but an answer."""
    return {"status": "ok"}
