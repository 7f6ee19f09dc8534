"""The player and its queue over HTTP."""

import httpx
import pytest
import trio

from actors.model.player_commands import COMMANDS
from actors.model.user import Role
from web.routes.players import PlayerCommand

PLAYER, QUEUE = "/api/v1/player", "/api/v1/queue"


@pytest.fixture
async def tracks(shelf) -> list[str]:
    return [await shelf.put(name) for name in ("a", "b", "c")]


@pytest.fixture
async def client(served, store) -> httpx.AsyncClient:
    await store.pool.write(lambda connection: connection.execute("DELETE FROM player"))
    return served.client


async def add(client, *track_ids) -> dict:
    for track_id in track_ids:
        answer = await client.post(f"{QUEUE}/add", json={"trackId": track_id})
        assert answer.status_code == 200, answer.text
    return answer.json()


async def tell(client, kind, **payload) -> dict:
    answer = await client.post(PLAYER, json={"type": kind, "payload": payload})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_command_of_the_socket_is_one_here():
    kinds = {kind.__struct_config__.tag: kind for kind in PlayerCommand.__subclasses__()}

    assert kinds.keys() == COMMANDS.keys()


async def test_a_queue_is_filled_reordered_and_emptied(client, tracks):
    queue = await add(client, *tracks, tracks[0])
    ids = [item["id"] for item in queue["items"]]
    assert ([item["trackId"] for item in queue["items"]], queue["version"]) == ([*tracks, tracks[0]], 4)

    answer = await client.post(f"{QUEUE}/reorder", json={"itemId": ids[3], "position": 0, "version": 4})
    assert [item["id"] for item in answer.json()["items"]] == [ids[3], *ids[:3]]
    answer = await client.post(f"{QUEUE}/remove", json={"itemId": ids[1]})
    assert [item["id"] for item in answer.json()["items"]] == [ids[3], ids[0], ids[2]]
    assert (await client.get(QUEUE)).json() == answer.json()
    answer = await client.post(f"{QUEUE}/clear", json={})
    assert answer.json() == {"version": 7, "items": []}


async def test_the_queue_says_what_can_be_played_and_has_another_tag_when_that_is_different(client, tracks, store):
    async def presence(word):
        sql = "UPDATE track SET presence = $1 WHERE id = $2"
        await store.pool.write(lambda connection: connection.execute(sql, word, tracks[0]))

    await add(client, *tracks, tracks[0])
    before = await client.get(QUEUE)
    assert {(item["isPlayable"], item["reason"]) for item in before.json()["items"]} == {(True, None)}
    await presence("missing")
    gone = await client.get(QUEUE, headers={"If-None-Match": before.headers["ETag"]})
    assert [item["reason"] for item in gone.json()["items"]] == ["missing", None, None, "missing"]
    assert (gone.json()["version"], gone.headers["ETag"] != before.headers["ETag"]) == (4, True)
    assert (await client.get(QUEUE, headers={"If-None-Match": gone.headers["ETag"]})).status_code == 304
    await presence("present")

    assert (await client.get(QUEUE)).headers["ETag"] == before.headers["ETag"]


async def test_what_one_device_is_shown_the_others_are_told_once(client, tracks, store):
    await add(client, *tracks)
    _, newest = await store.events.bounds()
    await store.trash.remove(tracks[1], version=None, person_id="local")
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(client.get, QUEUE)
    told = [one for one in await store.events.after(newest, 100) if one.owner == "local"]

    assert [(one.type, one.payload["version"]) for one in told] == [("VALIDATION_UPDATE", 3)]
    assert [item["reason"] for item in told[0].payload["items"]] == ["removed"]


async def test_two_who_edit_at_once_get_a_conflict_and_lose_nothing(client, tracks, refused):
    queue = await add(client, *tracks)
    last = queue["items"][2]["id"]
    order = {"itemId": last, "position": 0, "version": 3}
    assert (await client.post(f"{QUEUE}/reorder", json=order)).status_code == 200

    told = refused(await client.post(f"{QUEUE}/reorder", json=order | {"position": 1}), 409, "CONFLICT")
    assert told["details"] == {"version": 4}
    for path, body in (("add", {"trackId": tracks[0]}), ("remove", {"itemId": last}), ("clear", {})):
        refused(await client.post(f"{QUEUE}/{path}", json=body | {"version": 3}), 409, "CONFLICT")
    queue = (await client.get(QUEUE)).json()
    assert (queue["version"], queue["items"][0]["id"], len(queue["items"])) == (4, last, 3)


async def test_the_player_plays_what_is_in_the_queue(client, tracks):
    await add(client, *tracks)
    player = await tell(client, "PLAY")
    assert (player["state"], player["item"]["trackId"], player["duration"]) == ("playing", tracks[0], 61.5)
    player = await tell(client, "SEEK", position=30)
    assert 30 <= player["position"] < 45
    player = await tell(client, "NEXT_TRACK")
    assert player["item"]["trackId"] == tracks[1]
    player = await tell(client, "PAUSE")
    assert (await client.get(PLAYER)).json()["position"] == player["position"]
    assert (await tell(client, "SET_VOLUME", volume=0.5))["volume"] == 0.5


async def test_an_unchanged_player_or_queue_is_not_sent_again(client, tracks):
    await add(client, tracks[0])
    for path in (PLAYER, QUEUE):
        tag = (await client.get(path)).headers["etag"]
        assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
        await tell(client, "PLAY" if path == PLAYER else "CLEAR_QUEUE")
        assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_the_document_tells_the_body_of_each_command(served):
    document = (await served.client.get("/openapi.json")).json()
    shape = document["paths"][PLAYER]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert set(shape["discriminator"]["mapping"]) == set(COMMANDS)
    assert {one["$ref"] for one in shape["oneOf"]} == set(shape["discriminator"]["mapping"].values())
    seek = document["components"]["schemas"]["SeekCommand"]
    assert set(seek["required"]) == {"type", "payload"}
    assert document["components"]["schemas"]["PauseCommand"]["required"] == ["type"]


@pytest.mark.parametrize(
    "body, field",
    [
        ({"type": "DANCE"}, "type"),
        ({}, "type"),
        ({"type": "SEEK"}, "payload"),
        ({"type": "SEEK", "payload": {}}, "payload.position"),
        ({"type": "SEEK", "payload": {"position": -1}}, "payload.position"),
        ({"type": "SEEK", "payload": {"position": "1"}}, "payload.position"),
        ({"type": "SEEK", "payload": []}, "payload"),
        ({"type": "PAUSE", "payload": {"loud": True}}, "payload.loud"),
        ({"type": "SET_VOLUME", "payload": {"volume": 2}}, "payload.volume"),
        ({"type": "PLAY", "payload": {"itemId": "\0"}}, "payload.itemId"),
        ({"type": 1}, "type"),
        ({"type": "PLAY", "extra": 1}, "extra"),
    ],
)
async def test_what_is_no_command_is_refused_by_its_field(client, refused, body, field):
    told = refused(await client.post(PLAYER, json=body), 422, "VALIDATION_ERROR")

    assert field in [error["field"] for error in told["errors"]]


@pytest.mark.parametrize(
    "path, body, refusal",
    [
        ("add", {"trackId": "unknown"}, (404, "TRACK_NOT_FOUND")),
        ("add", {"trackId": "x" * 129}, (422, "VALIDATION_ERROR")),
        ("add", {"trackId": "a\0"}, (422, "VALIDATION_ERROR")),
        ("add", {"trackId": "a", "position": 2**70}, (422, "VALIDATION_ERROR")),
        ("remove", {"itemId": "99"}, (404, "NOT_FOUND")),
        ("remove", {}, (422, "VALIDATION_ERROR")),
        ("reorder", {"itemId": "99", "position": 0}, (422, "VALIDATION_ERROR")),
        ("reorder", {"itemId": "99", "position": 0, "version": 0}, (404, "NOT_FOUND")),
        ("clear", {"all": True}, (422, "VALIDATION_ERROR")),
    ],
)
async def test_an_edit_that_cannot_be_is_refused(client, refused, path, body, refusal):
    refused(await client.post(f"{QUEUE}/{path}", json=body), *refusal)


async def test_an_empty_queue_cannot_be_played(client, refused):
    told = refused(await client.post(PLAYER, json={"type": "PLAY"}), 409, "CONFLICT")

    assert "empty" in told["message"]


async def test_what_the_track_is_too_short_for_is_refused_by_its_field(client, tracks, refused):
    await add(client, tracks[0])
    await tell(client, "PLAY")
    body = {"type": "SEEK", "payload": {"position": 1_000}}
    told = refused(await client.post(PLAYER, json=body), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == ["payload.position"]


async def test_a_repeated_command_is_carried_out_once(client, tracks):
    await add(client, *tracks)
    await tell(client, "PLAY")
    headers = {"Idempotency-Key": "on"}
    for _ in range(2):
        player = (await client.post(PLAYER, json={"type": "NEXT_TRACK"}, headers=headers)).json()

    assert player["item"]["trackId"] == tracks[1]


async def test_a_repeated_request_adds_once(client, tracks):
    headers = {"Idempotency-Key": "once"}
    answers = [await client.post(f"{QUEUE}/add", json={"trackId": tracks[0]}, headers=headers) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len((await client.get(QUEUE)).json()["items"]) == 1


async def test_each_user_has_a_player_of_their_own(peopled, fresh_store):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ('t', 'pending', 'A')"
    await fresh_store.pool.write(lambda connection: connection.execute(sql))
    client = peopled.client
    for role, count in ((Role.LISTENER, 1), (Role.ADMIN, 2)):
        for _ in range(count):
            answer = await client.post(f"{QUEUE}/add", json={"trackId": "t"}, headers=peopled.headers(role))
            assert answer.status_code == 200

    queues = {role: (await client.get(QUEUE, headers=peopled.headers(role))).json()["items"] for role in Role}
    assert {role: len(items) for role, items in queues.items()} == {Role.LISTENER: 1, Role.EDITOR: 0, Role.ADMIN: 2}
