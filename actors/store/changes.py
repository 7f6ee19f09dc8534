"""Carrying out what was decided of files and tracks: rows and events in one transaction."""

from collections.abc import Callable, Collection, Sequence

import asyncpg
import attrs

from actors.model.change import Change
from actors.model.known import Known
from actors.store import tracks
from actors.store.batch import Batch
from actors.store.pool import Pool
from actors.store.rooted import under_known_roots

DECIDE_ALONE = "SELECT pg_advisory_xact_lock(5217940336180249)"
"""Whoever decides which recording a file is sees what everyone before decided: two could else make one sound two tracks.

The key is any number that no other program uses.
"""


@attrs.frozen(kw_only=True)
class Question:
    """What is to be decided with the catalogue in view, and of which paths and sounds that view must be."""

    paths: Collection[bytes]
    hashes: Collection[str]
    decide: Callable[[Known], Sequence[Change]]
    """Pure; it runs again when the transaction does."""


@attrs.define(eq=False)
class Changes:
    """The writer of tracks, locations and features as their files say. Several may use it at once."""

    _pool: Pool

    async def apply(self, changes: Sequence[Change], question: Question | None = None) -> int:
        """Carry out a batch, all or nothing, then what a question makes of the catalogue by then; log what it tells.

        A change that was already carried out changes and tells nothing, and so does one under a root that is gone.

        Returns: how many events were logged.

        Raises:
            DatabaseError: see `Pool`.
        """

        async def once(connection: asyncpg.Connection) -> int:
            if question is not None:
                await connection.execute(DECIDE_ALONE)
            batch = Batch(connection)
            for change in await under_known_roots(connection, changes):
                await batch.carry_out(change)
            if question is not None:
                known = await tracks.known(connection, question.paths, question.hashes)
                for change in await under_known_roots(connection, question.decide(known)):
                    await batch.carry_out(change)
            return await batch.finish()

        return await self._pool.write(once)
