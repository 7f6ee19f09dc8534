"""Lets everybody's player play on, whichever node or restart it was told something before."""

from contextlib import suppress

import structlog

from actors.errors import BusyError
from actors.messages import PlayerChanged, PlayerWanted
from actors.player import PLAYERS, Players
from actors.store.store import Store
from supervision import Actor, ActorStoppedError, Context, EventKind, EventStream, MailboxFullError

log = structlog.get_logger("rookery.conductor")


class Conductor(Actor[PlayerChanged | PlayerWanted]):
    """Wakes the players that play, at its start and when the supervisor of all players was restarted. What the log says of a player, on
    whichever node it was told, reaches the one that is awake here; one that plays by then is awake on every node, for those who listen there.
    Where the catalogue changes while a device listens, a player that sleeps is woken too: it looks what can still be played.
    """

    def __init__(self, *, store: Store, players: Players) -> None:
        self._store = store
        self._players = players

    async def started(self, context: Context) -> None:
        """Ready at once."""
        self._running = context.running
        context.start_soon(self._resume_always, context.running.events())

    async def receive(self, message: PlayerChanged | PlayerWanted) -> None:
        """Pass it on to the player, or wake it. A full mailbox, or a player that is just ending, needs nothing: it looks by itself."""
        if isinstance(message, PlayerWanted):
            with suppress(BusyError):  # it looks when it wakes, whenever that is
                await self._players.wake(self._running, message.person_id)
            return
        ref = self._players.awake(self._running, message.person_id)
        if ref is None:
            if message.is_playing:
                await self._wake(message.person_id)
            return
        try:
            ref.tell_nowait(message)
        except (MailboxFullError, ActorStoppedError):
            log.debug("a player was told nothing", person=message.person_id)

    async def _resume_always(self, stream: EventStream) -> None:
        async with stream as events:
            await self._resume()
            async for event in events:
                if event.kind is EventKind.RESTARTED and event.path == PLAYERS:
                    await self._resume()

    async def _resume(self) -> None:
        for person_id in await self._store.player_queues.list_playing():
            if not await self._wake(person_id):
                return

    async def _wake(self, person_id: str) -> bool:
        try:
            await self._players.wake(self._running, person_id)
        except BusyError as error:
            log.warning("not every player plays on", reason=str(error))
            return False
        return True
