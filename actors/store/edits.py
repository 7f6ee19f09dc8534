"""What people say of tracks in place of their files, written and read."""

import asyncpg
import attrs
import msgspec

from actors.errors import StaleError, TrackGoneError
from actors.model.edits import Edits, Metadata, merged
from actors.model.event import NewEvent
from actors.model.track import Tags, Track
from actors.model.view import track_view
from actors.store import events, tracks
from actors.store.codec import is_storable
from actors.store.pool import Pool

METADATA = "SELECT id, version, tags, file_tags, edits FROM track WHERE id = $1 AND removed_at IS NULL"
HOLD = "SELECT version, edits, removed_at IS NOT NULL AS is_removed FROM track WHERE id = $1 FOR UPDATE"
PUT = """
UPDATE track SET edits = $2, tags = file_tags || $2, changed_at = now(), version = version + 1
WHERE id = $1
"""


async def held(
    connection: asyncpg.Connection, track_id: str, version: int | None, *, is_removed: bool = False
) -> asyncpg.Record:
    """A track's row, which nobody else writes until the end of the write function.

    Raises:
        TrackGoneError: there is none, or it lies in the trash; with `is_removed`, it does not lie there.
        StaleError: it has another version than the given one.
    """
    row = await connection.fetchrow(HOLD, track_id)
    if row is None or row["is_removed"] != is_removed:
        raise TrackGoneError(track_id)
    if version is not None and row["version"] != version:
        raise StaleError(track_id)
    return row


async def told(connection: asyncpg.Connection, track_id: str, kind: str, *, person_id: str | None = None) -> Track:
    """The track as a person sees it now, with its event logged, at the end of a write function."""
    (track,) = await tracks.load(connection, [track_id], person_id=person_id)
    await events.append(connection, [NewEvent(type=kind, payload={"track": msgspec.to_builtins(track_view(track))})])
    return track


@attrs.define(eq=False)
class EditStore:
    """People's edits. Every method may raise DatabaseError."""

    _pool: Pool

    async def find(self, track_id: str) -> Metadata | None:
        """Both halves of a track's tags, or None when there is no such track."""
        if not is_storable(track_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(METADATA, track_id))
        if row is None:
            return None
        return Metadata(
            track_id=row["id"],
            version=row["version"],
            tags=msgspec.convert(row["tags"], Tags),
            file_tags=msgspec.convert(row["file_tags"], Tags),
            edited=tuple(row["edits"]),
        )

    async def change(
        self, track_id: str, change: Edits, *, version: int | None, is_whole: bool, person_id: str | None = None
    ) -> Track:
        """Change what people say of a track, in one transaction with its TRACK_UPDATED; see `model.edits.merged`.

        What changes nothing tells nothing, and the version stays. The track is given as `person_id` sees it.

        Raises:
            TrackGoneError, StaleError: as `held`.
        """

        async def once(connection: asyncpg.Connection) -> Track:
            row = await held(connection, track_id, version)
            edits = merged(row["edits"], change, is_whole=is_whole)
            if edits == row["edits"]:
                return (await tracks.load(connection, [track_id], person_id=person_id))[0]
            await connection.execute(PUT, track_id, edits)
            return await told(connection, track_id, "TRACK_UPDATED", person_id=person_id)

        return await self._pool.write(once)
