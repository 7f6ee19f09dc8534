"""A player and its queue as clients see them, in HTTP answers and in events alike."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from actors.model.obstacle import Obstacle
from actors.model.player import Deck, PlayerState
from actors.model.player_commands import Device
from actors.model.player_queue import QueueItem
from actors.model.time import Time

MOST_CHECKED = 250
"""So many items one VALIDATION_UPDATE names at most, some 22 KB: what waits for a device has room for many of them."""


class ItemView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One place in the queue."""

    id: str
    """Of the place; a track may stand at several."""
    track_id: str
    """What is played there."""


class QueueItemView(ItemView, rename="camel", frozen=True, kw_only=True):
    """One place in the queue, and whether it can be played."""

    is_playable: bool
    """Whether it can be played now; what cannot is passed over."""
    reason: Obstacle | None
    """Why it cannot; null if it can."""


class CheckedItemView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A place in the queue that can be played, or cannot, other than before."""

    item_id: str
    """Of the place."""
    track_id: str
    """What is played there."""
    is_playable: bool
    """Whether it can be played now."""
    reason: Obstacle | None
    """Why it cannot; null if it can."""


class CheckView(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which items of the queue can be played, or cannot, other than before. The queue itself is the same."""

    version: int
    """Of the queue whose items these are."""
    items: tuple[CheckedItemView, ...]
    """Those that changed, in the order of the queue; at most 250, and where more did, further messages name them."""


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
    item: ItemView | None
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


def queue_view(deck: Deck) -> QueueView:
    """The queue, JSON-ready."""
    return QueueView(
        version=deck.queue.version,
        items=tuple(
            QueueItemView(id=item.id, track_id=item.track_id, is_playable=reason is None, reason=reason)
            for item, reason in _judged(deck)
        ),
    )


def player_view(deck: Deck, now: datetime | None = None) -> PlayerView:
    """The player as of a moment (UTC); as of its last change without one."""
    player = deck.player if now is None else deck.player.rebased(now)
    return PlayerView(
        state=player.state,
        item=None if player.item is None else ItemView(id=player.item.id, track_id=player.item.track_id),
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
        events.append(("QUEUE_UPDATE", msgspec.to_builtins(queue_view(after))))
    else:
        events += [("VALIDATION_UPDATE", msgspec.to_builtins(check)) for check in _checks(before, after)]
    if after.player.version != before.player.version:
        events.append(("PLAYER_STATE_UPDATE", {"player": msgspec.to_builtins(player_view(after))}))
    return events


def _judged(deck: Deck) -> Iterator[tuple[QueueItem, Obstacle | None]]:
    return ((item, deck.obstacles.get(item.track_id)) for item in deck.queue.items)


def _checks(before: Deck, after: Deck) -> Iterator[CheckView]:
    """What is different of the same queue, in pieces of a bounded size."""
    changed = [
        CheckedItemView(item_id=item.id, track_id=item.track_id, is_playable=reason is None, reason=reason)
        for item, reason in _judged(after)
        if reason is not before.obstacles.get(item.track_id)
    ]
    for at in range(0, len(changed), MOST_CHECKED):
        yield CheckView(version=after.queue.version, items=tuple(changed[at : at + MOST_CHECKED]))
