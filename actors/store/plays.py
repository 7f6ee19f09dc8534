"""When people listened to tracks."""

from datetime import datetime

import asyncpg
import attrs

from actors.model.mine import Mine
from actors.store.codec import is_storable
from actors.store.pool import Pool
from actors.store.ratings import mine

# The sum comes first: its row lets one play of a person and track be counted at a time.
COUNT = """
INSERT INTO listened (person_id, track_id, plays, last_played_at)
SELECT $1, id, 1, $3 FROM track WHERE id = $2 AND removed_at IS NULL
ON CONFLICT (person_id, track_id) DO UPDATE SET
  plays = listened.plays + 1, last_played_at = greatest(listened.last_played_at, excluded.last_played_at)
RETURNING true
"""
ADD = "INSERT INTO play (person_id, track_id, at, listened_s) VALUES ($1, $2, $3, $4)"
LASTED = "UPDATE play SET listened_s = $4 WHERE person_id = $1 AND track_id = $2 AND at = $3"


async def count(
    connection: asyncpg.Connection, person_id: str, track_id: str, *, at: datetime, listened_s: float | None
) -> bool:
    """Record one play inside a write function; False when there is no such track."""
    if not await connection.fetchval(COUNT, person_id, track_id, at):
        return False
    await connection.execute(ADD, person_id, track_id, at, listened_s)
    return True


async def lasted(
    connection: asyncpg.Connection, person_id: str, track_id: str, *, at: datetime, listened_s: float
) -> None:
    """Say inside a write function how long a play that was recorded has lasted in the end; nothing where there is none."""
    await connection.execute(LASTED, person_id, track_id, at, listened_s)


@attrs.define(eq=False)
class Plays:
    """Each person's listening. Every method may raise DatabaseError."""

    _pool: Pool

    async def add(self, person_id: str, track_id: str, *, at: datetime, listened_s: float | None) -> Mine | None:
        """Record that somebody listened to a track, `listened_s` seconds of it; None when there is no such track."""

        async def add(connection: asyncpg.Connection) -> Mine | None:
            if not await count(connection, person_id, track_id, at=at, listened_s=listened_s):
                return None
            return await mine(connection, person_id, track_id)

        return await self._pool.write(add) if is_storable(track_id) else None
