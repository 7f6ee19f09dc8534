"""API keys: what programs show. Only digests of them are kept."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import attrs

from actors.errors import ConflictError
from actors.model.key import Key
from actors.model.user import Caller, Role
from actors.store.codec import is_storable, storable
from actors.store.pool import Pool

MOST_PER_USER = 100

COLUMNS = "id, person_id, name, role, added_at, expires_at, last_used_at"
OWNED = "($1::text IS NULL OR person_id = $1)"
PAGE = f"SELECT {COLUMNS} FROM api_key WHERE {OWNED} ORDER BY added_at, id LIMIT $2 OFFSET $3"  # noqa: S608  # constants
COUNT = f"SELECT count(*) FROM api_key WHERE {OWNED}"  # noqa: S608
ONE = f"SELECT {COLUMNS} FROM api_key WHERE id = $1"  # noqa: S608
# Whose keys are counted is held fast, so that two at once do not both find room for one.
OWNER = "SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE"
HAS_MANY = f"SELECT count(*) >= {MOST_PER_USER} FROM api_key WHERE person_id = $1"  # noqa: S608
ADD = f"""
INSERT INTO api_key (id, hash, person_id, name, role, expires_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING {COLUMNS}
"""  # noqa: S608
FIND = """
SELECT api_key.id, api_key.role AS key_role, api_key.expires_at, person.id AS person_id, person.name, person.role
FROM api_key JOIN person ON person.id = api_key.person_id
WHERE api_key.hash = $1 AND (api_key.expires_at IS NULL OR api_key.expires_at > now())
"""
REMOVE = "DELETE FROM api_key WHERE id = $1 RETURNING true"
USED = """
UPDATE api_key SET last_used_at = now()
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""


@attrs.define(eq=False)
class Keys:
    """The API keys. Every method may raise DatabaseError."""

    _pool: Pool

    async def list_(self, user_id: str | None, *, limit: int, offset: int) -> tuple[list[Key], int]:
        """Some keys of a user, or of all, the oldest first, and how many there are."""

        async def once(connection: asyncpg.Connection) -> tuple[list[Key], int]:
            rows = await connection.fetch(PAGE, user_id, limit, offset)
            return [_key_of(row) for row in rows], await connection.fetchval(COUNT, user_id)

        return await self._pool.read(once)

    async def find(self, key_id: str) -> Key | None:
        """One key, or None."""
        if not is_storable(key_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(ONE, key_id))
        return None if row is None else _key_of(row)

    async def find_caller(self, digest: bytes) -> Caller | None:
        """Who comes in by the key with this digest, with no more than both key and owner may; None if nobody does."""
        row = await self._pool.read(lambda connection: connection.fetchrow(FIND, digest))
        if row is None:
            return None
        return Caller(
            user_id=row["person_id"],
            name=row["name"],
            role=Role(row["key_role"]).within(Role(row["role"])),
            key_id=row["id"],
            expires_at=row["expires_at"],
        )

    async def add(
        self,
        user_id: str,
        digest: bytes,
        *,
        name: str,
        role: Role,
        expires_at: datetime | None,
        made_by: str | None = None,
    ) -> Key:
        """Keep a new key; it is removed with the key `made_by`, if it was made by one.

        Raises:
            ConflictError: the user has `MOST_PER_USER`, or is gone; or the key that makes it is.
        """
        key_id = secrets.token_hex(8)

        async def once(connection: asyncpg.Connection) -> Key:
            if await connection.fetchrow(OWNER, user_id) is None:
                raise ConflictError("Whoever this key was to be for is gone")
            if await connection.fetchval(HAS_MANY, user_id):
                raise ConflictError(f"Nobody may have more than {MOST_PER_USER} keys; revoke one first")
            values = (key_id, digest, user_id, storable(name), role, expires_at, made_by)
            try:
                return _key_of(await connection.fetchrow(ADD, *values))
            except asyncpg.ForeignKeyViolationError as error:
                raise ConflictError("The key that this one was to be made by is gone") from error

        return await self._pool.write(once)

    async def remove(self, key_id: str) -> bool:
        """Revoke one, and all that were made by it; False when there is none."""
        return bool(await self._pool.write(lambda connection: connection.fetchval(REMOVE, key_id)))

    async def note_use(self, key_id: str) -> None:
        """Remember that a key was used now, to the minute."""
        await self._pool.write(lambda connection: connection.execute(USED, key_id))


def _key_of(row: Mapping[str, Any]) -> Key:
    return Key(
        id=row["id"],
        user_id=row["person_id"],
        name=row["name"],
        role=Role(row["role"]),
        added_at=row["added_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )
