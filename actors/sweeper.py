"""Ends what is kept for a time only: tracks in the trash, answers to requests that may come again, and what broke off half-way."""

import structlog
import trio

from actors.config import MINUTES, SECONDS, Config
from actors.errors import DatabaseError, RookeryError
from actors.messages import PurgeTrack, TidyUp
from actors.store.store import Store
from supervision import Actor, Context, SendError

log = structlog.get_logger("rookery.sweeper")

SWEEP_EVERY_S = 10 * MINUTES
MOST_AT_ONCE = 200
"""So many tracks go in one sweep; orders of people come in between, and the rest goes with the next."""
ORDER_LIMIT_S = 60 * SECONDS


class Sweeper(Actor[None]):
    """Sweeps at its start and from time to time. **Waits on:** the librarian, with a limit."""

    def __init__(self, *, store: Store, config: Config, librarian: str) -> None:
        self._store = store
        self._config = config
        self._librarian_path = librarian

    async def started(self, context: Context) -> None:
        """Begin."""
        self._librarian = context.ref_to(self._librarian_path)
        context.start_soon(self._work)

    async def receive(self, message: None) -> None:
        """Nobody writes to it."""

    async def _work(self) -> None:
        while True:
            try:
                await self.sweep()
            except (DatabaseError, SendError) as error:
                log.warning("sweep_put_off", reason=str(error))
            await trio.sleep(SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Sweep once. Raises DatabaseError or SendError when that cannot be done now."""
        await self._store.repeats.clean()
        await self._librarian.ask(TidyUp(), timeout_s=ORDER_LIMIT_S)
        for track_id, version in await self._store.trash.expired(kept_s=self._config.trash_kept_s, most=MOST_AT_ONCE):
            answer = await self._librarian.ask(PurgeTrack(track_id=track_id, version=version), timeout_s=ORDER_LIMIT_S)
            if isinstance(answer, RookeryError):
                log.warning("track_not_purged", track=track_id, reason=str(answer))
