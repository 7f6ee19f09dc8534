"""Carries out what people want of tracks: edits, removals and restores, each one transaction with its event."""

from actors.errors import RookeryError
from actors.messages import EditTrack
from actors.model.track import Track
from actors.store.store import Store
from supervision import Actor

Order = EditTrack


class Librarian(Actor[Order]):
    """One order after the other, none of which waits for the reading of files; so people never wait for an import.

    Its transactions and the cataloger's hold the rows that they change until they commit: neither overwrites what it
    has not seen. It waits for nobody's mailbox.
    """

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def receive(self, order: Order) -> Track | RookeryError:
        """Carry out one order; gives the track as it is then, or why the order cannot be carried out.

        Cancellation: the transaction happens wholly or not at all.
        """
        try:
            return await self._carried_out(order)
        except RookeryError as error:
            # Whoever asked is told; the next order has nothing to do with it.
            return error

    async def _carried_out(self, order: Order) -> Track:
        return await self._store.edits.change(
            order.track_id,
            order.change,
            version=order.version,
            is_whole=order.is_whole,
            person_id=order.person_id,
        )
