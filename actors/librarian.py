"""Carries out what people want of tracks: edits, removals and restores, each one transaction with its event."""

import structlog
import trio

from actors.config import SECONDS
from actors.errors import ConflictError, DatabaseError, RookeryError
from actors.messages import EditTrack, PurgeTrack, RemoveTrack, RestoreTrack, ShelveUpload, TidyUp
from actors.model.track import Track
from actors.nudge import Nudge
from actors.removal import Removal
from actors.store.changes import Question
from actors.store.store import Store
from actors.watching import identity
from actors.watching.identity import Observation, new_track_id
from supervision import Actor, Context

log = structlog.get_logger("rookery.librarian")

Order = EditTrack | RemoveTrack | RestoreTrack | PurgeTrack | ShelveUpload | TidyUp

RECOVERY_LIMIT_S = 20 * SECONDS
"""What a crash left is put in order by then, or the next time."""


class Librarian(Actor[Order]):
    """One order after the other, none of which waits for the reading of files; so people never wait for an import.

    Its transactions and the cataloger's hold the rows that they change until they commit: neither overwrites what it
    has not seen. It waits for nobody's mailbox.
    """

    def __init__(self, *, store: Store, work_waits: Nudge) -> None:
        self._store = store
        self._work_waits = work_waits
        self._removal = Removal(store=store)

    async def started(self, context: Context) -> None:
        """Put in order what an earlier incarnation or process left half-way."""
        with trio.move_on_after(RECOVERY_LIMIT_S):
            try:
                await self._removal.recover()
            except DatabaseError as error:
                log.warning("recovery_put_off", reason=str(error))

    async def receive(self, order: Order) -> Track | RookeryError | None:
        """Carry out one order; gives the track as it is then, None where it is gone, or why it cannot be carried out.

        Cancellation: a transaction happens wholly or not at all; files on their way are put in order at the next start.
        """
        try:
            return await self._carried_out(order)
        except RookeryError as error:
            # Whoever asked is told; the next order has nothing to do with it.
            return error

    async def _carried_out(self, order: Order) -> Track | None:
        match order:
            case EditTrack():
                return await self._store.edits.change(
                    order.track_id,
                    order.change,
                    version=order.version,
                    is_whole=order.is_whole,
                    person_id=order.person_id,
                )
            case RestoreTrack():
                return await self._removal.restore(order)
            case ShelveUpload():
                return await self._shelved(order)
            case RemoveTrack():
                await self._removal.remove(order)
            case PurgeTrack():
                await self._removal.purge(order)
            case TidyUp():
                await self._removal.recover()
        return None

    async def _shelved(self, order: ShelveUpload) -> Track:
        path, audio_hash = order.reading.path, order.content.probe and order.content.probe.audio_hash
        hashes = [audio_hash] if audio_hash else []
        seen = Observation(reading=order.reading, content=order.content)
        question = Question(
            paths=[path],
            hashes=hashes,
            decide=lambda known: identity.decide([seen], known=known, absent=frozenset(), new_id=new_track_id),
        )
        await self._store.changes.apply([], question)
        self._work_waits.give()
        known = await self._store.tracks.known([path], hashes)
        holder = known.at.get(path)
        track = None
        if holder is not None:
            track = await self._store.tracks.find(holder.track_id, person_id=order.person_id)
        if track is None:
            raise ConflictError("The folder that it was put into is not watched any more, or it was taken out again")
        return track
