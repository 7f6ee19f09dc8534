"""What the bytes of a recording say, written into its track."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import attrs

from actors.model.change import Content
from actors.model.track import Stage, Tags

ADD_TRACK = """
    INSERT INTO track (id, stage, audio_hash, file_tags, tags, sound, failure, failures)
    VALUES ($1, $2, $3, $4, $4, $5, $6, CASE WHEN $6::jsonb IS NULL THEN 0 ELSE 1 END)"""
# What people edited stays in place of what the file says. The same sound keeps what was measured of it; only an unfinished or failed look is made good.
SET_PROBE = """
    UPDATE track SET
      audio_hash = $2, file_tags = $3, tags = $3 || edits, sound = $4, failure = CASE WHEN audio_hash = $2 THEN failure END,
      failures = CASE WHEN audio_hash = $2 THEN failures ELSE 0 END,
      claimed_at = CASE WHEN audio_hash = $2 THEN claimed_at END,
      stage = CASE
        WHEN audio_hash IS DISTINCT FROM $2 THEN 'pending'
        WHEN stage IN ('growing', 'empty') THEN
          CASE WHEN EXISTS (SELECT FROM features WHERE track_id = $1 AND features.audio_hash = $2)
               THEN 'analyzed' ELSE 'pending' END
        ELSE stage END
    WHERE id = $1
      AND (audio_hash IS DISTINCT FROM $2 OR file_tags <> $3 OR sound IS DISTINCT FROM $4 OR stage IN ('growing', 'empty'))"""
SET_GROWING = "UPDATE track SET stage = 'growing' WHERE id = $1 AND stage <> 'growing'"
# A recording that grows has one file, so without that file nothing of it grows. What was known of its sound holds again.
STOP_GROWING = """
    UPDATE track SET stage = CASE
      WHEN EXISTS (SELECT FROM features WHERE track_id = track.id AND features.audio_hash = track.audio_hash)
      THEN 'analyzed' ELSE 'pending' END
    WHERE id = ANY($1) AND stage = 'growing' AND audio_hash IS NOT NULL"""
SET_UNREADABLE = """
    UPDATE track SET stage = $2, failure = $3, audio_hash = NULL, claimed_at = NULL,
      failures = CASE WHEN $3::jsonb IS NULL THEN 0 ELSE failures + 1 END
    WHERE id = $1 AND (stage <> $2 OR failure IS DISTINCT FROM $3 OR audio_hash IS NOT NULL)"""
DROP_STALE_FEATURES = """
    WITH stale AS (
      DELETE FROM features USING track
      WHERE track_id = $1 AND track.id = $1 AND features.audio_hash IS DISTINCT FROM track.audio_hash RETURNING track_id)
    UPDATE track SET bpm = NULL, tonic = NULL, is_minor = NULL, loudness_lufs = NULL, measured_s = NULL
    FROM stale WHERE id = stale.track_id"""


def said(tags: Tags) -> dict[str, Any]:
    """What a file says of itself, as it is written: without what it does not say, which would be the larger half of most rows."""
    return attrs.asdict(tags, filter=lambda field, value: value != field.default)


async def add(connection: asyncpg.Connection, track_id: str, content: Content) -> None:
    """A new track, which has no location yet, inside a write function."""
    await connection.execute(
        ADD_TRACK,
        track_id,
        content.stage,
        content.probe.audio_hash if content.probe else None,
        said(content.probe.tags) if content.probe else {},
        attrs.asdict(content.probe.sound) if content.probe else None,
        attrs.asdict(content.failure) if content.failure else None,
    )


async def write(connection: asyncpg.Connection, track_id: str, content: Content) -> bool:
    """What the only file of a track, or a copy with its sound, holds now, inside a write function.

    Returns: whether anything of it is new.
    """
    probe = content.probe
    if probe is not None:
        status = await connection.execute(
            SET_PROBE, track_id, probe.audio_hash, said(probe.tags), attrs.asdict(probe.sound)
        )
    elif content.stage is Stage.GROWING:
        status = await connection.execute(SET_GROWING, track_id)
    else:
        failure = attrs.asdict(content.failure) if content.failure else None
        status = await connection.execute(SET_UNREADABLE, track_id, content.stage, failure)
    await connection.execute(DROP_STALE_FEATURES, track_id)
    return bool(status != "UPDATE 0")


async def stop_growing(connection: asyncpg.Connection, track_ids: Sequence[str]) -> None:
    """The files of these tracks are gone: what was being written is written no more, inside a write function."""
    await connection.execute(STOP_GROWING, track_ids)
