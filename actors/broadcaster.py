"""Carries the durable log, and passing progress, to the live feed of this process."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog
import trio

from actors.config import MINUTES, SECONDS, Config
from actors.errors import DatabaseAwayError
from actors.feed import Feed
from actors.messages import PlayerChanged, PlayerWanted, Progress
from actors.model.event import TOPIC_OF_TYPE, NewEvent, Passing
from actors.model.event import Event as LogEvent
from actors.model.player import PlayerState
from actors.queued import Queued
from actors.store.store import Store
from supervision import Actor, ActorStoppedError, Context, Event, EventKind, EventStream, Ref

PAGE = 200
"""Events read from the log at once."""
GATHER_S = 0.005 * SECONDS
"""Events that follow one another faster are published together: each costs every client a system call. One that comes alone does not wait."""
AWAY_S = 1 * SECONDS
"""The log is tried again after this, while the database is away."""
PRUNE_EVERY_S = 10 * MINUTES

log = structlog.get_logger("rookery.broadcaster")


class Broadcaster(Actor[Progress]):
    """Reads the log from the feed's newest number on, whenever the database says that there is more.

    The feed outlives it and skips what it already has, so a crash at any point loses and doubles nothing. While the
    database is away it waits; clients stay connected and hear of progress.
    """

    def __init__(self, *, store: Store, feed: Feed, queued: Queued, config: Config, conductor: str) -> None:
        self._store = store
        self._feed = feed
        self._queued = queued
        self._config = config
        self._conductor_path = conductor

    async def started(self, context: Context) -> None:
        """Ready once the feed knows where the log stands."""
        self._conductor: Ref[PlayerChanged | PlayerWanted] = context.ref_to(self._conductor_path)
        await self._feed.begin()
        context.start_soon(self._patiently, self._pump)
        context.start_soon(self._patiently, self._prune)
        context.start_soon(self._log_supervision, context.running.events())

    async def receive(self, message: Progress) -> None:
        """Pass progress on; only the newest of a subject matters."""
        payload = {"subject": message.subject, "stage": message.stage, "done": message.done}
        self._feed.publish_passing(
            Passing(type="PROGRESS_UPDATE", subject=message.subject, payload=payload, at=datetime.now(UTC))
        )

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except DatabaseAwayError as error:
                log.warning("the database is away", error=str(error), again_in_s=AWAY_S)
                await trio.sleep(AWAY_S)

    async def _pump(self) -> None:
        async with self._store.events.listen() as news:
            while True:
                await news.take()
                while events := await self._store.events.after(self._feed.newest, PAGE):
                    if events[0].seq != self._feed.newest + 1:
                        self._queued.all_changed()  # what was pruned meanwhile may have been about anything
                    with suppress(ActorStoppedError):  # it ends before this at a shutdown
                        tell_players(events, self._feed, self._queued, self._conductor)
                    await self._feed.publish_paced(events)
                    if len(events) < PAGE:
                        await trio.sleep(GATHER_S)

    async def _prune(self) -> None:
        while True:
            dropped = await self._store.events.prune(self._config.event_retention)
            if dropped:
                log.debug("old events dropped", dropped=dropped)
            await trio.sleep(PRUNE_EVERY_S)

    async def _log_supervision(self, stream: EventStream) -> None:
        """What happens in the tree goes through the log like everything else; dead letters, of which a full mailbox may
        make thousands, are only counted in the status.
        """
        async with stream as events:
            async for event in events:
                if event.kind is EventKind.DEAD_LETTER:
                    continue
                try:
                    await self._store.events.add(_told(event))
                except DatabaseAwayError as error:
                    log.warning("a supervision event was not logged", path=event.path, error=str(error))


def tell_players(
    events: Sequence[LogEvent], feed: Feed, queued: Queued, conductor: Ref[PlayerChanged | PlayerWanted]
) -> None:
    """Let everybody's player know what some events of the log mean for it. Raises: ActorStoppedError."""
    track_ids = set(changed_tracks(events))
    queued.changed(track_ids)
    for changed in changed_players(events):
        conductor.tell_nowait(changed)
    for person_id in tuple(feed.hearers("player")) if track_ids else ():
        if person_id not in queued:
            conductor.tell_nowait(PlayerWanted(person_id=person_id))


def changed_players(events: Iterable[LogEvent]) -> Iterator[PlayerChanged]:
    """What some events of the log say of players."""
    for event in events:
        if event.owner is None:
            continue
        if event.type == "QUEUE_UPDATE":
            yield PlayerChanged(person_id=event.owner, queue_version=event.payload["version"])
        elif event.type == "PLAYER_STATE_UPDATE":
            player = event.payload["player"]
            yield PlayerChanged(
                person_id=event.owner,
                version=player["version"],
                queue_version=player["queueVersion"],
                is_playing=player["state"] == PlayerState.PLAYING,
            )


def changed_tracks(events: Iterable[LogEvent]) -> Iterator[str]:
    """Ids of the tracks of which some events of the log tell."""
    for event in events:
        if TOPIC_OF_TYPE.get(event.type) == "tracks":
            track_id = event.payload.get("trackId") or event.payload.get("track", {}).get("id")
            if track_id is not None:
                yield track_id


def _told(event: Event) -> NewEvent:
    return NewEvent(
        type="SUPERVISION_EVENT",
        payload={
            "kind": event.kind.value,
            "path": event.path,
            "incarnation": event.incarnation,
            "reason": event.reason,
            "error": None if event.error is None else event.error.summary,
            "delaySeconds": event.delay_s,
        },
    )
