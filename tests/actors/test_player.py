"""Players in a real tree over a real catalogue; their time is moved by hand."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.errors import BusyError, ConflictError, DatabaseAwayError, ItemGoneError
from actors.feed import Feed
from actors.model.player import Deck, PlayerState
from actors.model.player_commands import AddTrack, NextTrack, Pause, Play, RemoveTrack, SetVolume
from actors.player import PLAYERS, Players
from supervision import (
    ActorStoppedError,
    Backoff,
    Child,
    Intensity,
    MessageFailedError,
    NotFoundError,
    Running,
    Strategy,
    Supervisor,
    run,
)

EPOCH = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PATH = f"{PLAYERS}/local"


def now() -> datetime:
    """The wall's clock goes as Trio's does."""
    return EPOCH + timedelta(seconds=trio.current_time())


@pytest.fixture
def clock() -> MockClock:
    """Stands still until it is moved; what the database takes is no time."""
    return MockClock()


@attrs.define(eq=False)
class House:
    """One service's part for players, for as long as it runs."""

    running: Running
    players: Players
    feed: Feed

    async def tell(self, command, person_id: str = "local"):
        return await self.players.ordered(self.running, person_id, command, limit_s=30)

    async def add(self, *track_ids: str) -> Deck:
        for track_id in track_ids:
            deck = await self.tell(AddTrack(track_id=track_id))
        return deck


@pytest.fixture
def opened(fresh_store, store_config):
    """Start the service's part for players; may be done again, as after a restart."""

    @asynccontextmanager
    async def start(*, store=fresh_store, most: int = 10, **settings):
        feed = Feed(fresh_store.events, queue_bytes=1_000_000)
        await feed.begin()
        players = Players(store=store, feed=feed, config=attrs.evolve(store_config, **settings), now=now)
        root, pipeline, name = PLAYERS.split("/")
        dynamic = Supervisor(
            name,
            strategy=Strategy.DYNAMIC,
            max_children=most,
            intensity=Intensity(restarts=2, within_s=5.0),
            backoff=Backoff(first_s=0.0),
        )
        tree = Supervisor(
            root,
            children=[Supervisor(pipeline, children=[dynamic, Child("conductor", players.resume)])],
        )
        async with run(tree, signals=False) as running:
            yield House(running=running, players=players, feed=feed)

    return start


@pytest.fixture
async def tracks(fresh_store) -> tuple[str, ...]:
    sql = "INSERT INTO track (id, stage, file_name, sound) SELECT unnest($1::text[]), 'pending', 'A', $2"
    ids = ("a", "b", "c")
    await fresh_store.pool.write(lambda connection: connection.execute(sql, ids, {"duration_s": 100.0}))
    return ids


async def kept(store) -> Deck:
    return await store.player_queues.find("local", now=EPOCH)


async def changed(store, wanted) -> Deck:
    """The player, once something holds of it; looks again at every event."""
    async with store.events.listen() as listening:
        while not wanted(deck := await kept(store)):
            await listening.take()
        return deck


async def test_a_player_is_started_by_its_first_command(opened, tracks, clock):
    async with opened() as house:
        with pytest.raises(NotFoundError):
            house.running.ref(PATH)
        deck = await house.add("a")

        assert [item.track_id for item in deck.queue.items] == ["a"]
        assert house.running.ref(PATH)


async def test_a_track_that_ends_goes_on_to_the_next_by_itself(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a", "b")
        started = await house.tell(Play())
        clock.jump(100.5)
        deck = await changed(fresh_store, lambda deck: deck.player.item and deck.player.item.track_id == "b")

        assert deck.player.since == started.player.since + timedelta(seconds=100)
        assert deck.player.version == started.player.version + 1


async def test_a_listening_counts_as_it_happens_and_once(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        await house.tell(Play())
        clock.jump(50)
        while not (await kept(fresh_store)).player.is_counted:
            await trio.lowlevel.checkpoint()
        clock.jump(60)
        await changed(fresh_store, lambda deck: deck.player.state is PlayerState.STOPPED)

    assert (await fresh_store.ratings.find("local", "a")).plays == 1


async def test_positions_are_told_once_a_second_to_the_owner_alone(opened, tracks, clock):
    async with opened() as house, house.feed.subscribe(["player"], owner="bo") as other:
        await house.add("a")
        deck = await house.tell(Play())
        async with house.feed.subscribe(["player"], owner="local") as own:
            for _ in range(3):
                clock.jump(1)
                (frame,) = await own.take()
                told = msgspec.json.decode(frame.body)
                assert (told["type"], told["payload"]["trackId"]) == ("PLAYBACK_POSITION", "a")
                assert "seq" not in told
                at = datetime.fromisoformat(told["payload"]["at"])
                assert deck.player.position_at(at) == told["payload"]["position"]
            told_so_far = house.feed.statistics().passing
            await house.tell(Pause())
            clock.jump(5)
            await wait_all_tasks_blocked()
            assert house.feed.statistics().passing == told_so_far
        assert len(other.backlog) == 0


async def test_nothing_is_told_of_positions_while_nobody_listens(opened, tracks, clock):
    async with opened() as house:
        await house.add("a")
        await house.tell(Play())
        for _ in range(3):
            clock.jump(1)
            await wait_all_tasks_blocked()

        assert house.feed.statistics().passing == 0


async def test_an_idle_player_sleeps_and_wakes_as_it_was(opened, tracks, clock):
    async with opened(player_idle_s=60) as house:
        await house.add("a")
        before = await house.tell(SetVolume(volume=0.5))
        ref = house.running.ref(PATH)
        await wait_all_tasks_blocked()
        clock.jump(61)
        await ref.watch()
        with pytest.raises(ActorStoppedError):
            ref.tell_nowait("late")

        after = await house.tell(Play())
        assert (after.player.volume, after.queue) == (0.5, before.queue)


async def test_a_crash_amid_a_command_tells_its_asker_and_loses_nothing(opened, tracks, clock, fresh_store):
    store = attrs.evolve(fresh_store, player_queues=Stumbling(fresh_store.player_queues))
    async with opened(store=store) as house:
        before = await house.add("a", "b")
        store.player_queues.stumbles = 1
        with pytest.raises(MessageFailedError):
            await house.tell(Play())
        after = await house.tell(Play())

        assert (after.queue, after.player.state) == (before.queue, PlayerState.PLAYING)
        assert house.running.status().find(PATH).incarnation == 2


async def test_a_database_that_is_away_is_told_and_the_player_lives(opened, tracks, clock, fresh_store):
    store = attrs.evolve(fresh_store, player_queues=Stumbling(fresh_store.player_queues))
    async with opened(store=store) as house:
        await house.add("a")
        store.player_queues.stumbles, store.player_queues.error = 1, DatabaseAwayError("away")
        assert isinstance(await house.tell(Play()), DatabaseAwayError)

        assert (await house.tell(Play())).player.state is PlayerState.PLAYING
        assert house.running.status().find(PATH).incarnation == 1


async def test_what_played_when_the_service_ended_plays_on_by_the_clock(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a", "b", "c")
        started = await house.tell(Play())
    clock.jump(130)
    async with opened() as house:
        deck = await changed(fresh_store, lambda deck: deck.player.item.track_id == "b")
        assert deck.player.since == started.player.since + timedelta(seconds=100)
        clock.jump(80)
        await changed(fresh_store, lambda deck: deck.player.item.track_id == "c")

    # `a` ended while nobody kept the time; `b` was heard to its end.
    assert [(await fresh_store.ratings.find("local", track)).plays for track in "ab"] == [0, 1]


async def test_a_pause_outlives_the_service(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        await house.tell(Play())
        clock.jump(10)
        paused = await house.tell(Pause())
    clock.jump(10_000)
    async with opened() as house:
        assert (await house.tell(Pause())) == paused
        assert (await house.tell(Play())).player.position_s == paused.player.position_s


async def test_when_all_players_fall_they_play_on(opened, tracks, clock, fresh_store):
    store = attrs.evolve(fresh_store, player_queues=Stumbling(fresh_store.player_queues))
    async with opened(store=store) as house:
        await house.add("a", "b")
        await house.tell(Play())
        store.player_queues.stumbles = 3
        async with house.running.events() as events:
            clock.jump(100.5)
            async for event in events:
                if event.path == PATH and event.kind.name == "STARTED":
                    break
        await changed(fresh_store, lambda deck: deck.player.item.track_id == "b")


async def test_two_devices_at_once_lose_nothing(opened, tracks, clock, fresh_store):
    async with opened() as house:
        async with trio.open_nursery() as nursery:
            for track_id in "abc" * 10:
                nursery.start_soon(house.add, track_id)
        deck = await kept(fresh_store)
        assert sorted(item.track_id for item in deck.queue.items) == sorted("abc" * 10)
        answers = []

        async def remove():
            answers.append(await house.tell(RemoveTrack(item_id=deck.queue.items[0].id)))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(remove)
            nursery.start_soon(remove)

    assert sorted(type(answer).__name__ for answer in answers) == ["Deck", "ItemGoneError"]


async def test_a_command_outlives_whoever_sent_it(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        with trio.CancelScope() as gone:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(house.tell, Play())
                await wait_all_tasks_blocked()
                gone.cancel()

        await changed(fresh_store, lambda deck: deck.player.state is PlayerState.PLAYING)


async def test_no_more_players_are_awake_than_may_be(opened, tracks, clock):
    async with opened(most=1) as house:
        await house.add("a")
        with pytest.raises(BusyError):
            await house.tell(Play(), person_id="ada")


async def test_what_cannot_be_is_answered_not_raised(opened, tracks, clock):
    async with opened() as house:
        assert isinstance(await house.tell(NextTrack()), ConflictError)
        assert isinstance(await house.tell(RemoveTrack(item_id="9")), ItemGoneError)


@attrs.define(eq=False)
class Stumbling:
    """Players of a store that fail at their changes, so many times."""

    inner: object
    stumbles: int = 0
    error: Exception = attrs.field(factory=lambda: RuntimeError("a slip"))

    async def change(self, *given, **named):
        """As the store inside, but for the first times."""
        if self.stumbles:
            self.stumbles -= 1
            raise self.error
        return await self.inner.change(*given, **named)

    async def list_playing(self):
        """As the store inside."""
        return await self.inner.list_playing()
