"""Players in a real tree over a real catalogue; their time is moved by hand."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.errors import BusyError, ConflictError, DatabaseAwayError, ItemGoneError
from actors.messages import PlayerOrder
from actors.model.change import Reading
from actors.model.event import NewEvent
from actors.model.player import PlayerState
from actors.model.player_commands import AddTrack, NextTrack, Pause, Play, RemoveTrack, SetVolume
from actors.model.user import Role
from actors.player import GATHER_S, PLAYERS
from actors.store.events import append
from supervision import (
    ActorStoppedError,
    MessageFailedError,
    NotFoundError,
)

EPOCH = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PATH = f"{PLAYERS}/local"
CONDUCTOR = "rookery/pipeline/conductor"


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
        deck = await house.until(lambda deck: deck.player.item and deck.player.item.track_id == "b")

        assert deck.player.since == started.player.since + timedelta(seconds=100)
        assert deck.player.version == started.player.version + 1


@pytest.mark.parametrize("set_by_s", [-3_600, 40, 3_600])
async def test_a_clock_that_is_set_moves_nothing_that_plays(opened, tracks, clock, dial, set_by_s):
    async with opened() as house:
        await house.add("a", "b")
        started = await house.tell(Play())
        clock.jump(30)
        await wait_all_tasks_blocked()
        dial.set_by_s = set_by_s
        clock.jump(1)
        set_at = started.player.since + timedelta(seconds=set_by_s)
        deck = await house.until(lambda deck: deck.player.since == set_at)
        assert (deck.player.item.track_id, deck.player.version) == ("a", started.player.version + 1)
        clock.jump(69.5)
        await house.until(lambda deck: deck.player.item.track_id == "b")
        assert (await house.store.ratings.find("local", "a")).plays == 1


async def test_a_clock_that_is_set_back_while_nobody_looks_holds_nothing_up(opened, tracks, clock, fresh_store, dial):
    async with opened() as house:
        await house.add("a", "b")
        await house.tell(Play())
    dial.set_by_s = -3_600
    async with opened() as house:
        await house.until(lambda deck: deck.player.since <= dial.now())
        clock.jump(100.5)
        await house.until(lambda deck: deck.player.item.track_id == "b")


async def test_the_player_of_an_account_that_is_gone_ends(opened, tracks, clock, fresh_store):
    ada = await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash=None)
    async with opened() as house:
        await house.tell(AddTrack(track_id="a"), person_id=ada.id)
        await house.tell(Play(), person_id=ada.id)
        ref = house.running.ref(f"{PLAYERS}/{ada.id}")
        sql = "DELETE FROM person WHERE id = $1"
        await fresh_store.pool.write(lambda connection: connection.execute(sql, ada.id))
        clock.jump(100.5)
        with trio.fail_after(1_000):
            await ref.watch()


async def test_a_track_whose_length_is_found_out_while_it_plays_has_an_end_then(opened, tracks, clock, fresh_store):
    sql = "UPDATE track SET sound = $1 WHERE id = 'a'"
    await fresh_store.pool.write(lambda connection: connection.execute(sql, {}))
    async with opened() as house:
        await house.add("a", "b")
        assert (await house.tell(Play())).player.length_s is None
        clock.jump(50)
        await fresh_store.pool.write(lambda connection: connection.execute(sql, {"duration_s": 100.0}))
        clock.jump(10.5)
        await house.until(lambda deck: deck.player.length_s == 100.0)
        clock.jump(40)
        await house.until(lambda deck: deck.player.item.track_id == "b")


async def test_a_listening_counts_as_it_happens_and_once(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        await house.tell(Play())
        clock.jump(50)
        while not (await house.kept()).player.is_counted:
            await trio.lowlevel.checkpoint()
        clock.jump(60)
        await house.until(lambda deck: deck.player.state is PlayerState.STOPPED)

    assert (await fresh_store.ratings.find("local", "a")).plays == 1


async def test_what_a_change_tells_itself_is_followed_by_a_position_only_a_second_later(opened, tracks, clock):
    async with opened() as house, house.feed.subscribe(["player"], owner="local") as device:
        await house.add("a", "b")
        for jump_s, track_id in ((0, "a"), (100.5, "b")):
            clock.jump(jump_s)
            if not jump_s:
                await house.tell(Play())
            await house.until(lambda deck, wanted=track_id: deck.player.item.track_id == wanted)
            await house.players.ordered(house.running, "local", PlayerOrder(command=None), limit_s=30)
            await wait_all_tasks_blocked()
            assert not device.backlog
            clock.jump(1)
            (frame,) = await device.take()
            told = msgspec.json.decode(frame.body)["payload"]
            assert (told["trackId"], told["position"]) == (track_id, 1 if track_id == "a" else 2.5)


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
    async with opened() as house:
        before = await house.add("a", "b")
        house.stumbling.stumbles = 1
        with pytest.raises(MessageFailedError):
            await house.tell(Play())
        after = await house.tell(Play())

        assert (after.queue, after.player.state) == (before.queue, PlayerState.PLAYING)
        assert house.running.status().find(PATH).incarnation == 2


async def test_a_database_that_is_away_is_told_and_the_player_lives(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        house.stumbling.stumbles, house.stumbling.error = 1, DatabaseAwayError("away")
        assert isinstance(await house.tell(Play()), DatabaseAwayError)

        assert (await house.tell(Play())).player.state is PlayerState.PLAYING
        assert house.running.status().find(PATH).incarnation == 1


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


async def test_two_devices_at_once_lose_nothing(opened, tracks, clock, fresh_store):
    async with opened() as house:
        async with trio.open_nursery() as nursery:
            for track_id in "abc" * 10:
                nursery.start_soon(house.add, track_id)
        deck = await house.kept()
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

        await house.until(lambda deck: deck.player.state is PlayerState.PLAYING)


async def test_no_more_players_are_awake_than_may_be(opened, tracks, clock):
    async with opened(most=1) as house:
        await house.add("a")
        with pytest.raises(BusyError):
            await house.tell(Play(), person_id="ada")


async def test_what_cannot_be_is_answered_not_raised(opened, tracks, clock):
    async with opened() as house:
        assert isinstance(await house.tell(NextTrack()), ConflictError)
        assert isinstance(await house.tell(RemoveTrack(item_id="9")), ItemGoneError)


@asynccontextmanager
async def missing(store, *track_ids):
    """Files are away for as long."""
    for presence, kind in (("missing", "TRACK_MISSING"), ("present", "TRACK_UPDATED")):

        async def once(connection, presence=presence, kind=kind):
            await connection.execute("UPDATE track SET presence = $1 WHERE id = ANY($2)", presence, track_ids)
            await append(connection, [NewEvent(type=kind, payload={"trackId": one}) for one in track_ids])

        await store.pool.write(once)
        if presence == "missing":
            yield


async def until_told(house, clock, count):
    """The checks, once there are so many; and there are no more."""
    with trio.fail_after(1_000):
        while len(await house.checks()) < count:
            await wait_all_tasks_blocked(0.01)
            clock.jump(GATHER_S)
    for _ in range(3):
        await wait_all_tasks_blocked(0.01)
        clock.jump(GATHER_S)
    await wait_all_tasks_blocked(0.01)
    return await house.checks()


async def test_a_track_that_cannot_be_played_any_more_or_again_is_told_item_by_item(opened, tracks, clock, fresh_store):
    async with opened() as house, house.follow(), house.feed.subscribe(["player"], owner="bo") as other:
        sql = "UPDATE track SET audio_hash = 'b', sound = NULL WHERE id = 'b'"
        await fresh_store.pool.write(lambda connection: connection.execute(sql))
        root = await fresh_store.roots.add(b"/music")
        file = Reading(root_id=root.id, path=b"/music/b", size_bytes=1, mtime_ns=1, device=1, inode=1)
        before = await house.add("a", "b", "a")
        async with missing(fresh_store, "a"):
            assert await until_told(house, clock, 1) == [[("1", "missing"), ("3", "missing")]]
        assert (await until_told(house, clock, 2))[1] == [("1", None), ("3", None)]
        await fresh_store.trash.remove("b", version=None, person_id="local")
        assert (await until_told(house, clock, 3))[2] == [("2", "removed")]
        await fresh_store.trash.restore("b", [file])

        assert (await until_told(house, clock, 4))[3] == [("2", None)]
        assert await house.kept() == before
        assert len(other.backlog) == 0


async def test_a_folder_of_five_hundred_that_goes_away_is_told_in_two_messages(opened, clock, fresh_store):
    ids = [f"t{number}" for number in range(500)]
    sql = "INSERT INTO track (id, stage, file_name) SELECT unnest($1::text[]), 'pending', 'A'"
    await fresh_store.pool.write(lambda connection: connection.execute(sql, ids))
    async with opened() as house, house.follow():
        await house.add(ids[0])
        sql = "UPDATE player SET item_ids = $1, track_ids = $1, queue_version = 2"
        await fresh_store.pool.write(lambda connection: connection.execute(sql, ids))
        await house.tell(SetVolume(volume=0.5))
        async with missing(fresh_store, *ids):
            told = await until_told(house, clock, 2)

    assert [len(items) for items in told] == [250, 250]
    assert [item for items in told for item in items] == [(track_id, "missing") for track_id in ids]


async def test_what_the_catalogue_tells_of_other_tracks_costs_a_player_nothing(opened, tracks, clock, fresh_store):
    async with opened() as house, house.follow():
        await house.add("a")
        await wait_all_tasks_blocked(0.01)
        changes = house.stumbling.changes
        async with missing(fresh_store, "b", "c"):
            await until_told(house, clock, 0)

        assert house.stumbling.changes == changes


async def test_much_that_happens_at_once_is_one_look(opened, tracks, clock, fresh_store):
    async with opened() as house, house.follow():
        await house.add("a", "b")
        await wait_all_tasks_blocked(0.01)
        changes = house.stumbling.changes
        for _ in range(20):
            await fresh_store.events.add(NewEvent(type="TRACK_UPDATED", payload={"track": {"id": "a"}}))
        async with missing(fresh_store, "b"):
            assert await until_told(house, clock, 1) == [[("2", "missing")]]

            assert house.stumbling.changes - changes <= 2


async def test_a_player_that_sleeps_says_nothing_and_tells_what_changed_when_it_wakes(
    opened, tracks, clock, fresh_store
):
    async with opened(player_idle_s=60) as house, house.follow():
        await house.add("a", "b")
        ref = house.running.ref(PATH)
        await wait_all_tasks_blocked(0.01)
        clock.jump(61)
        await ref.watch()
        async with missing(fresh_store, "a"):
            assert await until_told(house, clock, 0) == []
            deck = await house.tell(Play())
            assert (deck.player.item.track_id, set(deck.obstacles)) == ("b", {"a"})
            assert await until_told(house, clock, 1) == [[("1", "missing")]]


async def test_a_player_that_sleeps_is_woken_by_the_catalogue_where_a_device_listens(
    opened, tracks, clock, fresh_store
):
    async with opened(player_idle_s=60) as house, house.follow():
        await house.add("a", "b")
        ref = house.running.ref(PATH)
        await wait_all_tasks_blocked(0.01)
        clock.jump(61)
        await ref.watch()
        async with house.feed.subscribe(["player"], owner="local"), missing(fresh_store, "a"):
            assert await until_told(house, clock, 1) == [[("1", "missing")]]


async def test_a_change_while_the_queue_is_read_is_not_missed(opened, tracks, clock, fresh_store):
    async with opened() as house:
        await house.add("a")
        await wait_all_tasks_blocked(0.01)

        async def meanwhile():
            await fresh_store.trash.remove("b", version=None, person_id="local")
            house.players.queued.changed(["b"])

        house.stumbling.meanwhile.append(meanwhile)
        await house.add("b")

        assert await until_told(house, clock, 1) == [[("2", "removed")]]


async def test_a_look_that_fails_because_the_database_is_away_is_made_up_for(opened, tracks, clock, fresh_store):
    async with opened() as house, house.follow():
        await house.add("a")
        await wait_all_tasks_blocked(0.01)
        house.stumbling.stumbles, house.stumbling.error = 2, DatabaseAwayError("away")
        async with missing(fresh_store, "a"):
            assert await until_told(house, clock, 1) == [[("1", "missing")]]
        assert house.running.status().find(PATH).incarnation == 1
