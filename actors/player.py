"""Keeps each person's player: their devices' commands one after the other, and the time between them."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import attrs
import structlog
import trio

from actors.config import SECONDS, Config
from actors.errors import BusyError, DatabaseError, RookeryError
from actors.feed import Feed
from actors.messages import PlayerOrder
from actors.model.event import Passing
from actors.model.player import Deck, Moment, PlayerState
from actors.model.player_commands import AddTrack, Command
from actors.model.player_transitions import carried_out
from actors.store.store import Store
from supervision import (
    Actor,
    ActorStoppedError,
    AlreadyPresentError,
    AlreadyRunningError,
    Child,
    Context,
    EventKind,
    EventStream,
    InFlight,
    Mailbox,
    NotFoundError,
    Overflow,
    Ref,
    RefusedError,
    Restart,
    Running,
    Shutdown,
)

PLAYERS = "rookery/pipeline/players"
TICK_S = 1 * SECONDS
"""Whoever listens is told the position this often."""
AWAY_S = 1 * SECONDS
"""What the time brings about is tried again after this, while the database is away."""
STARTS = 3
"""A player that ends of idleness just when it is asked is started again, so many times."""

log = structlog.get_logger("rookery.player")


def utc_now() -> datetime:
    """The time of the clock on the wall."""
    return datetime.now(UTC)


class PersonalPlayer(Actor[PlayerOrder]):
    """One person's player. What it is stands in the catalogue: a crash or a restart, at whatever moment, loses nothing.

    Each change is one transaction with its events and plays. Between commands it wakes when the track ends, when a listening
    counts, and once a second for the position while a device of the person listens. It ends when nothing plays and nobody
    has told it anything for `Config.player_idle_s`.
    """

    def __init__(
        self, person_id: str, *, store: Store, feed: Feed, config: Config, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._person_id = person_id
        self._store = store
        self._feed = feed
        self._config = config
        self._now = now
        self._deck: Deck | None = None
        self._turn = trio.Lock()
        self._changed = trio.Event()
        self._tick_at = -float("inf")

    async def started(self, context: Context) -> None:
        """Ready at once; what happened meanwhile is caught up with before anything else."""
        self._context = context
        context.start_soon(self._keep_time)

    async def receive(self, order: PlayerOrder) -> Deck | RookeryError:
        """Carry out one command; gives the player as it is then, or why it cannot be.

        Cancellation: the change happens wholly or not at all.
        """
        try:
            async with self._turn:
                return await self._change(order.command)
        except DatabaseError as error:
            return error
        finally:
            self._changed.set()

    async def _change(self, command: Command | None) -> Deck | RookeryError:
        """For whoever has the turn."""
        now, was_away = self._now(), self._deck is None
        changed = await self._store.player_queues.change(
            self._person_id,
            lambda deck, tracks: carried_out(deck, command, Moment(now=now, tracks=tracks), was_away=was_away),
            now=now,
            also=(command.track_id,) if isinstance(command, AddTrack) else (),
        )
        if isinstance(changed, Deck):
            self._deck = changed
        return changed

    async def _keep_time(self) -> None:
        while True:
            self._changed = trio.Event()
            with trio.move_on_after(self._wait_s()) as waiting:
                await self._changed.wait()
            if not waiting.cancelled_caught:
                continue
            if self._deck is not None and self._deck.player.state is not PlayerState.PLAYING:
                self._context.stop()
                await trio.sleep_forever()
            try:
                await self._pass_time()
            except DatabaseError as error:
                log.warning("the player stands still", person=self._person_id, error=str(error), again_in_s=AWAY_S)
                await trio.sleep(AWAY_S)

    def _wait_s(self) -> float:
        """Until time alone changes something, or the position is due."""
        if self._deck is None:
            return 0.0
        player = self._deck.player
        if player.state is not PlayerState.PLAYING:
            return self._config.player_idle_s
        due = min(moment for moment in (player.ends_at, player.counts_at, datetime.max.replace(tzinfo=UTC)) if moment)
        return max(0.0, min((due - self._now()).total_seconds(), self._tick_at - trio.current_time()))

    def _is_due(self) -> bool:
        """Whether time alone changes something now, or nobody knows."""
        if self._deck is None:
            return True
        player, now = self._deck.player, self._now()
        return any(moment is not None and moment <= now for moment in (player.ends_at, player.counts_at))

    async def _pass_time(self) -> None:
        async with self._turn:
            if self._is_due():
                await self._change(None)
        if trio.current_time() >= self._tick_at:
            self._tick_at = trio.current_time() + TICK_S
            self._tell_position()

    def _tell_position(self) -> None:
        player = None if self._deck is None else self._deck.player
        if player is None or player.item is None or not self._feed.is_heard("player", owner=self._person_id):
            return
        now = self._now()
        payload = {"trackId": player.item.track_id, "position": player.position_at(now), "at": now}
        self._feed.publish_passing(
            Passing(
                type="PLAYBACK_POSITION",
                subject=f"player:{self._person_id}",
                payload=payload,
                at=now,
                owner=self._person_id,
            )
        )


@attrs.frozen(kw_only=True, eq=False)
class Players:
    """The way to everyone's player, which is started when it is first told something."""

    store: Store
    feed: Feed
    config: Config
    now: Callable[[], datetime] = utc_now

    async def ordered(
        self, running: Running, person_id: str, command: Command, *, limit_s: float
    ) -> Deck | RookeryError:
        """What a person's player answers to a command: how it is then, or why not.

        A command that was taken is carried out even if whoever sent it is gone.

        Raises:
            SendError: it did not answer; the versions tell whether the command counted.
            BusyError: as many players are awake as may be.
        """
        for _ in range(STARTS):
            ref = await self._awake(running, person_id)
            try:
                answer: Deck | RookeryError = await ref.ask(PlayerOrder(command=command), timeout_s=limit_s)
            except ActorStoppedError:
                continue  # it was not read, so it is safe to say it again
            return answer
        raise BusyError("The player is just ending; try again")

    async def resume(self, context: Context) -> None:
        """Task: whatever played when the service, or the players' supervisor, ended plays on."""
        async with trio.open_nursery() as nursery, context.running.events() as events:
            nursery.start_soon(self._resume_all, context.running, events)
            await context.stopping.wait()
            nursery.cancel_scope.cancel()

    async def _resume_all(self, running: Running, events: EventStream) -> None:
        await self._resume(running)
        async for event in events:
            if event.kind is EventKind.RESTARTED and event.path == PLAYERS:
                await self._resume(running)

    async def _resume(self, running: Running) -> None:
        for person_id in await self.store.player_queues.list_playing():
            try:
                await self._awake(running, person_id)
            except BusyError as error:
                log.warning("not every player plays on", reason=str(error))
                return

    async def _awake(self, running: Running, person_id: str) -> Ref[PlayerOrder]:
        while True:
            try:
                return running.ref(f"{PLAYERS}/{person_id}")
            except NotFoundError:
                pass
            try:
                return await running.start_child(PLAYERS, self._child(person_id))
            except (AlreadyRunningError, AlreadyPresentError):
                continue  # somebody else was quicker
            except RefusedError as error:
                raise BusyError("No more players can be awake at once; try again") from error

    def _child(self, person_id: str) -> Child:
        return Child(
            person_id,
            partial(PersonalPlayer, person_id, store=self.store, feed=self.feed, config=self.config, now=self.now),
            # Whoever asked is told when it crashes on a command, and a command twice would not be what they meant.
            mailbox=Mailbox(capacity=100, overflow=Overflow.WAIT, in_flight=InFlight.drop()),
            restart=Restart.TRANSIENT,
            shutdown=Shutdown(grace_s=1 * SECONDS),
        )
