"""How rows become values of the model."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import msgspec

from actors.model.change import Reading
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.known import Holder
from actors.model.mine import Mine
from actors.model.root import Root, RootState
from actors.model.track import Failure, Location, Presence, Sound, Stage, Tags, Track

LOUDNESS = tuple(field.name for field in attrs.fields(Loudness))


def track_of(row: Mapping[str, Any], locations: Iterable[Location]) -> Track:
    """A track from a row of `TRACK_COLUMNS`; its locations are put in order."""
    return Track(
        id=row["id"],
        stage=Stage(row["stage"]),
        presence=Presence(row["presence"]),
        missing_since=row["missing_since"],
        audio_hash=row["audio_hash"],
        tags=msgspec.convert(row["tags"], Tags),
        edited=tuple(row["edits"]),
        sound=None if row["sound"] is None else msgspec.convert(row["sound"], Sound),
        features=None if row["features_version"] is None else features_of(row),
        failure=None if row["failure"] is None else msgspec.convert(row["failure"], Failure),
        failures=row["failures"],
        locations=tuple(sorted(locations, key=_rank)),
        file_name=row["file_name"],
        size_bytes=row["size_bytes"],
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        version=row["version"],
        mine=_mine_of(row),
    )


def _mine_of(row: Mapping[str, Any]) -> Mine | None:
    if not row["is_asked"]:
        return None
    return Mine(rating=row["stars"], plays=row["plays"] or 0, last_played_at=row["last_played_at"])


RANK = {Presence.PRESENT: 0, Presence.UNVERIFIED: 1, Presence.MISSING: 2}


def _rank(location: Location) -> tuple[int, bytes]:
    return RANK[location.presence], location.path


TRACK_COLUMNS = """
  track.id, track.stage, track.presence, track.missing_since, track.audio_hash, track.tags, track.edits, track.sound, track.failure,
  track.failures, track.file_name, track.size_bytes, track.added_at, track.changed_at, track.version,
  features.version AS features_version, features.duration_s AS decoded_s, features.integrated_lufs, features.range_lu,
  features.true_peak_dbtp, features.sample_peak_dbfs, features.max_momentary_lufs, features.max_short_term_lufs,
  features.bpm, features.bpm_confidence, features.bpm_alternatives,
  features.tonic, features.is_minor, features.key_confidence,
  $2::text IS NOT NULL AS is_asked, rating.stars, listened.plays, listened.last_played_at
"""
TRACK_SOURCES = """
  track LEFT JOIN features ON features.track_id = track.id
  LEFT JOIN rating ON rating.track_id = track.id AND rating.person_id = $2
  LEFT JOIN listened ON listened.track_id = track.id AND listened.person_id = $2
"""
"""Where those columns come from; $2 is the person who asks, or NULL."""


def features_of(row: Mapping[str, Any]) -> Features:
    """Measurements from a row of `TRACK_COLUMNS`, without the waveform: `peaks` is empty."""
    tempo = key = None
    if row["bpm"] is not None:
        tempo = Tempo(bpm=row["bpm"], confidence=row["bpm_confidence"], alternatives=tuple(row["bpm_alternatives"]))
    if row["tonic"] is not None:
        key = Key(tonic=row["tonic"], is_minor=row["is_minor"], confidence=row["key_confidence"])
    return Features(
        version=row["features_version"],
        duration_s=row["decoded_s"],
        loudness=Loudness(**{name: row[name] for name in LOUDNESS}),
        tempo=tempo,
        key=key,
        peaks=b"",
    )


def holder_of(row: Mapping[str, Any]) -> Holder:
    """A track, as far as identity needs it."""
    return Holder(
        track_id=row["id"],
        audio_hash=row["audio_hash"],
        paths=tuple(row["paths"] or ()),
        is_removed=row["is_removed"],
    )


LOCATION_COLUMNS = "track_id, root_id, path, size_bytes, mtime_ns, device, inode, presence"


JOINED = "at_"
JOINED_COLUMNS = ", ".join(f"location.{name} AS {JOINED}{name}" for name in LOCATION_COLUMNS.split(", "))
"""The same beside columns of the track; all NULL where it has no location."""


def location_of(row: Mapping[str, Any], *, prefix: str = "") -> Location:
    """A location from a row of `LOCATION_COLUMNS`, or, with the prefix `JOINED`, of `JOINED_COLUMNS`."""
    return Location(**_stat_of(row, prefix), presence=Presence(row[f"{prefix}presence"]))


def reading_of(row: Mapping[str, Any]) -> Reading:
    """What `stat` said of a location, from a row of `LOCATION_COLUMNS`."""
    return Reading(**_stat_of(row))


def _stat_of(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    return {
        "root_id": row[f"{prefix}root_id"],
        "path": row[f"{prefix}path"],
        "size_bytes": row[f"{prefix}size_bytes"],
        "mtime_ns": int(row[f"{prefix}mtime_ns"]),
        "device": int(row[f"{prefix}device"]),
        "inode": int(row[f"{prefix}inode"]),
    }


ROOT_COLUMNS = "id, path, state, reason, device, added_at, scanned_at"


def root_of(row: Mapping[str, Any]) -> Root:
    """A root from a row of `ROOT_COLUMNS`."""
    return Root(
        id=row["id"],
        path=row["path"],
        state=RootState(row["state"]),
        reason=row["reason"],
        device=None if row["device"] is None else int(row["device"]),
        added_at=row["added_at"],
        scanned_at=row["scanned_at"],
    )
