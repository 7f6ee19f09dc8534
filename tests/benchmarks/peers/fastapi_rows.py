"""Rows of the database to the rival's models."""

import asyncpg
from fastapi_models import Failure, Features, Key, Location, Loudness, Mine, Sound, Tags, Tempo, Track
from pydantic.alias_generators import to_camel

from actors.store.rows import JOINED

TONICS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
CAMELOT = (8, 3, 10, 5, 12, 7, 2, 9, 4, 11, 6, 1)


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
    return Features(version=row["features_version"], duration=row["decoded_s"], loudness=loudness, tempo=tempo, key=key)


def rank(place: asyncpg.Record) -> tuple[bool, bytes]:
    """Present ones first, by path."""
    return place[f"{JOINED}presence"] != "present", place[f"{JOINED}path"]


def mine(row: asyncpg.Record) -> Mine:
    """What the one who asks keeps."""
    return Mine(rating=row["stars"], plays=row["plays"] or 0, last_played_at=row["last_played_at"])


def track(row: asyncpg.Record, places: list[asyncpg.Record]) -> Track:
    """One track of its rows."""
    tags = Tags(**row["tags"])
    sound = row["sound"]
    if sound is not None:
        sound = Sound(duration=sound.pop("duration_s"), **sound)
    measured = features(row)
    locations = [
        Location(
            root_id=place[f"{JOINED}root_id"],
            path=place[f"{JOINED}path"].decode("utf-8", "replace"),
            size_bytes=place[f"{JOINED}size_bytes"],
            presence=place[f"{JOINED}presence"],
        )
        for place in sorted(places, key=rank)
    ]
    return Track(
        id=row["id"],
        title=tags.title or locations[0].path.rpartition("/")[2].rpartition(".")[0],
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
        edited=[to_camel(name) for name in row["edits"]],
        sound=sound,
        features=measured,
        failure=Failure(**row["failure"]) if row["failure"] else None,
        locations=locations,
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        version=row["version"],
        mine=mine(row),
    )
