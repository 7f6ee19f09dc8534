"""Players in a real tree over a real catalogue, as often as a test wants; their time is moved by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.broadcaster import tell_players
from actors.conductor import Conductor
from actors.errors import RookeryError
from actors.feed import Feed
from actors.messages import PlayerOrder
from actors.model.player import Deck
from actors.model.player_commands import AddTrack, Command
from actors.pipeline import CONDUCTOR
from actors.player import PLAYERS, Players
from actors.queued import Queued
from actors.store.store import Store
from supervision import Backoff, Child, Intensity, Mailbox, Running, Strategy, Supervisor, run

EPOCH = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> MockClock:
    """Stands still until it is moved; what the database takes is no time."""
    return MockClock()


@attrs.define(eq=False)
class Dial:
    """The clock on the wall: it goes as Trio's does, but somebody may set it."""

    set_by_s: float = 0.0

    def now(self) -> datetime:
        """What it shows."""
        return EPOCH + timedelta(seconds=trio.current_time() + self.set_by_s)


@pytest.fixture
def dial() -> Dial:
    return Dial()


@attrs.define(eq=False)
class Stumbling:
    """Players of a store that fail at their next changes, so many times."""

    inner: object
    stumbles: int = 0
    error: Exception = attrs.field(factory=lambda: RuntimeError("a slip"))
    meanwhile: list[Callable[[], Awaitable[None]]] = attrs.field(factory=list)
    """Done behind the next change, before whoever asked for it goes on; one for each."""
    changes: int = 0

    async def change(self, *given, **named):
        """As the store inside, but for the first times."""
        self.changes += 1
        if self.stumbles:
            self.stumbles -= 1
            raise self.error
        changed = await self.inner.change(*given, **named)
        if self.meanwhile:
            await self.meanwhile.pop(0)()
        return changed

    async def list_playing(self):
        """As the store inside."""
        return await self.inner.list_playing()


@attrs.define(eq=False)
class House:
    """One service's part for players, for as long as it runs."""

    running: Running
    players: Players
    feed: Feed
    store: Store
    stumbling: Stumbling

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[None]:
        """What the log says from now on reaches this node, as by its broadcaster."""

        async def pump(*, task_status):
            async with self.store.events.listen() as news:
                _, seen = await self.store.events.bounds()
                task_status.started()
                while True:
                    await news.take()
                    while events := await self.store.events.after(seen, 100):
                        seen = events[-1].seq
                        tell_players(events, self.feed, self.players.queued, self.running.ref(CONDUCTOR))

        async with trio.open_nursery() as nursery:
            await nursery.start(pump)
            yield
            nursery.cancel_scope.cancel()

    async def tell(self, command: Command, person_id: str = "local") -> Deck | RookeryError:
        """What a person's player answers to a command."""
        return await self.players.ordered(self.running, person_id, PlayerOrder(command=command), limit_s=30)

    async def add(self, *track_ids: str) -> Deck:
        """The player with these tracks in its queue."""
        for track_id in track_ids:
            deck = await self.tell(AddTrack(track_id=track_id))
        return deck

    async def kept(self) -> Deck:
        """The player as it stands in the catalogue."""
        return await self.store.player_queues.find("local", now=EPOCH)

    async def checks(self, person_id: str = "local") -> list[list[tuple[str, str | None]]]:
        """What each VALIDATION_UPDATE of a person named so far: items with what keeps them from being played."""
        events = [one for one in await self.store.events.after(0, 10_000) if one.type == "VALIDATION_UPDATE"]
        return [
            [(item["itemId"], item["reason"]) for item in one.payload["items"]]
            for one in events
            if one.owner == person_id
        ]

    async def until(self, wanted: Callable[[Deck], object]) -> Deck:
        """The player, once something holds of it; looks again at every event."""
        async with self.store.events.listen() as listening:
            while not wanted(deck := await self.kept()):
                await listening.take()
            return deck


@pytest.fixture
def opened(fresh_store, store_config, dial):
    """Start the service's part for players; may be done again, as after a restart or on another node."""

    @asynccontextmanager
    async def start(*, most: int = 10, **settings):
        feed = Feed(fresh_store.events, queue_bytes=1_000_000)
        await feed.begin()
        stumbling = Stumbling(fresh_store.player_queues)
        store = attrs.evolve(fresh_store, player_queues=stumbling)
        players = Players(
            store=store, feed=feed, queued=Queued(), config=attrs.evolve(store_config, **settings), now=dial.now
        )
        root, pipeline, name = PLAYERS.split("/")
        dynamic = Supervisor(
            name,
            strategy=Strategy.DYNAMIC,
            max_children=most,
            intensity=Intensity(restarts=2, within_s=5.0),
            backoff=Backoff(first_s=0.0),
        )
        conductor = Child(
            "conductor", lambda: Conductor(store=fresh_store, players=players), mailbox=Mailbox(capacity=10)
        )
        tree = Supervisor(root, children=[Supervisor(pipeline, children=[dynamic, conductor])])
        async with run(tree, signals=False) as running:
            yield House(running=running, players=players, feed=feed, store=fresh_store, stumbling=stumbling)

    return start


@pytest.fixture
async def tracks(fresh_store) -> tuple[str, ...]:
    """Of 100 s each."""
    sql = "INSERT INTO track (id, stage, file_name, sound) SELECT unnest($1::text[]), 'pending', 'A', $2"
    ids = ("a", "b", "c")
    await fresh_store.pool.write(lambda connection: connection.execute(sql, ids, {"duration_s": 100.0}))
    return ids
