"""Players and queues in a real database."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
import trio

from actors.errors import ConflictError, VersionError
from actors.model.obstacle import Obstacle
from actors.model.player import Deck, Moment, PlayerState
from actors.model.player_commands import AddTrack, Device, NextTrack, Pause, Play, RemoveTrack, ReorderQueue, SetVolume
from actors.model.player_transitions import carried_out
from actors.model.user import Role

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@attrs.frozen
class Told:
    """Somebody's player in a store."""

    store: object
    person_id: str = "local"

    async def tell(self, command, *, at: float = 0.0):
        def decide(deck, tracks):
            return carried_out(deck, command, Moment(now=later(at), tracks=tracks))

        also = (command.track_id,) if isinstance(command, AddTrack) else ()
        return await self.store.player_queues.change(self.person_id, decide, now=later(at), also=also)

    async def find(self) -> Deck:
        return await self.store.player_queues.find(self.person_id, now=NOW)

    async def events(self) -> list[tuple[str, str]]:
        return [(one.type, one.owner) for one in await self.store.events.after(0, 1_000) if one.owner is not None]


@pytest.fixture
async def told(fresh_store, add_track) -> Told:
    for track_id in ("a", "b", "c"):
        await add_track(fresh_store, id=track_id, duration_s=100.0)
    return Told(fresh_store)


async def test_what_was_never_told_anything_is_stopped_and_empty(told):
    deck = await told.find()

    assert (deck.player.state, deck.player.version, deck.queue.items) == (PlayerState.STOPPED, 0, ())


async def test_what_is_found_is_what_was_changed_to_the_last_field(told):
    await told.tell(AddTrack(track_id="a"))
    await told.tell(AddTrack(track_id="a"))
    await told.tell(SetVolume(volume=0.25))
    await told.tell(Play(device=Device(id="radio")), at=1)
    changed = await told.tell(Pause(), at=80.123456)

    assert await told.find() == changed
    assert changed.player.device == Device(id="radio", name="")
    assert (changed.player.position_s, changed.player.is_counted) == (79.123456, True)


async def test_each_change_is_told_to_its_owner_and_what_changes_nothing_is_not(told):
    await told.tell(AddTrack(track_id="a"))
    await told.tell(Play())
    await told.tell(Play())
    await told.tell(RemoveTrack(item_id="1"), at=5)

    assert await told.events() == [
        ("QUEUE_UPDATE", "local"),
        ("PLAYER_STATE_UPDATE", "local"),
        ("QUEUE_UPDATE", "local"),
        ("PLAYER_STATE_UPDATE", "local"),
    ]


async def test_a_refusal_leaves_no_trace(told):
    before = await told.tell(AddTrack(track_id="a"))
    refused = await told.tell(ReorderQueue(item_id="1", position=0, version=7))

    assert isinstance(refused, VersionError)
    assert (await told.find(), await told.events()) == (before, [("QUEUE_UPDATE", "local")])


async def test_a_play_counts_with_the_change_that_it_is_part_of(told):
    await told.tell(AddTrack(track_id="a"))
    await told.tell(Play())
    await told.tell(NextTrack(), at=51)

    mine = await told.store.ratings.find("local", "a")
    assert (mine.plays, mine.last_played_at) == (1, NOW)


async def test_a_play_is_as_long_as_was_listened_in_the_end(told):
    async def listened():
        rows = await told.store.pool.read(
            lambda connection: connection.fetch("SELECT listened_s FROM play ORDER BY at")
        )
        return [row["listened_s"] for row in rows]

    await told.tell(AddTrack(track_id="a"))
    await told.tell(AddTrack(track_id="b"))
    await told.tell(Play())
    await told.tell(None, at=50)
    assert await listened() == [50.0]
    await told.tell(Pause(), at=70)
    await told.tell(NextTrack(), at=1_000)
    assert await listened() == [70.0]
    await told.tell(Play(), at=1_000)
    await told.tell(None, at=2_000)
    assert await listened() == [70.0, 100.0]


async def test_tracks_in_the_trash_or_missing_are_passed_over(told):
    for track_id in ("a", "b", "c"):
        await told.tell(AddTrack(track_id=track_id))
    sql = "UPDATE track SET removed_at = now() WHERE id = 'a'"
    await told.store.pool.write(lambda connection: connection.execute(sql))
    sql = "UPDATE track SET presence = 'missing' WHERE id = 'b'"
    await told.store.pool.write(lambda connection: connection.execute(sql))

    deck = await told.tell(Play())
    assert deck.player.item.track_id == "c"
    assert [item.track_id for item in deck.queue.items] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "change, reason",
    [
        ("presence = 'missing'", Obstacle.MISSING),
        ("presence = 'unverified'", Obstacle.UNVERIFIED),
        ("stage = 'growing'", Obstacle.GROWING),
        ("stage = 'empty'", Obstacle.EMPTY),
        ("stage = 'failed', audio_hash = NULL", Obstacle.UNREADABLE),
        ("removed_at = now()", Obstacle.REMOVED),
    ],
)
async def test_what_can_be_played_is_seen_at_any_time_and_told_with_the_next_change(told, change, reason):
    for track_id in ("a", "b", "a"):
        await told.tell(AddTrack(track_id=track_id))
    await told.store.pool.write(lambda connection: connection.execute(f"UPDATE track SET {change} WHERE id = 'a'"))
    assert (await told.find()).obstacles == {}
    checked, is_told = await told.store.player_queues.check("local", now=NOW)
    assert (checked.obstacles, is_told) == ({"a": reason}, False)
    changed = await told.tell(None)

    assert await told.store.player_queues.check("local", now=NOW) == (changed, True)
    assert await told.find() == changed
    (event,) = [one for one in await told.store.events.after(0, 100) if one.type == "VALIDATION_UPDATE"]
    assert [(item["itemId"], item["reason"]) for item in event.payload["items"]] == [("1", reason), ("3", reason)]


async def test_a_player_that_never_was_has_nothing_to_be_told(told):
    deck, is_told = await told.store.player_queues.check("local", now=NOW)

    assert (deck.queue.items, is_told) == ((), True)


async def test_a_track_that_is_purged_while_it_plays_counts_nothing_and_breaks_nothing(told):
    await told.tell(AddTrack(track_id="a"))
    await told.tell(Play())
    await told.store.pool.write(lambda connection: connection.execute("DELETE FROM track WHERE id = 'a'"))

    assert (await told.tell(None, at=200)).player.state is PlayerState.STOPPED


async def test_changes_at_the_same_moment_lose_nothing(told):
    async with trio.open_nursery() as nursery:
        for track_id in "abc" * 8:
            nursery.start_soon(told.tell, AddTrack(track_id=track_id))

    queue = (await told.find()).queue
    assert sorted(item.track_id for item in queue.items) == sorted("abc" * 8)
    assert (queue.version, len({item.id for item in queue.items})) == (24, 24)


async def test_of_two_who_saw_the_same_queue_one_is_told_of_the_conflict(told):
    for track_id in ("a", "b", "c"):
        await told.tell(AddTrack(track_id=track_id))
    answers = []

    async def move(item_id):
        answers.append(await told.tell(ReorderQueue(item_id=item_id, position=0, version=3)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(move, "2")
        nursery.start_soon(move, "3")

    assert sorted(type(answer).__name__ for answer in answers) == ["Deck", "VersionError"]
    assert next(answer.version for answer in answers if isinstance(answer, VersionError)) == 4


async def test_each_person_has_a_player_of_their_own_which_goes_with_them(told):
    ada = await told.store.users.add(name="ada", role=Role.ADMIN, password_hash=None)
    hers = Told(told.store, ada.id)
    await hers.tell(AddTrack(track_id="a"))
    await hers.tell(Play())
    assert await told.store.player_queues.list_playing() == [ada.id]
    assert (await told.find()).queue.items == ()
    sql = "DELETE FROM person WHERE id = $1"
    await told.store.pool.write(lambda connection: connection.execute(sql, ada.id))

    assert isinstance(await hers.tell(Pause()), ConflictError)
    assert await told.store.player_queues.list_playing() == []
