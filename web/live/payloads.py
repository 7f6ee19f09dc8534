"""What the server's messages carry: one shape and one example for each type. Values only."""

from typing import Any

import attrs
import msgspec

from actors.model.event import TOPIC_OF_TYPE
from actors.model.log_view import LogView
from actors.model.player_view import PlayerView
from actors.model.time import Time
from actors.model.view import TrackView
from supervision import EventKind
from web.cache.figures import CacheFigures
from web.cache.hits import HitsView
from web.openapi import examples


class TrackTold(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A track as it is now."""

    track: TrackView
    """The track, without what anybody keeps about it."""


class TrackMoved(
    msgspec.Struct, rename={"track_id": "trackId", "from_": "from"}, frozen=True, forbid_unknown_fields=True
):
    """A recording lies elsewhere now, and is the same track."""

    track_id: str
    from_: str
    """Where it lay."""
    to: str
    """Where it lies."""
    track: TrackView
    """The track as it is now."""


class TrackGone(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A track whose file is not there any more, or which is gone itself."""

    track_id: str
    path: str
    """Where it lay."""


class AnalysisFailed(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """A recording that could not be analyzed."""

    track_id: str
    path: str | None
    """Where it lies; null if nowhere any more."""
    kind: str
    """Why, as a stable word."""
    message: str
    """Why, for people."""


class ScanTold(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """How the comparison of a root with the catalogue goes."""

    root: str
    """The root's id."""
    path: str
    """The folder."""
    state: str
    """How the root is doing."""
    reason: str | None
    """Why it is unavailable or held; null otherwise."""
    found: int
    """Files that were found so far."""
    done: int
    """Files that were looked at."""


class ProgressTold(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """How far a piece of work has come; only the newest of a subject matters, and none has a number."""

    subject: str
    """What is worked on: `track:` or `root:`, and its id."""
    stage: str
    """What is done with it."""
    done: float
    """0–1."""


class SupervisionTold(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Something that happened in the tree of actors."""

    kind: EventKind
    """What happened."""
    path: str
    """To whom."""
    incarnation: int
    """Which incarnation it was."""
    reason: str | None
    """Why; null where nothing is to be said."""
    error: str | None
    """With which error; null without one."""
    delay_seconds: float | None
    """Until the next start; null where there is none."""


class Welcome(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The first answer to CONNECT."""

    session: str
    """Id of this session, for the log."""
    seq: int
    """Number of the newest event; what comes next comes after it, or after `since`."""
    heartbeat_seconds: float
    """How often the server pings."""


class Acknowledged(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What is so now."""

    topics: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """All topics that you are subscribed to; after SUBSCRIBE and UNSUBSCRIBE alone."""
    version: int | msgspec.UnsetType = msgspec.UNSET
    """Of your player; after a command to it alone."""
    queue_version: int | msgspec.UnsetType = msgspec.UNSET
    """Of its queue; the same."""


class PlayerTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Your player as it is now."""

    player: PlayerView
    """As of its last change; while it plays, the position goes on with the clock."""


class PositionTold(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Where your player is, once a second while it plays."""

    track_id: str
    position: float
    """Seconds from the beginning of the track."""
    at: Time
    """When that was."""


class Pong(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing but a sign of life."""


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a message was refused."""

    code: str
    """One of the stable words of the HTTP interface."""
    message: str
    """For people."""
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    """More, where there is more to tell: of a CONFLICT with another version, the present one as `version`."""


class Resync(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Events were lost to you: read the catalogue anew."""

    oldest: int
    """Number of the oldest event that is kept."""
    newest: int
    """Number of the newest event."""


class Goodbye(msgspec.Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """The server ends the connection."""

    reason: str
    """For people."""
    retry_seconds: float
    """Come back after so many seconds."""


@attrs.frozen(kw_only=True)
class Told:
    """One type of message from the server."""

    meaning: str
    example: Any
    """A value of its payload, of its very type."""
    topic: str | None = None
    """Whom the feed tells it; None for an answer, and for what everyone is told."""
    has_number: bool = False
    """Whether it is in the durable log."""


_TRACK = msgspec.convert(msgspec.to_builtins(examples.TRACK), TrackView)
_PATH = _TRACK.path or ""
LOG = LogView(
    line=4711,
    level="info",
    logger="rookery.cataloger",
    message="file_unreadable",
    request_id=None,
    fields={"path": "/srv/music/new.flac", "kind": "damaged", "reason": "its sound breaks off at 12.5 s"},
    traceback=None,
    dropped=0,
)
_PAYLOADS: dict[str, tuple[str, Any]] = {
    "TRACK_ADDED": ("A recording is new in the catalogue.", TrackTold(_TRACK)),
    "TRACK_UPDATED": ("Something of a track is different.", TrackTold(_TRACK)),
    "TRACK_ANALYZED": ("A track was measured.", TrackTold(_TRACK)),
    "TRACK_MOVED": ("A file was moved or renamed.", TrackMoved(_TRACK.id, "/srv/music/new.flac", _PATH, _TRACK)),
    "TRACK_MISSING": ("The last file of a track is not there any more.", TrackGone(_TRACK.id, _PATH)),
    "TRACK_REMOVED": ("A track is gone from the catalogue.", TrackGone(_TRACK.id, _PATH)),
    "ANALYSIS_FAILED": (
        "A recording could not be analyzed.",
        AnalysisFailed(_TRACK.id, _PATH, "damaged", "its sound breaks off at 12.5 s"),
    ),
    "SCAN_UPDATE": (
        "A root is being compared with the catalogue, or is doing otherwise than before.",
        ScanTold(examples.ROOT_ID, "/srv/music", "scanning", None, 1200, 800),
    ),
    "PROGRESS_UPDATE": ("Work goes on.", ProgressTold(f"track:{_TRACK.id}", "analyzing", 0.5)),
    "PLAYER_STATE_UPDATE": ("Your player was told something, or its track ended.", PlayerTold(examples.PLAYER)),
    "QUEUE_UPDATE": ("Your queue is another one.", examples.QUEUE),
    "VALIDATION_UPDATE": (
        "Your queue is the same, but what can be played of it is not: files went or came back, tracks went into the trash or out of it.",
        examples.CHECK,
    ),
    "PLAYBACK_POSITION": ("Your player plays.", PositionTold(examples.TRACK_ID, 61.5, examples.MOMENT)),
    "CACHE_HIT": (
        "Kept answers served you; at most once a second.",
        HitsView(hits=12, misses=2, entries=120, at=examples.MOMENT),
    ),
    "SUPERVISION_EVENT": (
        "Something happened in the tree of actors.",
        SupervisionTold(EventKind.RESTARTED, "rookery/pipeline/watcher", 2, None, "OSError: too many open files", None),
    ),
    "LOG": ("The service logs something, at the level that it is set to or above; of this process alone.", LOG),
}
WITHOUT_NUMBER = frozenset({"PROGRESS_UPDATE", "PLAYBACK_POSITION", "CACHE_HIT", "LOG"})

TOLD: dict[str, Told] = {
    **{
        kind: Told(meaning=meaning, example=example, topic=TOPIC_OF_TYPE[kind], has_number=kind not in WITHOUT_NUMBER)
        for kind, (meaning, example) in _PAYLOADS.items()
    },
    "WELCOME": Told(meaning="You are connected.", example=Welcome("5f2b9c0d7e1a4836", 42, 20.0)),
    "ACK": Told(
        meaning="It was done; the answer to SUBSCRIBE, UNSUBSCRIBE and every command to the player.",
        example=Acknowledged(("tracks", "progress")),
    ),
    "CACHE_STATS": Told(
        meaning="The answer to GET_CACHE_STATS.",
        example=CacheFigures(
            shelf="memory",
            entries=120,
            size_bytes=1_048_576,
            limit_bytes=67_108_864,
            hits=900,
            misses=100,
            joined=4,
            hit_rate=0.9,
            evictions=0,
            troubles=0,
        ),
    ),
    "PONG": Told(meaning="The answer to PING.", example=Pong()),
    "ERROR": Told(
        meaning="A message was refused; nothing else is lost.",
        example=Refusal("VALIDATION_ERROR", "unknown type 'HELLO'"),
    ),
    "RESYNC": Told(meaning="History is gone, or you were too slow.", example=Resync(1, 42)),
    "GOODBYE": Told(meaning="The connection ends.", example=Goodbye("shutting down", 2.5)),
}
"""Every type of message that the server sends."""
