"""An event of the live feed: something that happened to the catalogue, or a passing sign of work."""

from datetime import datetime
from typing import Any

import attrs

TOPIC_OF_TYPE = {
    "TRACK_ADDED": "tracks",
    "TRACK_UPDATED": "tracks",
    "TRACK_MOVED": "tracks",
    "TRACK_MISSING": "tracks",
    "TRACK_REMOVED": "tracks",
    "TRACK_ANALYZED": "tracks",
    "ANALYSIS_FAILED": "tracks",
    "SCAN_UPDATE": "progress",
    "PROGRESS_UPDATE": "progress",
    "PLAYER_STATE_UPDATE": "player",
    "QUEUE_UPDATE": "player",
    "VALIDATION_UPDATE": "player",
    "PLAYBACK_POSITION": "player",
    "CACHE_HIT": "player",
    "SUPERVISION_EVENT": "supervision",
    "LOG": "logs",
}
"""Every type of message that the feed carries by itself, with the topic that subscribers name."""

TOPICS = ("tracks", "jobs", "player", "progress", "supervision", "logs")


@attrs.frozen(kw_only=True)
class NewEvent:
    """What a change says of itself, before the log gives it a number."""

    type: str
    payload: dict[str, Any]
    """JSON-ready, camelCase."""
    owner: str | None = None
    """Id of the only user who hears of it; None for all."""


@attrs.frozen(kw_only=True)
class Event:
    """One entry of the durable log, the same on every transport, node and replay."""

    seq: int
    type: str
    payload: dict[str, Any]
    at: datetime
    """UTC, of its commit."""
    owner: str | None = None
    """Id of the only user who hears of it; None for all."""

    @property
    def topic(self) -> str:
        """What subscribers name to get it."""
        return TOPIC_OF_TYPE[self.type]


@attrs.frozen(kw_only=True)
class Passing:
    """A message without a number: progress, a position, a line of the log. Of several with the same `subject` only the newest matters."""

    type: str
    subject: str
    payload: Any
    """What msgspec writes as a JSON object."""
    at: datetime
    owner: str | None = None
    """Id of the only user who hears of it; None for all."""

    @property
    def topic(self) -> str:
        """What subscribers name to get it."""
        return TOPIC_OF_TYPE[self.type]
