"""What the catalogue is called at this moment: another name after every change, so that a kept answer can be compared with it."""

import attrs

from actors.store.pool import Pool

OF_ALL = "SELECT revision::text FROM feed"
OF_ONE = "SELECT concat(feed.revision, ' ', (SELECT revision FROM person WHERE id = $1)) FROM feed"
TOUCH = "UPDATE feed SET revision = gen_random_uuid()"
"""For a change that no event tells; call it last in a transaction, as `events.append`."""


@attrs.define(eq=False)
class Revisions:
    """Names of states. Every method may raise DatabaseError.

    A change and its new name become visible together. Whoever asks for the name first and reads afterwards has read at least
    what it stands for.
    """

    _pool: Pool

    async def current(self, person_id: str | None = None) -> str:
        """The name of the catalogue's present state, or of that and of what belongs to a person."""
        if person_id is None:
            return str(await self._pool.read(lambda connection: connection.fetchval(OF_ALL)))
        return str(await self._pool.read(lambda connection: connection.fetchval(OF_ONE, person_id)))
