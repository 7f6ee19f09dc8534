"""The event log: written in the transaction of the change it tells of, read by everyone who follows."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress

import asyncpg
import attrs

from actors.errors import DatabaseAwayError
from actors.model.event import Event, NewEvent
from actors.store.listening import Listening, listen
from actors.store.pool import Pool

CHANNEL = "rookery_events"

APPEND = """
WITH given AS (
  UPDATE feed SET newest = newest + cardinality($1::text[]),
    revision = CASE WHEN array_position($4::text[], NULL) IS NULL THEN revision ELSE gen_random_uuid() END
  RETURNING newest - cardinality($1::text[]) AS before, newest
), written AS (
  INSERT INTO event (seq, type, payload, owner, at)
  SELECT before + position, type, payload, owner, clock_timestamp()
  FROM given, unnest($1::text[], $2::jsonb[], $4::text[]) WITH ORDINALITY AS new (type, payload, owner, position)
)
SELECT newest, pg_notify($3, newest::text) FROM given
"""
"""What one user alone hears of is no change of the catalogue, so that kept answers stay right."""
AFTER = "SELECT seq, type, payload, at, owner FROM event WHERE seq > $1 ORDER BY seq LIMIT $2"
GENERATION = "SELECT to_jsonb(feed) ->> 'generation' FROM feed"
"""None in a schema of the time before there was one, which a backup may have brought."""
RECONNECTED = "rookery_generation"
"""Nobody notifies it: only the new connection after a restoration counts."""
BOUNDS = "SELECT coalesce((SELECT min(seq) FROM event), newest + 1), newest FROM feed"
PRUNE = "DELETE FROM event WHERE seq <= (SELECT newest FROM feed) - $1"


async def append(connection: asyncpg.Connection, events: Sequence[NewEvent]) -> int:
    """Number and log events inside a write function; readers are woken by its commit.

    Call it last: from here to the commit every other writer of events waits, which keeps the numbers in order of
    visibility, and `at` close to the commit.

    Returns: the newest number, also when there is nothing to append.
    """
    if not events:
        return int(await connection.fetchval("SELECT newest FROM feed"))
    types = [event.type for event in events]
    payloads, owners = [event.payload for event in events], [event.owner for event in events]
    return int(await connection.fetchval(APPEND, types, payloads, CHANNEL, owners))


@attrs.define(eq=False)
class Events:
    """The log's readers. Every method may raise DatabaseError, as `Pool.read` does."""

    _pool: Pool

    async def after(self, seq: int, limit: int) -> list[Event]:
        """At most `limit` events that follow `seq`, in order and without a gap."""
        rows = await self._pool.read(lambda connection: connection.fetch(AFTER, seq, limit))
        return [Event(**row) for row in rows]

    async def bounds(self) -> tuple[int, int]:
        """Oldest and newest number kept; of an empty log the oldest is one more than the newest."""
        oldest, newest = await self._pool.read(lambda connection: connection.fetchrow(BOUNDS))
        return oldest, newest

    async def add(self, *events: NewEvent) -> int:
        """Log events that belong to no change of the catalogue, in a transaction of their own; gives the newest number."""
        return await self._pool.write(lambda connection: append(connection, events))

    async def until_restored(self) -> None:
        """Wait until the database is another one than now, because a backup was put back. Its absence is waited out."""
        before = None
        async with listen(self._pool, RECONNECTED) as connected:
            while True:
                await connected.take()
                with suppress(DatabaseAwayError):  # the next connection tells
                    now = await self._pool.read(lambda connection: connection.fetchval(GENERATION))
                    if before is not None and now != before:
                        return
                    before = now

    async def prune(self, keep: int) -> int:
        """Drop all but the newest `keep` events; gives how many were dropped."""
        status: str = await self._pool.write(lambda connection: connection.execute(PRUNE, keep))
        return int(status.rpartition(" ")[2])

    def listen(self) -> AbstractAsyncContextManager[Listening]:
        """A signal that fires when events were logged, by whatever process, and whenever some may have been missed."""
        return listen(self._pool, CHANNEL)
