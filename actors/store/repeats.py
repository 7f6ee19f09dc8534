"""Requests that may come twice: who works on one, and the answer that it got."""

import uuid
from typing import Any

import asyncpg
import attrs

from actors.config import HOURS
from actors.store.pool import Pool

KEPT_S = 24 * HOURS
"""An answer is given again for so long."""
MOST_KEPT = 100_000
"""Answers of all people; beyond that the oldest go early."""

ENDED = f"repeatable.began_at < now() - make_interval(secs => {KEPT_S:g})"
BEGIN = f"""
INSERT INTO repeatable (person_id, route, key, claim, claimed_until)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
ON CONFLICT (person_id, route, key) DO UPDATE SET
  claim = excluded.claim, claimed_until = excluded.claimed_until, began_at = now(),
  fingerprint = NULL, status = NULL, headers = NULL, body = NULL
WHERE {ENDED} OR (repeatable.status IS NULL AND repeatable.claimed_until < now())
RETURNING true
"""  # noqa: S608  # constants
FOUND = """
SELECT fingerprint, status, headers, body FROM repeatable WHERE person_id = $1 AND route = $2 AND key = $3
"""
RENEW = """
UPDATE repeatable SET claimed_until = now() + make_interval(secs => $2) WHERE claim = $1 AND status IS NULL
"""
KEEP = """
UPDATE repeatable SET fingerprint = $2, status = $3, headers = $4, body = $5 WHERE claim = $1 AND status IS NULL
"""
RELEASE = "DELETE FROM repeatable WHERE claim = $1 AND status IS NULL"
CLEAN = f"""
DELETE FROM repeatable
WHERE {ENDED} OR began_at < (SELECT began_at FROM repeatable ORDER BY began_at DESC LIMIT 1 OFFSET $1)
"""  # noqa: S608


@attrs.frozen(kw_only=True)
class Kept:
    """The answer that a request got, and what it asked."""

    fingerprint: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Claim:
    """The right to answer a request, for a limited time."""

    id: uuid.UUID


@attrs.define(eq=False)
class Repeats:
    """Every method may raise DatabaseError."""

    _pool: Pool

    async def begin(self, person_id: str, route: str, key: str, *, lease_s: float) -> Claim | Kept | None:
        """Take a request on.

        Returns: a claim, also where an earlier one ended without an answer; what the request was answered before; or None
        while another claim on it holds.
        """
        claim = uuid.uuid4()

        async def once(connection: asyncpg.Connection) -> Claim | Kept | None:
            if await connection.fetchval(BEGIN, person_id, route, key, claim, lease_s):
                return Claim(id=claim)
            row = await connection.fetchrow(FOUND, person_id, route, key)
            return None if row is None or row["status"] is None else _kept_of(row)

        return await self._pool.write(once)

    async def renew(self, claim: Claim, *, lease_s: float) -> None:
        """Hold a claim for so many seconds from now on."""
        await self._pool.write(lambda connection: connection.execute(RENEW, claim.id, lease_s))

    async def keep(self, claim: Claim, answer: Kept) -> None:
        """Keep the answer for whoever asks the same again; nothing happens if the claim is another's by now."""
        headers = [list(pair) for pair in answer.headers]
        values = (answer.fingerprint, answer.status, headers, answer.body)
        await self._pool.write(lambda connection: connection.execute(KEEP, claim.id, *values))

    async def release(self, claim: Claim) -> None:
        """Give a claim back without an answer: the next one begins anew."""
        await self._pool.write(lambda connection: connection.execute(RELEASE, claim.id))

    async def clean(self, *, most: int = MOST_KEPT) -> int:
        """Drop what is older than `KEPT_S`, and all but the newest `most`; gives how many."""
        status: str = await self._pool.write(lambda connection: connection.execute(CLEAN, most - 1))
        return int(status.rpartition(" ")[2])


def _kept_of(row: Any) -> Kept:
    return Kept(
        fingerprint=row["fingerprint"],
        status=row["status"],
        headers=tuple((name, value) for name, value in row["headers"]),
        body=row["body"],
    )
