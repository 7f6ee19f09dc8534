"""Tracks over HTTP."""

import pytest

from actors.model.track import Tags


async def test_the_list_comes_in_pages(served, shelf) -> None:
    for number in range(5):
        await shelf.put(f"{number}.mp3", tags=Tags(title=f"Pages {number}", artists=("A", "B"), album="Pages"))
    first = (await served.client.get("/api/v1/tracks?q=pages&sort=title&order=asc&pageSize=2")).json()

    assert [track["title"] for track in first["data"]] == ["Pages 0", "Pages 1"]
    assert first["data"][0]["artist"] == "A, B"
    assert first["data"][0]["duration"] == 61.5
    assert first["meta"]["total"] == 5
    assert first["meta"]["totalPages"] == 3
    assert first["meta"]["hasNextPage"]
    assert first["cacheInfo"]["hitCache"] is False
    second = (await served.client.get(first["links"]["next"])).json()
    assert [track["title"] for track in second["data"]] == ["Pages 2", "Pages 3"]
    assert (await served.client.get(second["links"]["previous"])).json()["data"] == first["data"]
    past = (await served.client.get("/api/v1/tracks?q=pages&page=99")).json()
    assert past["data"] == []
    assert not past["meta"]["hasNextPage"]


async def test_cursors_walk_the_whole_list_once(served, shelf) -> None:
    ids = [await shelf.put(f"{number}.mp3", tags=Tags(title="Cursors")) for number in range(7)]
    page = (await served.client.get("/api/v1/tracks?q=cursors&sort=title&pageSize=3")).json()
    seen = [track["id"] for track in page["data"]]
    while page["meta"]["nextCursor"]:
        answer = await served.client.get("/api/v1/tracks", params={"cursor": page["meta"]["nextCursor"], "pageSize": 3})
        page = answer.json()
        assert page["meta"]["total"] is None
        seen += [track["id"] for track in page["data"]]

    assert sorted(seen) == sorted(ids)
    assert len(seen) == 7


async def test_lists_are_chosen_by_stage_and_presence(served, shelf) -> None:
    await shelf.put("a.mp3", tags=Tags(title="Chosen"), peaks=b"\x00\x01")
    await shelf.put("b.mp3", tags=Tags(title="Chosen"))

    async def count(query: str) -> int:
        return (await served.client.get(f"/api/v1/tracks?q=chosen&{query}")).json()["meta"]["total"]

    assert await count("stage=analyzed") == 1
    assert await count("stage=pending&presence=present") == 1
    assert await count("presence=missing") == 0


@pytest.mark.parametrize(
    "query, fields",
    [
        ("page=0", ["page"]),
        ("page=-1", ["page"]),
        ("page=x", ["page"]),
        ("page=10000001", ["page"]),
        ("page=99999999999999999999", ["page"]),
        ("pageSize=0", ["pageSize"]),
        ("pageSize=501", ["pageSize"]),
        ("sort=path", ["sort"]),
        ("order=up", ["order"]),
        ("stage=x", ["stage"]),
        ("presence=", ["presence"]),
        ("q=", ["q"]),
        ("q=" + "x" * 201, ["q"]),
        ("q=%00", ["q"]),
        ("q=%ff", ["q"]),
        ("nope=1", ["nope"]),
        ("page=1&page=2", ["page"]),
        ("page=0&sort=x&nope=%00", ["page", "sort", "nope"]),
    ],
)
async def test_bad_parameters_are_named(served, refused, query: str, fields: list[str]) -> None:
    told = refused(await served.client.get(f"/api/v1/tracks?{query}"), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == fields


async def test_forged_and_misused_cursors_are_refused(served, shelf, refused) -> None:
    for number in range(2):
        await shelf.put(f"{number}.mp3", tags=Tags(title="Forged"))
    page = (await served.client.get("/api/v1/tracks?q=forged&pageSize=1&sort=title")).json()
    cursor = page["meta"]["nextCursor"]
    for query in (
        {"cursor": "x"},
        {"cursor": cursor[:-1]},
        {"cursor": cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")},
        {"cursor": cursor, "sort": "artist"},
        {"cursor": cursor, "order": "asc"},
        {"cursor": cursor, "q": "other"},
        {"cursor": cursor, "stage": "pending"},
    ):
        refused(await served.client.get("/api/v1/tracks", params=query), 400, "INVALID_CURSOR")
    refused(await served.client.get("/api/v1/tracks", params={"cursor": cursor, "page": 1}), 422, "VALIDATION_ERROR")
    assert (await served.client.get("/api/v1/tracks", params={"cursor": cursor})).status_code == 200


async def test_one_track_has_a_tag_and_is_not_sent_twice(served, shelf) -> None:
    track_id = await shelf.put("one.mp3", tags=Tags(title="One", year=1999), peaks=b"\x00\x01")
    response = await served.client.get(f"/api/v1/tracks/{track_id}")
    track = response.json()

    assert (track["id"], track["title"], track["tags"]["year"]) == (track_id, "One", 1999)
    assert track["features"]["key"] == {
        "tonic": 9, "isMinor": True, "name": "A minor", "camelot": "8A", "confidence": 0.8,
    }  # fmt: skip
    assert track["duration"] == 60.25
    assert track["addedAt"].endswith("Z")
    again = await served.client.get(f"/api/v1/tracks/{track_id}", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == response.headers["etag"]


async def test_head_is_get_without_a_body(served, shelf) -> None:
    track_id = await shelf.put("head.mp3")
    for path in (f"/api/v1/tracks/{track_id}", "/api/v1/tracks?pageSize=1"):
        await served.client.get(path)  # whether an answer was kept is part of a list
        get, head = await served.client.get(path), await served.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        if "etag" in get.headers:
            assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize("track_id", ["nope", "%00", "a%00b", "%ff", "x" * 200, "..", "%2e%2e", "'; DROP TABLE track"])
async def test_unknown_ids_are_not_found(served, refused, track_id: str) -> None:
    response = await served.client.get(f"/api/v1/tracks/{track_id}")
    assert refused(response, 404, response.json()["code"])["code"] in {"TRACK_NOT_FOUND", "NOT_FOUND"}


async def test_other_methods_are_told_which_are_right(served, refused) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        response = await served.client.request(method, "/api/v1/tracks")
        refused(response, 405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "GET, HEAD, POST"
