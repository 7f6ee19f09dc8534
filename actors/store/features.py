"""Measurements, and the queue of tracks that wait for them."""

import asyncpg
import attrs

from actors.config import LONGEST_ANALYSIS_S, MINUTES
from actors.model.change import Reading
from actors.model.features import Features
from actors.store.codec import is_storable
from actors.store.pool import Pool
from actors.store.rows import LOCATION_COLUMNS, LOUDNESS, reading_of

WAITS = "stage IN ('pending', 'failed') AND presence = 'present' AND audio_hash IS NOT NULL AND removed_at IS NULL"
"""As in the index track_waiting, but for the trash."""
CLAIM_S = LONGEST_ANALYSIS_S + 3 * MINUTES
"""Longer than any analysis with its start and end; who claimed a track so long ago is dead."""
CLAIM_ENDS = f"interval '{CLAIM_S:.0f} seconds'"
FREE = f"(claimed_at IS NULL OR claimed_at < now() - {CLAIM_ENDS})"

CLAIM = f"""
WITH free AS (
  SELECT id FROM track
  WHERE {WAITS} AND {FREE}
    AND EXISTS (SELECT FROM location WHERE track_id = track.id AND presence = 'present')
  ORDER BY priority DESC, failures, added_at DESC, id
  LIMIT 1 FOR UPDATE SKIP LOCKED
), place AS (
  SELECT {LOCATION_COLUMNS} FROM location JOIN free ON location.track_id = free.id
  WHERE presence = 'present' ORDER BY path LIMIT 1
)
UPDATE track SET claimed_at = now() FROM place WHERE track.id = place.track_id
RETURNING track.audio_hash, place.*
"""  # noqa: S608  # constants
RELEASE = "UPDATE track SET claimed_at = NULL WHERE id = $1"
# A claim that ends in a minute.
RELEASE_LATER = f"UPDATE track SET claimed_at = now() - {CLAIM_ENDS} + interval '1 minute' WHERE id = $1"  # noqa: S608
RELEASE_ALL = "UPDATE track SET claimed_at = NULL WHERE claimed_at IS NOT NULL"
PRIORITIZE = f"""
UPDATE track SET
  priority = (SELECT coalesce(max(priority), 0) + 1 FROM track WHERE {WAITS})
WHERE id = $1
"""  # noqa: S608
WAITING = f"SELECT count(*) FROM track WHERE {WAITS} AND {FREE}"  # noqa: S608
PEAKS = "SELECT peaks FROM features WHERE track_id = $1"

COLUMNS = (
    *("audio_hash", "version", "duration_s", *LOUDNESS, "bpm", "bpm_confidence", "bpm_alternatives"),
    *("tonic", "is_minor", "key_confidence", "peaks"),
)
PUT = f"""
INSERT INTO features (track_id, {", ".join(COLUMNS)})
VALUES ({", ".join(f"${number}" for number in range(1, len(COLUMNS) + 2))})
ON CONFLICT (track_id) DO UPDATE SET
  {", ".join(f"{column} = excluded.{column}" for column in COLUMNS)}, analyzed_at = now()
"""  # noqa: S608
SETTLE = """
UPDATE track SET stage = 'analyzed', failure = NULL, failures = 0, priority = 0, claimed_at = NULL,
  bpm = $3, tonic = $4, is_minor = $5, loudness_lufs = $6, measured_s = $7
WHERE id = $1 AND audio_hash = $2
RETURNING true
"""


@attrs.frozen(kw_only=True)
class Claim:
    """One track to analyze, promised to the claimer alone for `CLAIM_S`."""

    track_id: str
    audio_hash: str
    reading: Reading
    """What the catalogue knows of the file: while `stat` says the same, its bytes are those of `audio_hash`."""

    @property
    def path(self) -> bytes:
        """Where its bytes lie."""
        return self.reading.path


async def put(connection: asyncpg.Connection, track_id: str, audio_hash: str, features: Features) -> bool:
    """Record what was measured of exactly these bytes, inside a write function; the track is ANALYZED and unclaimed then.

    Returns: False, with nothing changed, when the track is gone or has other bytes now.
    """
    tempo, key, loudness = features.tempo, features.key, features.loudness
    copies = (
        tempo.bpm if tempo else None,
        key.tonic if key else None,
        key.is_minor if key else None,
        loudness.integrated_lufs,
        features.duration_s,
    )
    if not await connection.fetchval(SETTLE, track_id, audio_hash, *copies):
        return False
    await connection.execute(
        PUT,
        track_id,
        audio_hash,
        features.version,
        features.duration_s,
        *(getattr(loudness, name) for name in LOUDNESS),
        *((tempo.bpm, tempo.confidence, tempo.alternatives) if tempo else (None, None, ())),
        *((key.tonic, key.is_minor, key.confidence) if key else (None, None, None)),
        features.peaks,
    )
    return True


@attrs.define(eq=False)
class FeatureStore:
    """The analysis queue and the waveforms. Every method may raise DatabaseError."""

    _pool: Pool

    async def claim(self) -> Claim | None:
        """The next track to analyze: asked-for ones first, fresh ones before failed ones, newest first; or None.

        Two claimers never get the same one.
        """
        row = await self._pool.write(lambda connection: connection.fetchrow(CLAIM))
        if row is None:
            return None
        return Claim(track_id=row["track_id"], audio_hash=row["audio_hash"], reading=reading_of(row))

    async def release(self, track_id: str, *, later: bool = False) -> None:
        """Give a claim back unused; with `later` nobody gets it for a minute, unless the track changes."""
        await self._pool.write(lambda connection: connection.execute(RELEASE_LATER if later else RELEASE, track_id))

    async def release_all(self) -> int:
        """Give all claims back, for the start, when nobody works on any; gives how many there were."""
        status: str = await self._pool.write(lambda connection: connection.execute(RELEASE_ALL))
        return int(status.rpartition(" ")[2])

    async def prioritize(self, track_id: str) -> bool:
        """Put a track ahead of all that wait; False when there is no such track."""
        status: str = await self._pool.write(lambda connection: connection.execute(PRIORITIZE, track_id))
        return status != "UPDATE 0"

    async def peaks(self, track_id: str) -> bytes | None:
        """The waveform of an analyzed track, as in `Features.peaks`, or None."""
        if not is_storable(track_id):
            return None
        peaks: bytes | None = await self._pool.read(lambda connection: connection.fetchval(PEAKS, track_id))
        return peaks

    async def waiting(self) -> int:
        """How many tracks could be claimed now."""
        count: int = await self._pool.read(lambda connection: connection.fetchval(WAITING))
        return count
