"""Tracks in the trash: put there, brought back, and gone for good."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import asyncpg
import attrs

from actors.model.change import Reading
from actors.model.event import NewEvent
from actors.model.page import Page
from actors.model.track import Track
from actors.model.trashed import Trashed, TrashedFile
from actors.store import tracks
from actors.store.batch import Batch
from actors.store.codec import is_storable
from actors.store.edits import held
from actors.store.pool import Pool

FILE_COLUMNS = "track_id, root_id, path, trashed_path, size_bytes"
INTEND = f"INSERT INTO trashed_file ({FILE_COLUMNS}) VALUES ($1, $2, $3, $4, $5)"  # noqa: S608  # constants
FORGET = """
DELETE FROM trashed_file USING track
WHERE track.id = trashed_file.track_id AND track.removed_at IS NULL AND trashed_file.trashed_path = ANY($1)
"""
UNFINISHED = f"""
SELECT {FILE_COLUMNS} FROM trashed_file
WHERE EXISTS (SELECT FROM track WHERE id = track_id AND removed_at IS NULL) ORDER BY id
"""  # noqa: S608  # constants
FILES = f"SELECT {FILE_COLUMNS} FROM trashed_file WHERE track_id = ANY($1) ORDER BY id"  # noqa: S608
DROP_FILES = "DELETE FROM trashed_file WHERE track_id = $1"
REMOVE = "UPDATE track SET removed_at = now(), removed_by = $2 WHERE id = $1 RETURNING file_name"
TAKE_LOCATIONS = """
DELETE FROM location
WHERE track_id = $1 AND sha256(path) IN (SELECT sha256(path) FROM trashed_file WHERE track_id = $1)
"""
BEST = "SELECT shown FROM location WHERE track_id = $1 ORDER BY presence <> 'present', path LIMIT 1"
RESTORE = "UPDATE track SET removed_at = NULL, removed_by = NULL WHERE id = $1"
# Its files that stay are remembered as no recordings: no look makes a track of them again until their bytes change.
FORGET_MISSING = "DELETE FROM location WHERE track_id = $1 AND presence = 'missing'"
IGNORE = "UPDATE location SET track_id = NULL WHERE track_id = $1"
PURGE = "DELETE FROM track WHERE id = $1"
COUNT = "SELECT count(*) FROM track WHERE removed_at IS NOT NULL"
COLUMNS = """
SELECT id, removed_at, removed_by,
  (SELECT count(*) FROM rating WHERE track_id = track.id) AS ratings,
  (SELECT count(*) FROM play WHERE track_id = track.id) AS plays
FROM track WHERE removed_at IS NOT NULL
"""
PAGE = f"{COLUMNS} ORDER BY removed_at DESC, id DESC LIMIT $1 OFFSET $2"
ONE = f"{COLUMNS} AND id = $1"
EXPIRED = """
SELECT id, version FROM track WHERE removed_at < now() - make_interval(secs => $1) ORDER BY removed_at, id LIMIT $2
"""


@attrs.define(eq=False)
class Trash:
    """Tracks in the trash. Every method may raise DatabaseError; those that take a version raise as `edits.held` does."""

    _pool: Pool

    async def list_(self, *, page: int, page_size: int) -> Page[Trashed]:
        """One page by its number, newest first, with the total."""

        async def read(connection: asyncpg.Connection) -> Page[Trashed]:
            total = await connection.fetchval(COUNT)
            rows = await connection.fetch(PAGE, page_size, (page - 1) * page_size)
            return Page(items=tuple(await _trashed(connection, rows)), total=total, after=None)

        return await self._pool.read(read)

    async def find(self, track_id: str) -> Trashed | None:
        """One, or None when it does not lie in the trash."""
        if not is_storable(track_id):
            return None

        async def read(connection: asyncpg.Connection) -> Trashed | None:
            found = await _trashed(connection, await connection.fetch(ONE, track_id))
            return found[0] if found else None

        return await self._pool.read(read)

    async def expired(self, *, kept_s: float, most: int) -> list[tuple[str, int]]:
        """Id and version of those that lie there for longer than `kept_s`, oldest first."""
        rows = await self._pool.read(lambda connection: connection.fetch(EXPIRED, kept_s, most))
        return [(row["id"], row["version"]) for row in rows]

    async def intend(self, track_id: str, files: Sequence[TrashedFile], *, version: int | None) -> None:
        """Note which files are going to be moved, before they are: `unfinished` tells of them after a crash."""

        async def once(connection: asyncpg.Connection) -> None:
            await held(connection, track_id, version)
            await connection.executemany(INTEND, [attrs.astuple(file) for file in files])

        await self._pool.write(once)

    async def unfinished(self) -> list[TrashedFile]:
        """Files of tracks that do not lie in the trash: their removal broke off."""
        return list(map(_file_of, await self._pool.read(lambda connection: connection.fetch(UNFINISHED))))

    async def forget(self, files: Sequence[TrashedFile]) -> None:
        """Files lie where they lay before they were to be moved."""
        paths = [file.trashed_path for file in files]
        await self._pool.write(lambda connection: connection.execute(FORGET, paths))

    async def remove(self, track_id: str, *, version: int | None, person_id: str) -> None:
        """Put a track into the trash, with the files that were intended and moved. Tells TRACK_REMOVED."""

        async def once(connection: asyncpg.Connection) -> None:
            await held(connection, track_id, version)
            best = await connection.fetchval(BEST, track_id)
            file_name = await connection.fetchval(REMOVE, track_id, person_id)
            await connection.execute(TAKE_LOCATIONS, track_id)
            batch = Batch(connection)
            batch.touch(track_id)
            batch.tell(NewEvent(type="TRACK_REMOVED", payload={"trackId": track_id, "path": best or file_name}))
            await batch.finish()

        await self._pool.write(once)

    async def restore(self, track_id: str, readings: Sequence[Reading], *, person_id: str | None = None) -> Track:
        """Bring a track back as it was, with the files that were moved back. Tells TRACK_ADDED."""

        async def once(connection: asyncpg.Connection) -> Track:
            await held(connection, track_id, None, is_removed=True)
            await connection.execute(RESTORE, track_id)
            await connection.execute(DROP_FILES, track_id)
            batch = Batch(connection)
            for reading in readings:
                await batch.put_location(track_id, reading)
            batch.touch(track_id, "TRACK_ADDED")
            await batch.finish()
            return (await tracks.load(connection, [track_id], person_id=person_id))[0]

        return await self._pool.write(once)

    async def purge(self, track_id: str, *, version: int | None) -> None:
        """Forget a track for good, with all that people kept about it. Tells nothing: it was gone for everybody."""

        async def once(connection: asyncpg.Connection) -> None:
            await held(connection, track_id, version, is_removed=True)
            for sql in (FORGET_MISSING, IGNORE, PURGE):
                await connection.execute(sql, track_id)

        await self._pool.write(once)


async def _trashed(connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> list[Trashed]:
    ids = [row["id"] for row in rows]
    files: dict[str, list[TrashedFile]] = defaultdict(list)
    for row in await connection.fetch(FILES, ids):
        files[row["track_id"]].append(_file_of(row))
    found = {track.id: track for track in await tracks.load(connection, ids, is_removed=True)}
    return [
        Trashed(
            track=found[row["id"]],
            removed_at=row["removed_at"],
            removed_by=row["removed_by"],
            files=tuple(files[row["id"]]),
            ratings=row["ratings"],
            plays=row["plays"],
        )
        for row in rows
        if row["id"] in found
    ]


def _file_of(row: Any) -> TrashedFile:
    return TrashedFile(**{field.name: row[field.name] for field in attrs.fields(TrashedFile)})
