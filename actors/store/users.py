"""Accounts. An administrator is always among them, whatever happens at once."""

import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg
import attrs
from msgspec import UNSET

from actors.errors import ConflictError
from actors.model.user import LOCAL_USER_ID, Account, Role, User, UserChange
from actors.store.codec import is_storable, storable
from actors.store.pool import Pool

COLUMNS = "id, name, role, shown_name, added_at, changed_at, version"
ONE = f"SELECT {COLUMNS} FROM person WHERE id = $1"  # noqa: S608  # constants
ACCOUNT_BY_NAME = f"SELECT {COLUMNS}, password_hash FROM person WHERE name_key = folded($1::text)"  # noqa: S608
ACCOUNT_BY_ID = f"SELECT {COLUMNS}, password_hash FROM person WHERE id = $1"  # noqa: S608
PAGE = f"""
SELECT {COLUMNS} FROM person WHERE id <> '{LOCAL_USER_ID}' ORDER BY name_key, id LIMIT $1 OFFSET $2
"""  # noqa: S608
COUNT = f"SELECT count(*) FROM person WHERE id <> '{LOCAL_USER_ID}'"  # noqa: S608
FOUND = f"""
FROM person WHERE id <> '{LOCAL_USER_ID}'
  AND (strpos(name_key, folded($1::text)) > 0 OR strpos(folded(shown_name), folded($1::text)) > 0)
"""
SEARCH_COUNT = f"SELECT count(*) {FOUND}"
SEARCH = f"""
SELECT {COLUMNS} {FOUND}
ORDER BY NOT starts_with(name_key, folded($1::text)), name_key, id LIMIT $2 OFFSET $3
"""
STANDING = f"""
SELECT coalesce((SELECT revision FROM access), 0) AS revision,
  EXISTS (SELECT FROM person WHERE id <> '{LOCAL_USER_ID}') AS has_accounts
"""  # noqa: S608
# Whoever may change how many administrators there are comes one after the other.
ALONE = "LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE"
OTHER_ADMINS = f"SELECT count(*) FROM person WHERE role = 'admin' AND id NOT IN ('{LOCAL_USER_ID}', $1)"  # noqa: S608
ADD = f"""
INSERT INTO person (id, name, role, shown_name, password_hash) VALUES ($1, $2, $3, $4, $5) RETURNING {COLUMNS}
"""  # noqa: S608
REMOVE = "DELETE FROM person WHERE id = $1"
PREFERENCES = f"SELECT {COLUMNS}, preferences FROM person WHERE id = $1"  # noqa: S608
PREFER = f"""
UPDATE person SET preferences = $3, changed_at = now(), version = version + 1 WHERE id = $1 AND version = $2
RETURNING {COLUMNS}
"""  # noqa: S608
REHASH = "UPDATE person SET password_hash = $3 WHERE id = $1 AND password_hash = $2"
END_TOKENS = "DELETE FROM token WHERE person_id = $1 AND id IS DISTINCT FROM $2"


@attrs.frozen(kw_only=True)
class Standing:
    """What must be known of all accounts at every request."""

    revision: int
    """Another one, and somebody may do less or more than before."""
    has_accounts: bool


@attrs.define(eq=False)
class Users:
    """The accounts. Every method may raise DatabaseError."""

    _pool: Pool

    async def list_(self, *, limit: int, offset: int) -> tuple[list[User], int]:
        """Some accounts by name, and how many there are."""

        async def once(connection: asyncpg.Connection) -> tuple[list[User], int]:
            rows = await connection.fetch(PAGE, limit, offset)
            return [user_of(row) for row in rows], await connection.fetchval(COUNT)

        return await self._pool.read(once)

    async def search(self, text: str, *, limit: int, offset: int) -> tuple[list[User], int]:
        """The same of those whose name or shown name holds a text, whatever its case and accents."""

        async def once(connection: asyncpg.Connection) -> tuple[list[User], int]:
            wanted = storable(text)
            rows = await connection.fetch(SEARCH, wanted, limit, offset)
            return [user_of(row) for row in rows], await connection.fetchval(SEARCH_COUNT, wanted)

        return await self._pool.read(once)

    async def find(self, user_id: str) -> User | None:
        """One user, or None; the local one is found too."""
        if not is_storable(user_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(ONE, user_id))
        return None if row is None else user_of(row)

    async def find_account(self, *, name: str | None = None, user_id: str | None = None) -> Account | None:
        """A user and their password's hash, by the name whatever its case, or by the id."""
        sql, value = (ACCOUNT_BY_NAME, name) if name is not None else (ACCOUNT_BY_ID, user_id)
        if value is None or not is_storable(value):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(sql, value))
        return None if row is None else Account(user=user_of(row), password_hash=row["password_hash"])

    async def standing(self) -> Standing:
        """Whether there are accounts, and the revision of what all may do."""
        row = await self._pool.read(lambda connection: connection.fetchrow(STANDING))
        return Standing(revision=row["revision"], has_accounts=row["has_accounts"])

    async def add(self, *, name: str, role: Role, password_hash: str, shown_name: str | None = None) -> User:
        """A new account.

        Raises:
            ConflictError: the name is taken, or it would be the first and is no administrator's.
        """
        user_id = secrets.token_hex(8)

        async def once(connection: asyncpg.Connection) -> User:
            await connection.execute(ALONE)
            if role is not Role.ADMIN and not await connection.fetchval(OTHER_ADMINS, user_id):
                raise ConflictError("The first account must be an administrator's; give it the role admin")
            try:
                row = await connection.fetchrow(ADD, user_id, name, role, shown_name, password_hash)
            except asyncpg.UniqueViolationError as error:
                raise _taken(name) from error
            return user_of(row)

        return await self._pool.write(once)

    async def change(
        self, user_id: str, change: UserChange, *, version: int | None = None, kept_token: str | None = None
    ) -> User | None:
        """A user made different; a new password ends all tokens but `kept_token`.

        Args:
            user_id: whose account.
            change: what becomes different.
            version: the version that is meant; None for whichever there is.
            kept_token: id of a token that outlives a new password.

        Returns: None when there is no such user, or another version; nothing changed then.

        Raises:
            ConflictError: the name is taken, or no administrator would be left.
        """

        async def once(connection: asyncpg.Connection) -> User | None:
            await connection.execute(ALONE)
            row = await connection.fetchrow(ONE, user_id)
            if row is None or version not in {None, row["version"]}:
                return None
            await _keep_an_admin(connection, row, remains=change.role in {UNSET, Role.ADMIN})
            values = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
            if not values:
                return user_of(row)
            try:
                changed = await connection.fetchrow(_updating(values), user_id, *values.values())
            except asyncpg.UniqueViolationError as error:
                raise _taken(str(change.name)) from error
            if change.password_hash is not UNSET:
                await connection.execute(END_TOKENS, user_id, kept_token)
            return user_of(changed)

        return await self._pool.write(once)

    async def remove(self, user_id: str, *, version: int | None = None) -> bool:
        """Forget a user with all that is theirs alone: tokens, keys, preferences, ratings, plays, memories.

        Returns: False when there is no such user, or another version.

        Raises:
            ConflictError: no administrator would be left.
        """

        async def once(connection: asyncpg.Connection) -> bool:
            await connection.execute(ALONE)
            row = await connection.fetchrow(ONE, user_id)
            if row is None or version not in {None, row["version"]}:
                return False
            await _keep_an_admin(connection, row, remains=False)
            await connection.execute(REMOVE, user_id)
            return True

        return await self._pool.write(once)

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Keep the same password by another hash, unless it was changed meanwhile."""
        await self._pool.write(
            lambda connection: connection.execute(REHASH, account.user.id, account.password_hash, password_hash)
        )

    async def find_preferences(self, user_id: str) -> tuple[User, dict[str, Any]] | None:
        """A user and what they prefer, as it was last given; None when there is no such user."""
        row = await self._pool.read(lambda connection: connection.fetchrow(PREFERENCES, user_id))
        return None if row is None else (user_of(row), row["preferences"])

    async def change_preferences(self, user_id: str, preferences: Mapping[str, Any], *, version: int) -> User | None:
        """Keep what a user prefers; None when it was not this version any more."""
        row = await self._pool.write(
            lambda connection: connection.fetchrow(PREFER, user_id, version, dict(preferences))
        )
        return None if row is None else user_of(row)


def user_of(row: Mapping[str, Any]) -> User:
    """A user from a row of `COLUMNS`."""
    return User(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        shown_name=row["shown_name"],
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        version=row["version"],
    )


async def _keep_an_admin(connection: asyncpg.Connection, row: Mapping[str, Any], *, remains: bool) -> None:
    if row["id"] == LOCAL_USER_ID or row["role"] != Role.ADMIN or remains:
        return
    if not await connection.fetchval(OTHER_ADMINS, row["id"]):
        raise ConflictError(f"{row['name']} is the last administrator. Make another account one first.")


def _taken(name: str) -> ConflictError:
    return ConflictError(f"The name {name} is taken")


def _updating(columns: Mapping[str, Any]) -> str:
    # The names are those of UserChange.
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=2))
    return f"UPDATE person SET {sets}, changed_at = now(), version = version + 1 WHERE id = $1 RETURNING {COLUMNS}"  # noqa: S608
