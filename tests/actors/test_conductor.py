"""The conductor: who plays, plays on, over restarts and on every node."""

from datetime import timedelta

import msgspec
import trio
from trio.testing import wait_all_tasks_blocked

from actors.messages import PlayerChanged
from actors.model.player import PlayerState
from actors.model.player_commands import NextTrack, Pause, Play, SetVolume
from actors.pipeline import CONDUCTOR
from actors.player import PLAYERS

PATH = f"{PLAYERS}/local"


async def test_a_player_is_awake_and_the_same_on_every_node(opened, tracks, clock, fresh_store):
    async def pass_time() -> None:
        # A position comes a second after the node has heard of the change, and when that is only the node knows.
        while True:
            await wait_all_tasks_blocked(0.02)
            clock.jump(0.25)

    async def told_of(listener, track_id: str) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pass_time)
            heard = None
            while heard != track_id:
                for frame in await listener.take():
                    heard = msgspec.json.decode(frame.body)["payload"]["trackId"]
            nursery.cancel_scope.cancel()

    async with opened() as here, opened() as there, there.follow():
        await here.add("a", "b")
        async with there.feed.subscribe(["player"], owner="local") as listener:
            await here.tell(Play())
            await told_of(listener, "a")
            await here.tell(NextTrack())
            await told_of(listener, "b")
            await here.tell(Pause())
            deck = await there.tell(SetVolume(volume=0.5))
            assert (deck.player.item.track_id, deck.player.state) == ("b", PlayerState.PAUSED)


async def test_a_listening_that_two_nodes_watch_counts_once(opened, tracks, clock, fresh_store):
    async with opened() as here, opened() as there, there.follow():
        await here.add("a", "b")
        await here.tell(Play())
        await there.tell(SetVolume(volume=1.0))  # what it is already: both have seen the beginning
        clock.jump(100.5)
        deck = await here.until(lambda deck: deck.player.item.track_id == "b")
        assert deck.player.version == 2

    assert (await fresh_store.ratings.find("local", "a")).plays == 1


async def test_what_played_when_the_service_ended_plays_on_by_the_clock(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a", "b", "c")
        started = await house.tell(Play())
    clock.jump(130)
    async with opened() as house:
        deck = await house.until(lambda deck: deck.player.item.track_id == "b")
        assert deck.player.since == started.player.since + timedelta(seconds=100)
        clock.jump(80)
        await house.until(lambda deck: deck.player.item.track_id == "c")

    # `a` ended while nobody kept the time; `b` was heard to its end.
    assert [(await fresh_store.ratings.find("local", track)).plays for track in "ab"] == [0, 1]


async def test_when_all_players_fall_they_play_on(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a", "b")
        await house.tell(Play())
        house.stumbling.stumbles = 3
        async with house.running.events() as events:
            clock.jump(100.5)
            async for event in events:
                if event.path == PATH and event.kind.name == "STARTED":
                    break
        await house.until(lambda deck: deck.player.item.track_id == "b")


async def test_as_many_play_on_as_may_be_awake(opened, tracks, clock):
    async with opened(most=1) as house:
        await house.add("a")
        await house.tell(Play())
        conductor = house.running.ref(CONDUCTOR)
        await conductor.tell(PlayerChanged(person_id="ada", version=1, queue_version=1, is_playing=True))
        await conductor.tell(PlayerChanged(person_id="bo", version=1, queue_version=1))
        await wait_all_tasks_blocked()

        assert house.players.awake(house.running, "ada") is None
        assert house.running.status().find(CONDUCTOR).incarnation == 1


async def test_what_one_node_notices_a_player_awake_on_others_tells_once(opened, tracks, clock, fresh_store):
    async with opened() as here, opened() as there, opened() as third, here.follow(), there.follow(), third.follow():
        await there.add("a", "b")
        await third.tell(SetVolume(volume=0.5))  # awake there too
        await fresh_store.trash.remove("b", version=None, person_id="local")  # by whichever node
        for _ in range(8):
            await wait_all_tasks_blocked(0.01)
            clock.jump(0.25)

        assert here.players.awake(here.running, "local") is None
        assert await there.checks() == [[("2", "removed")]]


async def test_what_another_node_put_into_the_queue_is_watched_here_too(opened, tracks, clock, fresh_store):
    async with opened() as here, opened() as there, there.follow():
        await there.add("a")
        await here.add("b")
        await here.running.stop_child(PATH)
        for _ in range(8):
            await wait_all_tasks_blocked(0.01)
            clock.jump(0.25)
        await fresh_store.trash.remove("b", version=None, person_id="local")
        for _ in range(8):
            await wait_all_tasks_blocked(0.01)
            clock.jump(0.25)

        assert await there.checks() == [[("2", "removed")]]
