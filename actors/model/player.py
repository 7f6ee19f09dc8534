"""One person's player as values. Nothing is counted down: a position is a moment and the place that was played then."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from actors.config import MINUTES
from actors.model.obstacle import Obstacle
from actors.model.player_commands import Device
from actors.model.player_queue import PlayerQueue, QueueItem

COUNTS_AFTER_S = 4 * MINUTES
"""Who listened so long, or to half of a track, has played it: the rule of the scrobbling services."""


class PlayerState(StrEnum):
    """What a player does. Stopped means that it is at no item."""

    STOPPED = "stopped"
    PLAYING = "playing"
    PAUSED = "paused"


@attrs.frozen(kw_only=True)
class Player:
    """What one player does, and where."""

    state: PlayerState = PlayerState.STOPPED
    item: QueueItem | None = None
    length_s: float | None = None
    """Of the item's track; None if not known: then it has no end of its own."""
    position_s: float = 0.0
    """In the track, at `since`."""
    since: datetime
    """UTC."""
    volume: float = 1.0
    device: Device | None = None
    """Where it sounds; None if no device has said so."""
    version: int = 0
    """Grows by one at each change that can be seen."""
    began_at: datetime | None = None
    """When this listening began."""
    heard_s: float = 0.0
    """Of this listening, before `since`."""
    is_counted: bool = False
    """Whether this listening counted as a play already."""

    def position_at(self, now: datetime) -> float:
        """Seconds from the beginning of the track."""
        position_s = self.position_s + self._elapsed_s(now)
        return position_s if self.length_s is None else min(position_s, self.length_s)

    def heard_at(self, now: datetime) -> float:
        """Seconds that this listening has lasted, pauses left out."""
        return self.heard_s + self._elapsed_s(now)

    @property
    def ends_at(self) -> datetime | None:
        """When the track will be over; None when nothing plays, or nobody knows."""
        if self.state is not PlayerState.PLAYING or self.length_s is None:
            return None
        return self.since + timedelta(seconds=max(0.0, self.length_s - self.position_s))

    @property
    def counts_at(self) -> datetime | None:
        """When this listening will be a play; None when it is one already, or nothing plays."""
        if self.state is not PlayerState.PLAYING or self.is_counted:
            return None
        wanted_s = COUNTS_AFTER_S if self.length_s is None else min(COUNTS_AFTER_S, self.length_s / 2)
        return self.since + timedelta(seconds=max(0.0, wanted_s - self.heard_s))

    def rebased(self, now: datetime) -> "Player":
        """The same, said as of now."""
        return attrs.evolve(self, position_s=self.position_at(now), heard_s=self.heard_at(now), since=now)

    def shifted(self, by: timedelta) -> "Player":
        """The same after the clock was set by so much: it is where it is, whatever the clock says."""
        if self.state is not PlayerState.PLAYING or not by:
            return self
        # What counted already is known by the moment that was written then.
        began_at = self.began_at if self.began_at is None or self.is_counted else self.began_at + by
        return attrs.evolve(self, since=self.since + by, began_at=began_at)

    def _elapsed_s(self, now: datetime) -> float:
        # A clock that was set back has elapsed nothing.
        return max(0.0, (now - self.since).total_seconds()) if self.state is PlayerState.PLAYING else 0.0


@attrs.frozen(kw_only=True)
class Deck:
    """A player and its queue."""

    player: Player
    queue: PlayerQueue = attrs.field(factory=PlayerQueue)
    obstacles: Mapping[str, Obstacle] = attrs.field(factory=dict)
    """Which tracks of the queue could not be played, and why, when it was last looked: by their ids."""


@attrs.frozen(kw_only=True)
class TrackFacts:
    """What a player must know of a track. One that is unknown or in the trash has none."""

    length_s: float | None
    obstacle: Obstacle | None = None
    """What keeps it from being played."""


@attrs.frozen(kw_only=True)
class Listened:
    """One listening that counts as a play."""

    track_id: str
    at: datetime
    """When it began."""
    listened_s: float


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a deck."""

    deck: Deck
    plays: tuple[Listened, ...] = ()
    """What counts as a play from now on, as long as it lasted by then."""
    over: tuple[Listened, ...] = ()
    """What counted, perhaps just now, and is over, as long as it lasted."""


@attrs.frozen(kw_only=True)
class Moment:
    """Now, and what is known of the tracks by then."""

    now: datetime
    tracks: Mapping[str, TrackFacts]
    set_by: timedelta = timedelta()
    """The clock was set forward by so much since the deck was changed."""
    teller: Device | None = None
    """Which device tells the command; None if it did not say."""

    def first_playable(self, items: Iterable[QueueItem]) -> QueueItem | None:
        """The first of some items that nothing keeps from being played."""
        return next((item for item in items if self.obstacle(item.track_id) is None), None)

    def obstacle(self, track_id: str) -> Obstacle | None:
        """What keeps a track from being played."""
        facts = self.tracks.get(track_id)
        return Obstacle.REMOVED if facts is None else facts.obstacle

    def obstacles(self, items: Iterable[QueueItem]) -> dict[str, Obstacle]:
        """What keeps the tracks of some items from being played, by their ids; without those that can be."""
        found = {item.track_id: self.obstacle(item.track_id) for item in items}
        return {track_id: obstacle for track_id, obstacle in found.items() if obstacle is not None}
