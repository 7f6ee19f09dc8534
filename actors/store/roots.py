"""Library roots."""

import secrets

import asyncpg
import attrs

from actors.model.root import Root
from actors.store.codec import is_storable
from actors.store.pool import Pool
from actors.store.rows import ROOT_COLUMNS, root_of

ALL = f"SELECT {ROOT_COLUMNS} FROM root ORDER BY path"  # noqa: S608  # constants
ONE = f"SELECT {ROOT_COLUMNS} FROM root WHERE id = $1"  # noqa: S608
ADD = f"""
INSERT INTO root (id, path) VALUES ($1, $2)
ON CONFLICT (sha256(path)) DO UPDATE SET path = excluded.path
RETURNING {ROOT_COLUMNS}
"""  # noqa: S608
# What is being written under the root is waited for, so that the next statement sees it.
LOCK = "SELECT FROM root WHERE id = $1 FOR UPDATE"
REMOVE = """
DELETE FROM root WHERE id = $1 AND NOT EXISTS (SELECT FROM location WHERE root_id = $1 AND track_id IS NOT NULL)
  AND NOT EXISTS (SELECT FROM trashed_file WHERE root_id = $1)
RETURNING true
"""


@attrs.define(eq=False)
class Roots:
    """The watched folders. Every method may raise DatabaseError."""

    _pool: Pool

    async def list_(self) -> list[Root]:
        """All roots, by path."""
        return [root_of(row) for row in await self._pool.read(lambda connection: connection.fetch(ALL))]

    async def find(self, root_id: str) -> Root | None:
        """One root, or None."""
        if not is_storable(root_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(ONE, root_id))
        return None if row is None else root_of(row)

    async def add(self, path: bytes) -> Root:
        """The root of a path, new or as it is known; `path` absolute, without a trailing slash."""
        fresh = secrets.token_hex(8)
        return root_of(await self._pool.write(lambda connection: connection.fetchrow(ADD, fresh, path)))

    async def remove(self, root_id: str) -> bool:
        """Forget a root that holds no track any more, with what was remembered of other files there.

        Returns: False when it holds tracks, present, missing or files in the trash, or does not exist; then nothing changed.
        """

        async def remove(connection: asyncpg.Connection) -> bool:
            await connection.execute(LOCK, root_id)
            return bool(await connection.fetchval(REMOVE, root_id))

        return await self._pool.write(remove)
