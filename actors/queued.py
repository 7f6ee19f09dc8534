"""Which tracks stand in the queues of the players that are awake here, and whom to wake when the catalogue changes. Nobody waits here."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

import attrs


@attrs.define(eq=False)
class Place:
    """What stands in the queue of one player that is awake. Changed by `Queued` alone."""

    person_id: str
    look: Callable[[], None]
    """Called when something of it may have changed. Never waits."""
    track_ids: frozenset[str] = frozenset()
    is_left: bool = False


class Queued:
    """Everyone's queue whose player is awake on this node. All methods belong to one Trio thread.

    A change of the catalogue costs one look into a dictionary for each track that it is about, however many players are awake.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._of_track: defaultdict[str, set[Place]] = defaultdict(set)
        self._reading: set[Place] = set()

    def __contains__(self, person_id: str) -> bool:
        """Whether somebody's player is awake here."""
        return person_id in self._places

    def join(self, person_id: str, look: Callable[[], None]) -> Place:
        """The place of a player that wakes, until `leave`; `look` is called, without waiting, when the catalogue changed its tracks."""
        place = self._places[person_id] = Place(person_id, look)
        return place

    def leave(self, place: Place) -> None:
        """A player is awake no more."""
        self.hold(place, ())
        place.is_left = True
        if self._places.get(place.person_id) is place:
            del self._places[place.person_id]

    def hold(self, place: Place, track_ids: Iterable[str]) -> None:
        """These tracks stand in a player's queue. What one that has left still learns of its queue counts for nothing."""
        if place.is_left:
            return
        before, place.track_ids = place.track_ids, frozenset(track_ids)
        for track_id in before - place.track_ids:
            self._of_track[track_id].discard(place)
            if not self._of_track[track_id]:
                del self._of_track[track_id]
        for track_id in place.track_ids - before:
            self._of_track[track_id].add(place)

    @contextmanager
    def reading(self, place: Place) -> Iterator[None]:
        """While a queue and its tracks are being read, every change may be about one of them, and have come too late for the read."""
        self._reading.add(place)
        try:
            yield
        finally:
            self._reading.discard(place)

    def changed(self, track_ids: Collection[str]) -> None:
        """Tell everybody in whose queue any of these tracks stands, or may stand: once each."""
        if not self._places:
            return
        concerned = set(self._reading) if track_ids else set()
        for track_id in track_ids:
            if track_id in self._of_track:
                concerned |= self._of_track[track_id]
        for place in concerned:
            place.look()

    def all_changed(self) -> None:
        """Tell everybody: nobody knows what changed."""
        for place in tuple(self._places.values()):
            place.look()
