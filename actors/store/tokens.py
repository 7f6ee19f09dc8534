"""Tokens: what a login gives, until it expires or is revoked. Only digests of them are kept."""

import secrets
from datetime import timedelta

import asyncpg
import attrs

from actors.model.key import Token
from actors.model.user import Caller, Role
from actors.store.pool import Pool

MOST_PER_USER = 100
"""Further logins end the oldest."""

# A new password waits for this login, or this login for the new password.
OWNER = "SELECT FROM person WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2) FOR SHARE"
ADD = """
INSERT INTO token (id, hash, person_id, expires_at) VALUES ($1, $2, $3, now() + $4)
RETURNING id, person_id, added_at, expires_at
"""
EXPIRED = "DELETE FROM token WHERE expires_at <= now()"
TOO_MANY = """
DELETE FROM token WHERE id IN (SELECT id FROM token WHERE person_id = $1 ORDER BY added_at DESC, id OFFSET $2)
"""
FIND = """
SELECT token.id, token.expires_at, person.id AS person_id, person.name, person.role
FROM token JOIN person ON person.id = token.person_id WHERE token.hash = $1 AND token.expires_at > now()
"""
REMOVE = "DELETE FROM token WHERE id = $1 RETURNING true"


@attrs.define(eq=False)
class Tokens:
    """The tokens. Every method may raise DatabaseError."""

    _pool: Pool

    async def add(
        self, user_id: str, digest: bytes, *, lifetime_s: float, password_hash: str | None = None
    ) -> Token | None:
        """Keep a token for so long, and forget those that have ended.

        Args:
            user_id: whom it lets in.
            digest: of the token.
            lifetime_s: how long.
            password_hash: what was found right for it.

        Returns: None when there is no such user any more, or their password has been changed.
        """
        token_id = secrets.token_hex(8)

        async def once(connection: asyncpg.Connection) -> Token | None:
            await connection.execute(EXPIRED)
            if await connection.fetchrow(OWNER, user_id, password_hash) is None:
                return None
            row = await connection.fetchrow(ADD, token_id, digest, user_id, timedelta(seconds=lifetime_s))
            await connection.execute(TOO_MANY, user_id, MOST_PER_USER)
            return Token(id=row["id"], user_id=row["person_id"], added_at=row["added_at"], expires_at=row["expires_at"])

        return await self._pool.write(once)

    async def find(self, digest: bytes) -> Caller | None:
        """Who comes in by the token with this digest; None if nobody does (any more)."""
        row = await self._pool.read(lambda connection: connection.fetchrow(FIND, digest))
        if row is None:
            return None
        return Caller(
            user_id=row["person_id"],
            name=row["name"],
            role=Role(row["role"]),
            token_id=row["id"],
            expires_at=row["expires_at"],
        )

    async def remove(self, token_id: str) -> bool:
        """Revoke one; False when there is none."""
        return bool(await self._pool.write(lambda connection: connection.fetchval(REMOVE, token_id)))
