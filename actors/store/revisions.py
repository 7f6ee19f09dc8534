"""What the catalogue is called at this moment: another name after every change, so that a kept answer can be compared with it."""

from collections import deque

import attrs
import trio

from actors.config import SECONDS
from actors.store.pool import Pool

OF_ALL = "SELECT revision::text FROM feed"
OF_ONE = "SELECT concat(feed.revision, ' ', (SELECT revision FROM person WHERE id = $1)) FROM feed"
TOUCH = "UPDATE feed SET revision = gen_random_uuid()"
"""For a change that no event tells; call it last in a transaction, as `events.append`."""
PATIENCE_S = 0.25 * SECONDS
"""A reading that takes longer holds up no other."""
GROUP = 32
"""So many are woken at once. If a thousand were, others would wait for all their turns; and Trio, which takes turns forwards or backwards,
would now and then let the first to ask come last."""


@attrs.define(eq=False)
class _Reading:
    """One question to the database, for all who asked before it was put."""

    is_over: trio.Event = attrs.field(factory=trio.Event)
    """Everybody has been told."""
    name: str | None = None
    error: Exception | None = None
    _groups: deque[trio.Event] = attrs.field(init=False, factory=deque)
    _room: int = attrs.field(init=False, default=0)
    """In the last group."""

    async def told(self) -> None:
        """Wait until it is known, or given up."""
        if not self._room:
            self._groups.append(trio.Event())
            self._room = GROUP
        self._room -= 1
        await self._groups[-1].wait()

    async def tell(self) -> None:
        """Wake those who wait, group after group, in the order in which they came."""
        while self._groups:
            self._groups.popleft().set()
            if self._groups:
                await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Wake whoever still waits, at once."""
        while self._groups:
            self._groups.popleft().set()
        self.is_over.set()


@attrs.define(eq=False)
class Revisions:
    """Names of states. Every method may raise DatabaseError.

    A change and its new name become visible together. Whoever asks for the name first and reads afterwards has read at least
    what it stands for.
    """

    _pool: Pool
    _running: dict[str | None, _Reading] = attrs.field(init=False, factory=dict)
    _next: dict[str | None, _Reading] = attrs.field(init=False, factory=dict)

    async def current(self, person_id: str | None = None) -> str:
        """The name of the catalogue's present state, or of that and of what belongs to a person.

        It is never older than the call. Who asks while somebody else's reading is under way, which may be, shares the next one
        with all who do.
        """
        while (shared := self._next.get(person_id)) is not None:
            await shared.told()
            if shared.error is not None:
                raise shared.error.with_traceback(None)
            if shared.name is not None:
                return shared.name
            # Who was to read was cancelled; somebody else does.
        reading = _Reading()
        if (running := self._running.get(person_id)) is not None:
            await self._turn(person_id, reading, behind=running)
        return await self._read(person_id, reading)

    async def _turn(self, person_id: str | None, reading: _Reading, *, behind: _Reading) -> None:
        self._next[person_id] = reading
        try:
            with trio.move_on_after(PATIENCE_S):
                await behind.is_over.wait()
        except BaseException:
            reading.close()
            raise
        finally:
            del self._next[person_id]

    async def _read(self, person_id: str | None, reading: _Reading) -> str:
        self._running[person_id] = reading
        try:
            reading.name = await self._ask(person_id)
            await reading.tell()
        except Exception as error:
            reading.error = error
            raise
        finally:
            reading.close()
            if self._running.get(person_id) is reading:
                del self._running[person_id]
        return reading.name

    async def _ask(self, person_id: str | None) -> str:
        if person_id is None:
            return str(await self._pool.read(lambda connection: connection.fetchval(OF_ALL)))
        return str(await self._pool.read(lambda connection: connection.fetchval(OF_ONE, person_id)))
