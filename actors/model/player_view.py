"""A player and its queue as clients see them, in HTTP answers and in events alike."""

from datetime import datetime
from typing import Any

import msgspec

from actors.model.player import Deck, PlayerState
from actors.model.player_commands import Device
from actors.model.player_queue import PlayerQueue, QueueItem
from actors.model.time import Time


class QueueItemView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One place in the queue."""

    id: str
    """Of the place; a track may stand at several."""
    track_id: str
    """What is played there. A track whose file is gone is passed over."""


class QueueView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The queue, in the order in which it is played."""

    version: int
    """Grows by one at each change; name it in edits that must not meet another queue than the one that you saw."""
    items: tuple[QueueItemView, ...]
    """At most 1,000."""


class PlayerView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What the player does."""

    state: PlayerState
    """Stopped: it is at no item."""
    item: QueueItemView | None
    """Where it is; null when it is stopped."""
    position: float
    """Seconds from the beginning of the track, at `at`; while it plays, it goes on from there with the clock."""
    at: Time
    """When the position held."""
    duration: float | None
    """Of the track, in seconds; null if not known, or stopped."""
    volume: float
    """0–1."""
    device: Device | None
    """Where it sounds, by its last PLAY; null if no device has said so. The others of the user show the same, silently."""
    version: int
    """Grows by one at each change of the player."""
    queue_version: int
    """Version of its queue."""


def _item_view(item: QueueItem) -> QueueItemView:
    return QueueItemView(id=item.id, track_id=item.track_id)


def queue_view(queue: PlayerQueue) -> QueueView:
    """The queue, JSON-ready."""
    return QueueView(version=queue.version, items=tuple(map(_item_view, queue.items)))


def player_view(deck: Deck, now: datetime | None = None) -> PlayerView:
    """The player as of a moment (UTC); as of its last change without one."""
    player = deck.player if now is None else deck.player.rebased(now)
    return PlayerView(
        state=player.state,
        item=None if player.item is None else _item_view(player.item),
        position=player.position_s,
        at=player.since,
        duration=player.length_s,
        volume=player.volume,
        device=player.device,
        version=player.version,
        queue_version=deck.queue.version,
    )


def told(before: Deck, after: Deck) -> list[tuple[str, dict[str, Any]]]:
    """Type and payload of each event that tells of a change."""
    events: list[tuple[str, dict[str, Any]]] = []
    if after.queue.version != before.queue.version:
        events.append(("QUEUE_UPDATE", msgspec.to_builtins(queue_view(after.queue))))
    if after.player.version != before.player.version:
        events.append(("PLAYER_STATE_UPDATE", {"player": msgspec.to_builtins(player_view(after))}))
    return events
