"""The queue of one person's player, and what can be done with it. Pure: each function gives the next queue, or why not."""

from collections.abc import Iterable, Sequence

import attrs

from actors.errors import ConflictError, InvalidError, ItemGoneError, RookeryError, VersionError

MOST_ITEMS = 1_000
"""A queue holds no more. Every change is told whole to each device; so many ids still fit many times into what waits for one client."""


@attrs.frozen(kw_only=True)
class QueueItem:
    """One place in the queue; a track may stand at several."""

    id: str
    """Never used again in the same queue."""
    track_id: str


@attrs.frozen(kw_only=True)
class PlayerQueue:
    """Items in the order in which they are played."""

    version: int = 0
    """Grows by one at each change."""
    items: tuple[QueueItem, ...] = ()
    last_id: int = 0
    """Of the newest item that there ever was."""

    def place(self, item_id: str) -> int | None:
        """Where an item stands, from 0; None where there is none."""
        return next((place for place, item in enumerate(self.items) if item.id == item_id), None)

    def after(self, item_id: str) -> Sequence[QueueItem]:
        """The items behind one, nearest first."""
        place = self.place(item_id)
        return () if place is None else self.items[place + 1 :]

    def before(self, item_id: str) -> Sequence[QueueItem]:
        """The items in front of one, nearest first."""
        place = self.place(item_id)
        return () if place is None else self.items[:place][::-1]

    def with_items(self, items: Iterable[QueueItem]) -> "PlayerQueue":
        """The next version, with other items."""
        return attrs.evolve(self, items=tuple(items), version=self.version + 1)


def added(queue: PlayerQueue, track_id: str, position: int | None) -> PlayerQueue | RookeryError:
    """With a track at a position from 0: at the end without one, and where the queue is shorter meanwhile."""
    if len(queue.items) >= MOST_ITEMS:
        return ConflictError(f"The queue holds {MOST_ITEMS} tracks, as many as it may")
    place = len(queue.items) if position is None else position
    item = QueueItem(id=str(queue.last_id + 1), track_id=track_id)
    longer = queue.with_items((*queue.items[:place], item, *queue.items[place:]))
    return attrs.evolve(longer, last_id=queue.last_id + 1)


def removed(queue: PlayerQueue, item_id: str) -> PlayerQueue | RookeryError:
    """Without an item."""
    if queue.place(item_id) is None:
        return ItemGoneError(item_id)
    return queue.with_items(item for item in queue.items if item.id != item_id)


def cleared(queue: PlayerQueue) -> PlayerQueue:
    """Empty."""
    return queue.with_items(()) if queue.items else queue


def moved(queue: PlayerQueue, item_id: str, position: int) -> PlayerQueue | RookeryError:
    """With an item at another position, counted without it; the others keep their order."""
    place = queue.place(item_id)
    if place is None:
        return ItemGoneError(item_id)
    if position >= len(queue.items):
        return InvalidError("position", f"position must be 0–{len(queue.items) - 1}")
    if position == place:
        return queue
    others = [item for item in queue.items if item.id != item_id]
    return queue.with_items((*others[:position], queue.items[place], *others[position:]))


def stale(queue: PlayerQueue, version: int | None) -> VersionError | None:
    """Why an edit of somebody who saw this version cannot be; None when it can, or when any version is meant."""
    return None if version in {None, queue.version} else VersionError("The queue", queue.version)
