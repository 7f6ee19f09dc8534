"""The trash over HTTP."""

import pytest

from actors.model.track import Tags


@pytest.fixture
async def track_id(shelf) -> str:
    return await shelf.put("a.mp3", tags=Tags(title="Trashed"))


async def removed(served, track_id, query=""):
    return await served.client.delete(f"/api/v1/tracks/{track_id}{query}", headers={"If-Match": "*"})


async def test_what_is_removed_can_be_seen_in_the_trash_and_brought_back(served, shelf, track_id, refused) -> None:
    place = f"/api/v1/tracks/{track_id}"
    await served.client.put(f"{place}/rating", json={"rating": 5})
    before = (await served.client.get(place)).json()
    answer = await removed(served, track_id)
    assert answer.status_code == 204
    assert answer.content == b""
    for path in ("", "/audio", "/metadata", "/waveform.json"):
        refused(await served.client.get(f"{place}{path}"), 404, "TRACK_NOT_FOUND")
    assert (await served.client.get("/api/v1/tracks?q=trashed")).json()["data"] == []
    seen = (await served.client.get(answer.headers["location"])).json()
    assert (seen["track"]["title"], seen["ratings"], seen["files"]) == ("Trashed", 1, [])
    listed = (await served.client.get("/api/v1/trash?pageSize=500")).json()
    assert seen in listed["data"]
    back = await served.client.post(f"/api/v1/trash/{track_id}/restore")

    assert back.status_code == 200
    assert back.json()["mine"] == before["mine"]
    assert back.json()["locations"] == before["locations"]
    assert back.headers["etag"] == (await served.client.get(place)).headers["etag"]
    refused(await served.client.post(f"/api/v1/trash/{track_id}/restore"), 404, "TRACK_NOT_FOUND")


async def test_its_file_can_go_with_it(served, shelf, track_id) -> None:
    await removed(served, track_id, "?file=true")
    assert not (shelf.folder / "a.mp3").exists()
    seen = (await served.client.get(f"/api/v1/trash/{track_id}")).json()
    assert seen["files"] == [{"rootId": shelf.root.id, "path": str(shelf.folder / "a.mp3"), "sizeBytes": 5}]
    await served.client.post(f"/api/v1/trash/{track_id}/restore")

    assert (shelf.folder / "a.mp3").read_bytes() == b"sound"
    assert (await served.client.get(f"/api/v1/tracks/{track_id}/audio")).content == b"sound"


async def test_what_no_tag_names_keeps_the_name_of_its_file_in_the_trash(served, shelf) -> None:
    track_id = await shelf.put("A walk in the reeds.wav")
    before = (await served.client.get(f"/api/v1/tracks/{track_id}")).json()["title"]
    await removed(served, track_id, "?file=true")
    seen = (await served.client.get(f"/api/v1/trash/{track_id}")).json()

    assert (before, seen["track"]["title"]) == ("A walk in the reeds", "A walk in the reeds")


async def test_it_goes_for_good_only_as_it_was_seen(served, shelf, track_id, refused) -> None:
    await removed(served, track_id, "?file=true")
    place = f"/api/v1/trash/{track_id}"
    seen = await served.client.get(place)
    refused(await served.client.delete(place), 428, "PRECONDITION_REQUIRED")
    refused(await served.client.delete(place, headers={"If-Match": '"x"'}), 412, "PRECONDITION_FAILED")
    assert (await served.client.get(place)).headers["etag"] == seen.headers["etag"]
    answer = await served.client.delete(place, headers={"If-Match": seen.headers["etag"]})

    assert answer.status_code == 204
    refused(await served.client.get(place), 404, "TRACK_NOT_FOUND")
    assert list(shelf.folder.rglob("*")) == []


async def test_removing_says_which_version_it_means(served, track_id, refused) -> None:
    place = f"/api/v1/tracks/{track_id}"
    seen = await served.client.get(place)
    refused(await served.client.delete(place), 428, "PRECONDITION_REQUIRED")
    refused(await served.client.delete(place, headers={"If-Match": '"x"'}), 412, "PRECONDITION_FAILED")
    await served.client.patch(place, json={"title": "B"}, headers={"If-Match": "*"})
    stale = await served.client.delete(place, headers={"If-Match": seen.headers["etag"]})
    refused(stale, 412, "PRECONDITION_FAILED")

    assert (await served.client.get(place)).status_code == 200


@pytest.mark.parametrize("query", ["file=maybe", "file=", "files=true", "file=true&file=true", "file=1"])
async def test_other_queries_are_refused(served, track_id, refused, query) -> None:
    told = refused(await removed(served, track_id, f"?{query}"), 422, "VALIDATION_ERROR")

    assert told["errors"][0]["field"] in {"file", "files"}
    assert (await served.client.get(f"/api/v1/tracks/{track_id}")).status_code == 200


async def test_what_does_not_lie_there_is_not_found(served, track_id, refused) -> None:
    for unknown in (track_id, "unknown", "a%00b", "%FF"):
        place = f"/api/v1/trash/{unknown}"
        refused(await served.client.get(place), 404, "TRACK_NOT_FOUND")
        refused(await served.client.post(f"{place}/restore"), 404, "TRACK_NOT_FOUND")
        refused(await served.client.delete(place, headers={"If-Match": "*"}), 404, "TRACK_NOT_FOUND")
    refused(await removed(served, "unknown"), 404, "TRACK_NOT_FOUND")


async def test_pages_of_the_trash_follow_each_other(served, shelf) -> None:
    ids = [await shelf.put(f"{number}.mp3") for number in range(3)]
    for track_id in ids:
        await removed(served, track_id)
    first = (await served.client.get("/api/v1/trash?pageSize=2")).json()
    second = (await served.client.get(first["links"]["next"])).json()

    assert [one["track"]["id"] for one in first["data"] + second["data"]][:3] == ids[::-1]
