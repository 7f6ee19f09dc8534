"""What a client tells its player, and what it is answered; and its devices on real sockets."""

import json
from datetime import UTC, datetime

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.errors import ConflictError, InvalidError, ItemGoneError, TrackGoneError, VersionError
from actors.model.player import Deck, Player
from actors.model.player_commands import Pause, Play
from actors.model.player_queue import PlayerQueue
from supervision import AskTimeoutError
from web.live.commands import COMMANDS_WAITING, LEAVING_S, STOPPING_S, Commands
from web.live.messages import Refused

DECK = Deck(player=Player(since=datetime(2026, 3, 1, tzinfo=UTC), version=3), queue=PlayerQueue(version=5))


@pytest.fixture
def replies():
    return []


@pytest.fixture
def serve(nursery, replies):
    """Serve the commands of one client over a way to carry them out."""

    def begin(carry_out):
        commands = Commands(carry_out, lambda *told: replies.append(told), stopping=trio.Event())
        nursery.start_soon(commands.serve)
        return commands

    return begin


async def test_commands_are_carried_out_in_their_order_one_at_a_time(serve, replies):
    begun, go_on = [], trio.Event()

    async def carry_out(user_id, command, teller):
        begun.append((user_id, command))
        await go_on.wait()
        return DECK

    commands = serve(carry_out)
    commands.put("ada", Play(), "1")
    commands.put("ada", Pause(), "2")
    await wait_all_tasks_blocked()
    assert begun == [("ada", Play())]
    go_on.set()
    await wait_all_tasks_blocked()

    assert begun[1:] == [("ada", Pause())]
    assert replies == [("ACK", {"version": 3, "queueVersion": 5}, request_id) for request_id in "12"]


@pytest.mark.parametrize(
    "error, code, details",
    [
        (VersionError("The queue", 8), "CONFLICT", {"version": 8}),
        (ConflictError("no"), "CONFLICT", None),
        (ItemGoneError("3"), "NOT_FOUND", None),
        (TrackGoneError("t"), "TRACK_NOT_FOUND", None),
        (InvalidError("position", "too far"), "VALIDATION_ERROR", None),
        (AskTimeoutError("rookery/x", 1.0), "TIMEOUT", None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_is_answered_by_its_code_and_the_next_goes_on(serve, replies, error, code, details):
    errors = [error]

    async def carry_out(user_id, command, teller):
        if errors:
            raise errors.pop()
        return DECK

    commands = serve(carry_out)
    commands.put("ada", Play(), "1")
    commands.put("ada", Play(), "2")
    await wait_all_tasks_blocked()

    (kind, told, request_id), (after, _, _) = replies
    assert (kind, told["code"], told.get("details"), request_id, after) == ("ERROR", code, details, "1", "ACK")


async def test_a_value_that_cannot_be_is_answered_by_what_is_wrong_with_it(serve, replies):
    async def carry_out(user_id, command, teller):
        raise InvalidError("position", "position must be at most 7.000, where the track ends")

    serve(carry_out).put("ada", Play(), "1")
    await wait_all_tasks_blocked()

    assert replies[0][1]["message"] == "position must be at most 7.000, where the track ends"


async def test_who_commands_faster_than_it_is_obeyed_is_told_so(serve):
    async def carry_out(user_id, command, teller):
        await trio.sleep_forever()

    commands = serve(carry_out)
    for _ in range(COMMANDS_WAITING):
        commands.put("ada", Play(), None)
    with pytest.raises(Refused) as refused:
        commands.put("ada", Play(), "1")

    assert (refused.value.code, refused.value.is_bad) == ("OVERLOADED", False)


async def test_what_was_said_before_the_client_left_is_carried_out_to_the_last(replies, autojump_clock):
    done = []

    async def carry_out(user_id, command, teller):
        await trio.sleep(0.5)
        done.append(command)
        return DECK

    commands = Commands(carry_out, lambda *told: replies.append(told), stopping=trio.Event())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(commands.serve)
        for command in (Play(), Pause(), Play()):
            commands.put("ada", command, None)
        await trio.sleep(0.1)
        nursery.cancel_scope.cancel()

    assert (done, trio.current_time()) == ([Play(), Pause(), Play()], 1.5)


@pytest.mark.parametrize("is_stopping, limit_s", [(False, LEAVING_S), (True, STOPPING_S)])
async def test_a_player_that_does_not_answer_holds_nobody_who_left(replies, autojump_clock, is_stopping, limit_s):
    async def carry_out(user_id, command, teller):
        await trio.sleep_forever()

    stopping = trio.Event()
    commands = Commands(carry_out, lambda *told: replies.append(told), stopping=stopping)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(commands.serve)
        commands.put("ada", Play(), None)
        await trio.sleep(1)
        if is_stopping:
            stopping.set()
        nursery.cancel_scope.cancel()

    assert (replies, trio.current_time()) == ([], 1 + limit_s)


@pytest.fixture
async def tracks(store) -> list[str]:
    sql = """
    INSERT INTO track (id, stage, file_name, sound) SELECT unnest($1::text[]), 'pending', 'A', '{"duration_s": 100}'
    ON CONFLICT DO NOTHING
    """
    ids = ["a", "b", "c"]
    await store.pool.write(lambda connection: connection.execute(sql, ids))
    await store.pool.write(lambda connection: connection.execute("DELETE FROM player"))
    return ids


async def heard(socket, kind: str) -> dict:
    """The next message of a type; others are passed over."""
    while (message := await socket.hear())["type"] != kind:
        pass
    return message


async def test_devices_stay_in_step_whichever_of_them_and_whichever_way_commands(live, tracks):
    async with live() as here, here.socket() as phone, here.socket() as radio:
        for socket in (phone, radio):
            await socket.connect(topics=["player"])
        await phone.say("ADD_TRACK", {"trackId": "a"}, "1")
        assert (await heard(phone, "ACK"))["requestId"] == "1"
        await radio.say("PLAY", {}, "2")
        assert (await heard(radio, "ACK"))["payload"] == {"version": 1, "queueVersion": 1}
        answer = await here.client.post("/api/v1/player", json={"type": "SET_VOLUME", "payload": {"volume": 0.5}})
        await here.pump()

        for socket in (phone, radio):
            queue = await heard(socket, "QUEUE_UPDATE")
            assert [item["trackId"] for item in queue["payload"]["items"]] == ["a"]
            played, turned = [await heard(socket, "PLAYER_STATE_UPDATE") for _ in range(2)]
            assert (played["payload"]["player"]["state"], played["seq"]) == ("playing", queue["seq"] + 1)
            assert turned["payload"]["player"]["version"] == answer.json()["version"] == 2


@pytest.mark.parametrize("count", [1, 5, 60])
async def test_commands_of_a_client_that_leaves_at_once_are_all_carried_out(live, tracks, count):
    async with live() as here, here.services.store.events.listen() as news:
        async with here.socket() as page:
            await page.connect(topics=["player"])
            for _ in range(count):
                await page.say("ADD_TRACK", {"trackId": "a"})
            await page.connection.aclose()
        with trio.fail_after(30):
            while (await here.client.get("/api/v1/queue")).json()["version"] < count:
                await news.take()


async def test_a_player_sounds_where_it_was_begun_until_another_device_takes_it(live, tracks):
    radio_id, phone_id = {"id": "radio", "name": "Kitchen"}, {"id": "phone", "name": "Phone"}
    async with live() as here, here.socket() as phone, here.socket() as radio:
        await phone.connect(topics=[], device=phone_id)
        await radio.connect(topics=[], device=radio_id)

        async def sounding(socket, kind, **payload):
            await socket.say(kind, payload)
            await heard(socket, "ACK")
            return (await here.client.get("/api/v1/player")).json()["device"]

        assert await sounding(radio, "ADD_TRACK", trackId="a") is None
        assert await sounding(radio, "PLAY") == radio_id
        assert await sounding(phone, "PAUSE") == radio_id
        assert await sounding(phone, "PLAY") == radio_id
        assert await sounding(phone, "PLAY", device=phone_id) == phone_id


TOLD_BOTH_WAYS = [
    ("PLAY", {}),
    ("PLAY", {"itemId": "2", "device": {"id": "radio", "name": "Kitchen"}}),
    ("PLAY", {"itemId": "9"}),
    ("PAUSE", {}),
    ("PAUSE", {"loud": True}),
    ("SEEK", {"position": 30}),
    ("SEEK", {"position": 1_000}),
    ("SEEK", {"position": "far"}),
    ("NEXT_TRACK", {}),
    ("PREVIOUS_TRACK", {}),
    ("SET_VOLUME", {"volume": 0.25}),
    ("SET_VOLUME", {"volume": 1.5}),
    ("ADD_TRACK", {"trackId": "c", "position": 0}),
    ("ADD_TRACK", {"trackId": "unknown"}),
    ("ADD_TRACK", {"trackId": "c", "version": 1}),
    ("REMOVE_TRACK", {"itemId": "1"}),
    ("REMOVE_TRACK", {"itemId": "9"}),
    ("CLEAR_QUEUE", {}),
    ("CLEAR_QUEUE", {"version": 7}),
    ("REORDER_QUEUE", {"itemId": "2", "position": 0, "version": 2}),
    ("REORDER_QUEUE", {"itemId": "2", "position": 0, "version": 1}),
    ("REORDER_QUEUE", {"itemId": "2", "position": 5, "version": 2}),
]


async def test_a_command_does_the_same_by_http_and_by_websocket(live, tracks, store):
    async with live() as here:

        async def begin():
            await store.pool.write(lambda connection: connection.execute("DELETE FROM player"))
            for track_id in ("a", "b"):
                await here.client.post("/api/v1/queue/add", json={"trackId": track_id})
            await here.client.post("/api/v1/player", json={"type": "PLAY"})

        async def outcome(code, details):
            player = (await here.client.get("/api/v1/player")).json()
            del player["position"], player["at"]
            return code, details, player, (await here.client.get("/api/v1/queue")).json()

        for kind, payload in TOLD_BOTH_WAYS:
            await begin()
            answer = await here.client.post("/api/v1/player", json={"type": kind, "payload": payload})
            told = answer.json() if answer.is_error else {}
            by_http = await outcome(told.get("code"), told.get("details"))
            await begin()
            async with here.socket() as socket:
                await socket.say(kind, payload)
                told = (await socket.hear())["payload"]
            assert await outcome(told.get("code"), told.get("details")) == by_http, (kind, payload)


async def test_positions_reach_a_device_that_listens(live, tracks):
    async with live() as here, here.socket() as socket:
        await socket.connect(topics=["player"])
        await socket.say("ADD_TRACK", {"trackId": "a"})
        await socket.say("PLAY")
        position = await heard(socket, "PLAYBACK_POSITION")

    assert (position["payload"]["trackId"], set(position["payload"])) == ("a", {"trackId", "position", "at"})
    assert "seq" not in position


async def test_of_two_devices_that_edit_at_once_one_is_told_of_the_conflict_and_nothing_is_lost(live, tracks):
    async with live() as here, here.socket() as phone, here.socket() as radio:
        for track_id in tracks:
            await phone.say("ADD_TRACK", {"trackId": track_id})
            await heard(phone, "ACK")
        for socket, item in ((phone, "2"), (radio, "3")):
            await socket.say("REORDER_QUEUE", {"itemId": item, "position": 0, "version": 3}, item)
        answers = [await socket.hear() for socket in (phone, radio)]

        (refused,) = [answer["payload"] for answer in answers if answer["type"] == "ERROR"]
        assert (refused["code"], refused["details"]) == ("CONFLICT", {"version": 4})
        queue = (await here.client.get("/api/v1/queue")).json()
        assert (queue["version"], sorted(item["trackId"] for item in queue["items"])) == (4, tracks)


async def test_a_command_is_refused_by_its_field_and_loses_nothing_else(live, tracks):
    async with live() as here, here.socket() as socket:
        await socket.say("SEEK", {"position": "far"}, "1")
        await socket.say("PAUSE", {}, "2")
        refused, done = await socket.hear(), await socket.hear()

    assert (refused["payload"]["code"], refused["requestId"]) == ("VALIDATION_ERROR", "1")
    assert "position" in json.dumps(refused["payload"])
    assert (done["type"], done["requestId"]) == ("ACK", "2")
