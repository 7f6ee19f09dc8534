"""Memories over HTTP."""

import pytest

from actors.model.memory import LONGEST_TAG, LONGEST_TEXT, MOST_TAGS
from actors.model.user import Role

LIST = "/api/v1/memories"


async def noted(served, **body):
    """The answer to a note that is taken."""
    response = await served.client.post(LIST, json=body)
    assert response.status_code == 201, response.text
    return response


async def test_a_memory_is_made_read_changed_and_forgotten(served, shelf) -> None:
    track_id = await shelf.put("rook.mp3")
    made = await noted(served, text="The bass comes in", trackId=track_id, position=61.5, tags=[" mix ", "MIX", "live"])
    place = made.headers["location"]
    read = await served.client.get(place)
    known = await served.client.get(place, headers={"If-None-Match": made.headers["etag"]})

    assert made.json() == read.json()
    assert made.json()["tags"] == ["mix", "live"]
    assert (read.json()["trackId"], read.json()["trackTitle"], read.json()["position"]) == (track_id, "rook", 61.5)
    assert (read.headers["etag"], known.status_code) == (made.headers["etag"], 304)
    assert "private" in read.headers["cache-control"]

    changed = await served.client.patch(
        place, json={"text": "Later", "position": None}, headers={"If-Match": read.headers["etag"]}
    )
    assert changed.status_code == 200
    assert (changed.json()["text"], changed.json()["position"], changed.json()["trackId"]) == ("Later", None, track_id)
    assert changed.json()["version"] == 2
    replaced = await served.client.put(place, json={"text": "Else"}, headers={"If-Match": changed.headers["etag"]})
    assert (replaced.json()["text"], replaced.json()["trackId"], replaced.json()["tags"]) == ("Else", None, [])

    gone = await served.client.delete(place, headers={"If-Match": replaced.headers["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await served.client.get(place)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_change_names_the_version_that_it_means(served, refused, method: str) -> None:
    made = await noted(served, text="x")
    place, body = made.headers["location"], None if method == "DELETE" else {"text": "y"}
    refused(await served.client.request(method, place, json=body), 428, "PRECONDITION_REQUIRED")
    stale = {"If-Match": '"stale"'}
    refused(await served.client.request(method, place, json=body, headers=stale), 412, "PRECONDITION_FAILED")
    assert (await served.client.get(place)).json() == made.json()
    any_ = await served.client.request(method, place, json=body, headers={"If-Match": "*"})
    assert any_.status_code in {200, 204}


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "text"),
        ({"text": "a\0b"}, "text"),
        ({"text": 1}, "text"),
        ({"text": None}, "text"),
        ({"text": "x", "position": 1}, "position"),
        ({"text": "x", "position": -1, "trackId": "t"}, "position"),
        ({"text": "x", "position": "1", "trackId": "t"}, "position"),
        ({"text": "x", "position": 1e300, "trackId": "t"}, "position"),
        ({"text": "x", "trackId": "nope"}, "trackId"),
        ({"text": "x", "trackId": ""}, "trackId"),
        ({"text": "x", "trackId": 7}, "trackId"),
        ({"text": "x", "tags": "mix"}, "tags"),
        ({"text": "x", "tags": [""]}, "tags[0]"),
        ({"text": "x", "tags": [" "]}, "tags[0]"),
        ({"text": "x", "tags": ["x" * (LONGEST_TAG + 1)]}, "tags[0]"),
        ({"text": "x", "tags": [str(number) for number in range(MOST_TAGS + 1)]}, "tags"),
        ({"text": "x", "mood": "good"}, "mood"),
    ],
)
async def test_values_that_cannot_be_used_are_named(served, refused, body, field: str) -> None:
    before = (await served.client.get(LIST)).json()["meta"]["total"]
    told = refused(await served.client.post(LIST, json=body), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]
    assert (await served.client.get(LIST)).json()["meta"]["total"] == before


@pytest.mark.parametrize("body", [{"text": None}, {"tags": None}, {"position": 1}, {"trackId": "nope"}, {"text": ""}])
async def test_a_change_that_cannot_be_made_changes_nothing(served, refused, body) -> None:
    made = await noted(served, text="x", tags=["a"])
    place = made.headers["location"]
    refused(await served.client.patch(place, json=body, headers={"If-Match": "*"}), 422, "VALIDATION_ERROR")

    assert (await served.client.get(place)).json() == made.json()


async def test_bodies_that_are_none_are_refused(served, refused) -> None:
    for content, kind, status, code in (
        (b"{", "application/json", 400, "MALFORMED_JSON"),
        (b'{"text": "\xff"}', "application/json", 400, "MALFORMED_JSON"),
        (b'{"text": "\\ud800"}', "application/json", 400, "MALFORMED_JSON"),
        (b"[]", "application/json", 422, "VALIDATION_ERROR"),
        (b'{"text": "x"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ):
        response = await served.client.post(LIST, content=content, headers={"Content-Type": kind})
        refused(response, status, code)


@pytest.mark.parametrize("memory_id", ["nope", "a%00b", "%ff", "x" * 300])
async def test_what_is_no_memory_is_not_there(served, refused, memory_id: str) -> None:
    refused(await served.client.get(f"{LIST}/{memory_id}"), 404, "NOT_FOUND")
    refused(await served.client.delete(f"{LIST}/{memory_id}", headers={"If-Match": "*"}), 404, "NOT_FOUND")


async def test_what_another_noted_is_not_there_not_even_for_an_administrator(peopled, refused) -> None:
    owner, admin = peopled.headers(Role.LISTENER), peopled.headers(Role.ADMIN)
    made = await peopled.client.post(LIST, json={"text": "a secret"}, headers=owner)
    place = made.headers["location"]
    refused(await peopled.client.get(place, headers=admin), 404, "NOT_FOUND")
    refused(await peopled.client.delete(place, headers=admin | {"If-Match": "*"}), 404, "NOT_FOUND")
    refused(await peopled.client.get(place), 401, "UNAUTHENTICATED")
    lists = [(await peopled.client.get(f"{LIST}?q=secret", headers=headers)).json() for headers in (owner, admin)]

    assert [len(listed["data"]) for listed in lists] == [1, 0]
    assert (await peopled.client.get(place, headers=owner)).json() == made.json()


async def test_cue_points_of_a_track_come_in_its_order(served, shelf) -> None:
    track_id = await shelf.put("cues.mp3")
    for position in (30, None, 2.5):
        await noted(served, text="x", trackId=track_id, position=position)
    every = (await served.client.get(LIST, params={"trackId": track_id})).json()["data"]
    cues = (await served.client.get(LIST, params={"trackId": track_id, "cue": "true"})).json()["data"]
    plain = (await served.client.get(LIST, params={"trackId": track_id, "cue": "false"})).json()["data"]

    assert [memory["position"] for memory in every] == [2.5, 30, None]
    assert [memory["position"] for memory in cues] == [2.5, 30]
    assert [memory["position"] for memory in plain] == [None]


@pytest.mark.parametrize("sort", ["addedAt", "changedAt", "position"])
async def test_pages_neither_repeat_nor_skip(served, shelf, sort: str) -> None:
    track_id = await shelf.put(f"pages by {sort}.mp3")
    made = {(await noted(served, text="x", trackId=track_id, position=number % 2)).json()["id"] for number in range(7)}
    place: str | None = f"{LIST}?trackId={track_id}&sort={sort}&pageSize=3"
    first = (await served.client.get(place)).json()
    seen = [memory["id"] for memory in first["data"]]
    cursor = first["meta"]["nextCursor"]
    while cursor:
        page = (await served.client.get(LIST, params={"cursor": cursor, "pageSize": 3})).json()
        seen += [memory["id"] for memory in page["data"]]
        cursor = page["meta"]["nextCursor"]

    assert first["meta"]["total"] == 7
    assert len(seen) == 7
    assert set(seen) == made


async def test_a_cursor_goes_with_its_list_alone(served, shelf, refused) -> None:
    track_id = await shelf.put("cursor.mp3")
    for _ in range(2):
        await noted(served, text="x", trackId=track_id, tags=["Früh"])
    listed = await served.client.get(LIST, params={"trackId": track_id, "tag": "FRUH", "q": "x", "pageSize": 1})
    cursor = listed.json()["meta"]["nextCursor"]

    assert listed.json()["meta"]["total"] == 2
    for other in ({"sort": "changedAt"}, {"q": "y"}, {"trackId": "other"}):
        refused(await served.client.get(LIST, params={"cursor": cursor, **other}), 400, "INVALID_CURSOR")
    refused(await served.client.get(LIST, params={"cursor": "forged"}), 400, "INVALID_CURSOR")


@pytest.mark.parametrize("sort", ["addedAt", "title"])
async def test_a_cursor_of_tracks_is_none_of_memories(served, shelf, refused, sort: str) -> None:
    for name in ("a.mp3", "b.mp3"):
        await shelf.put(name)
    tracks = (await served.client.get("/api/v1/tracks", params={"sort": sort, "pageSize": 1})).json()

    refused(await served.client.get(LIST, params={"cursor": tracks["meta"]["nextCursor"]}), 400, "INVALID_CURSOR")


@pytest.mark.parametrize(
    "query", ["sort=text", "order=up", "cue=perhaps", "q=", "tag=", "trackId=", "page=0", "pageSize=501", "mood=good"]
)
async def test_parameters_that_cannot_be_used_are_named(served, refused, query: str) -> None:
    told = refused(await served.client.get(f"{LIST}?{query}"), 422, "VALIDATION_ERROR")

    assert told["errors"][0]["field"] == query.partition("=")[0]


async def test_a_kept_list_is_right_after_every_change(served) -> None:
    query = f"{LIST}?q=kept"
    before = (await served.client.get(query)).json()["meta"]["total"]
    made = await noted(served, text="kept")
    between = (await served.client.get(query)).json()["meta"]["total"]
    await served.client.delete(made.headers["location"], headers={"If-Match": "*"})
    after = (await served.client.get(query)).json()["meta"]["total"]

    assert (before, between, after) == (0, 1, 0)


async def test_a_request_sent_again_makes_one_memory(served) -> None:
    answers = [
        await served.client.post(LIST, json={"text": "once"}, headers={"Idempotency-Key": "a-key-of-one-note"})
        for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert (await served.client.get(f"{LIST}?q=once")).json()["meta"]["total"] == 1


async def test_memories_outlive_their_track(served, shelf) -> None:
    track_id = await shelf.put("lost.mp3")
    made = await noted(served, text="x", trackId=track_id, position=1)
    sql = "DELETE FROM track WHERE id = $1"
    await served.store.pool.write(lambda connection: connection.execute(sql, track_id))
    left = (await served.client.get(made.headers["location"])).json()
    changed = await served.client.patch(made.headers["location"], json={"text": "y"}, headers={"If-Match": "*"})

    assert (left["trackId"], left["trackTitle"], left["position"]) == (None, "lost", 1)
    assert (changed.json()["text"], changed.json()["trackTitle"]) == ("y", "lost")
