"""Keeps each person's player: their devices' commands one after the other, and the time between them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs
import structlog
import trio

from actors.config import SECONDS, Config
from actors.errors import BusyError, DatabaseError, RookeryError
from actors.feed import Feed
from actors.messages import PlayerChanged, PlayerOrder
from actors.model.event import Passing
from actors.model.player import Deck, Moment, Outcome, PlayerState, TrackFacts
from actors.model.player_commands import AddTrack
from actors.model.player_transitions import carried_out
from actors.queued import Queued
from actors.store.store import Store
from actors.wall import Wall, utc_now
from supervision import (
    Actor,
    ActorStoppedError,
    AlreadyPresentError,
    AlreadyRunningError,
    Child,
    Context,
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
LOOK_S = 10 * SECONDS
"""Of a track that plays and whose length is not known, it is looked so often whether it is meanwhile."""
GATHER_S = 0.25 * SECONDS
"""So long what the catalogue tells of a player's tracks is gathered: then all of them are looked at, once."""
AWAY_S = 1 * SECONDS
"""What the time brings about is tried again after this, while the database is away."""
STARTS = 3
"""A player that ends of idleness just when it is asked is started again, so many times."""

log = structlog.get_logger("rookery.player")


class PersonalPlayer(Actor[PlayerOrder | PlayerChanged]):
    """One person's player. What it is stands in the catalogue: a crash or a restart, at whatever moment, loses nothing.

    Each change is one transaction with its events and plays. While it plays it wakes when the track ends, when a listening counts,
    and once a second: for the position, while a device of the person listens, and to notice that the clock was set, which must not
    move what plays. When the catalogue says something of a track in its queue, it looks whether that can still be played. It ends when
    nothing plays and nobody has told it anything for `Config.player_idle_s`.
    """

    def __init__(
        self,
        person_id: str,
        *,
        store: Store,
        feed: Feed,
        queued: Queued,
        config: Config,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._person_id = person_id
        self._store = store
        self._feed = feed
        self._queued = queued
        self._config = config
        self._wall = Wall(now)
        self._set_by = timedelta()  # so far the clock was set since the player was last changed
        self._deck: Deck | None = None
        self._turn = trio.Lock()
        self._changed = trio.Event()
        self._tick_at = self._look_at = -float("inf")
        self._check_at = float("inf")

    async def started(self, context: Context) -> None:
        """Ready at once; what happened meanwhile is caught up with before anything else."""
        self._context = context
        self._place = self._queued.join(self._person_id, self._check_soon)
        context.start_soon(self._keep_time)

    async def receive(self, message: PlayerOrder | PlayerChanged) -> Deck | RookeryError | None:
        """Carry out one command, or look; gives the player as it is then, or why it cannot be. What another node did is looked at.

        Cancellation: the change happens wholly or not at all.
        """
        if (
            isinstance(message, PlayerChanged)
            and self._deck is not None
            and message.version <= self._deck.player.version
            and message.queue_version <= self._deck.queue.version
        ):
            return None
        try:
            async with self._turn:
                return await self._change(message if isinstance(message, PlayerOrder) else None)
        except DatabaseError as error:
            return error
        finally:
            self._changed.set()

    async def _change(self, order: PlayerOrder | None) -> Deck | RookeryError:
        """For whoever has the turn."""
        command, teller = (None, None) if order is None else (order.command, order.teller)
        self._set_by += self._wall.set_by()
        now, known, set_by = self._wall.now(), self._deck, self._set_by

        def decide(deck: Deck, tracks: Mapping[str, TrackFacts]) -> Outcome | RookeryError:
            # Whoever changed it meanwhile went by a clock that was set already.
            is_known = known is not None and known.player.version == deck.player.version
            moment = Moment(now=now, tracks=tracks, set_by=set_by if is_known else timedelta(), teller=teller)
            return carried_out(deck, command, moment, was_away=known is None)

        with self._queued.reading(self._place):
            changed = await self._store.player_queues.change(
                self._person_id, decide, now=now, also=(command.track_id,) if isinstance(command, AddTrack) else ()
            )
            if isinstance(changed, Deck):
                self._take(changed)
                self._set_by -= set_by
        return changed

    def _take(self, deck: Deck) -> None:
        known, self._deck = self._deck, deck
        self._look_at = trio.current_time() + LOOK_S
        if known is None or known.player.version != deck.player.version:
            # PLAYER_STATE_UPDATE says where it is, and comes by the log: a position at once would be there before it.
            self._tick_at = trio.current_time() + TICK_S
        if known is None or known.queue.version != deck.queue.version:
            self._queued.hold(self._place, (item.track_id for item in deck.queue.items))

    def _check_soon(self) -> None:
        """The catalogue changed a track of the queue."""
        self._check_at = min(self._check_at, trio.current_time() + GATHER_S)
        self._changed.set()

    async def _keep_time(self) -> None:
        try:
            await self._keep_time_always()
        finally:
            self._queued.leave(self._place)

    async def _keep_time_always(self) -> None:
        while True:
            self._changed = trio.Event()
            with trio.move_on_after(self._wait_s()) as waiting:
                await self._changed.wait()
            if not waiting.cancelled_caught:
                continue
            try:
                is_needed = await self._pass_time()
            except DatabaseError as error:
                log.warning("the player stands still", person=self._person_id, error=str(error), again_in_s=AWAY_S)
                await trio.sleep(AWAY_S)
                continue
            if not is_needed:
                self._context.stop()
                await trio.sleep_forever()

    def _wait_s(self) -> float:
        """Until time alone changes something, or the position is due."""
        if self._deck is None:
            return 0.0
        player = self._deck.player
        check_s = self._check_at - trio.current_time()
        if player.state is not PlayerState.PLAYING:
            return max(0.0, min(self._config.player_idle_s, check_s))
        due = min(moment for moment in (player.ends_at, player.counts_at, datetime.max.replace(tzinfo=UTC)) if moment)
        return max(0.0, min((due - self._wall.now()).total_seconds(), self._tick_at - trio.current_time(), check_s))

    def _is_due(self) -> bool:
        """Whether time alone changes something now, or nobody knows."""
        if self._deck is None:
            return True
        self._set_by += self._wall.set_by()
        player, now = self._deck.player, self._wall.now()
        is_over = any(moment is not None and moment <= now for moment in (player.ends_at, player.counts_at))
        is_unmeasured = player.length_s is None and trio.current_time() >= self._look_at
        return is_over or is_unmeasured or self._is_check_due() or bool(self._set_by)

    def _is_check_due(self) -> bool:
        return trio.current_time() >= self._check_at

    async def _pass_time(self) -> bool:
        """Do what is due now; whether the player is needed any longer."""
        is_idle = self._deck is not None and self._deck.player.state is not PlayerState.PLAYING
        if is_idle and not self._is_check_due():
            return False
        async with self._turn:
            if self._is_due() and isinstance(await self._look(), RookeryError):
                return False  # its account is gone
        if is_idle:
            return True
        if trio.current_time() >= self._tick_at:
            self._tick_at = trio.current_time() + TICK_S
            self._tell_position()
        return True

    async def _look(self) -> Deck | RookeryError:
        """For whoever has the turn: what time and the catalogue changed."""
        asked_at, self._check_at = self._check_at, float("inf")
        try:
            return await self._change(None)
        except DatabaseError:
            self._check_at = min(asked_at, self._check_at)
            raise

    def _tell_position(self) -> None:
        player = None if self._deck is None else self._deck.player
        if player is None or player.item is None or not self._feed.is_heard("player", owner=self._person_id):
            return
        now = self._wall.now()
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
    queued: Queued
    config: Config
    now: Callable[[], datetime] = utc_now

    async def ordered(
        self, running: Running, person_id: str, order: PlayerOrder, *, limit_s: float
    ) -> Deck | RookeryError:
        """What a person's player answers to an order: how it is then, or why not.

        A command that was taken is carried out even if whoever sent it is gone.

        Raises:
            SendError: it did not answer; the versions tell whether the command counted.
            BusyError: as many players are awake as may be.
        """
        for _ in range(STARTS):
            ref = await self.wake(running, person_id)
            try:
                answer: Deck | RookeryError = await ref.ask(order, timeout_s=limit_s)
            except ActorStoppedError:
                continue  # it was not read, so it is safe to say it again
            return answer
        raise BusyError("The player is just ending; try again")

    def awake(self, running: Running, person_id: str) -> Ref[PlayerOrder | PlayerChanged] | None:
        """A person's player, if it is awake here."""
        try:
            return running.ref(f"{PLAYERS}/{person_id}")
        except NotFoundError:
            return None

    async def wake(self, running: Running, person_id: str) -> Ref[PlayerOrder | PlayerChanged]:
        """A person's player, awake. Raises: BusyError."""
        while (ref := self.awake(running, person_id)) is None:
            try:
                ref = await running.start_child(PLAYERS, self._child(person_id))
            except (AlreadyRunningError, AlreadyPresentError):
                continue  # somebody else was quicker
            except RefusedError as error:
                raise BusyError("No more players can be awake at once; try again") from error
            break
        return ref

    def _child(self, person_id: str) -> Child:
        return Child(
            person_id,
            partial(
                PersonalPlayer,
                person_id,
                store=self.store,
                feed=self.feed,
                queued=self.queued,
                config=self.config,
                now=self.now,
            ),
            # Whoever asked is told when it crashes on a command, and a command twice would not be what they meant.
            mailbox=Mailbox(capacity=100, overflow=Overflow.WAIT, in_flight=InFlight.drop()),
            restart=Restart.TRANSIENT,
            shutdown=Shutdown(grace_s=1 * SECONDS),
        )
