"""How people rate tracks."""

import asyncpg
import attrs

from actors.model.mine import NOTHING, Mine
from actors.store.codec import is_storable
from actors.store.pool import Pool

PUT = """
INSERT INTO rating (person_id, track_id, stars)
SELECT $1, id, $3 FROM track WHERE id = $2 AND removed_at IS NULL
ON CONFLICT (person_id, track_id) DO UPDATE SET stars = excluded.stars, changed_at = now()
RETURNING true
"""
REMOVE = "DELETE FROM rating WHERE person_id = $1 AND track_id = $2"
MINE = """
SELECT rating.stars, listened.plays, listened.last_played_at
FROM track
LEFT JOIN rating ON rating.track_id = track.id AND rating.person_id = $1
LEFT JOIN listened ON listened.track_id = track.id AND listened.person_id = $1
WHERE track.id = $2 AND track.removed_at IS NULL
"""


async def mine(connection: asyncpg.Connection, person_id: str, track_id: str) -> Mine | None:
    """What a person keeps about a track, inside a read or write function; None when there is no such track."""
    row = await connection.fetchrow(MINE, person_id, track_id)
    if row is None:
        return None
    return Mine(rating=row["stars"], plays=row["plays"] or 0, last_played_at=row["last_played_at"])


@attrs.define(eq=False)
class Ratings:
    """Each person's stars. Every method may raise DatabaseError."""

    _pool: Pool

    async def find(self, person_id: str, track_id: str) -> Mine | None:
        """What a person keeps about a track, or None when there is no such track."""
        if not is_storable(track_id):
            return None
        return await self._pool.read(lambda connection: mine(connection, person_id, track_id))

    async def put(self, person_id: str, track_id: str, stars: int) -> Mine | None:
        """Rate a track with 1–5 stars, in place of an earlier rating; None when there is no such track."""

        async def put(connection: asyncpg.Connection) -> Mine | None:
            if not await connection.fetchval(PUT, person_id, track_id, stars):
                return None
            return await mine(connection, person_id, track_id)

        return await self._pool.write(put) if is_storable(track_id) else None

    async def remove(self, person_id: str, track_id: str) -> Mine:
        """Take a rating back, if there is one."""

        async def remove(connection: asyncpg.Connection) -> Mine:
            await connection.execute(REMOVE, person_id, track_id)
            return await mine(connection, person_id, track_id) or NOTHING

        return await self._pool.write(remove)
