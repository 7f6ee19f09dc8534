"""People's edits over HTTP."""

import pytest

from actors.model.track import Tags


@pytest.fixture
async def place(shelf) -> str:
    track_id = await shelf.put("a.mp3", tags=Tags(title="File", artists=("Of File",), comment="c", year=1990))
    return f"/api/v1/tracks/{track_id}"


async def test_a_change_is_merged_and_a_replacement_is_whole(served, place) -> None:
    seen = await served.client.get(place)
    changed = await served.client.patch(
        place, json={"title": "Blue", "comment": ""}, headers={"If-Match": seen.headers["etag"]}
    )
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["tags"]["comment"]) == ("Blue", None)
    assert changed.headers["etag"] == (await served.client.get(place)).headers["etag"]
    replaced = await served.client.put(
        place, json={"artists": ["Ada", "Ben"], "date": "1999-03"}, headers={"If-Match": changed.headers["etag"]}
    )
    assert replaced.json()["title"] == "File"
    assert replaced.json()["artist"] == "Ada, Ben"
    assert replaced.json()["tags"]["year"] == 1999
    assert sorted(replaced.json()["edited"]) == ["artists", "date", "year"]
    cleared = await served.client.put(place, json={}, headers={"If-Match": replaced.headers["etag"]})
    assert cleared.json()["tags"] == seen.json()["tags"]


async def test_both_halves_can_be_seen(served, place) -> None:
    await served.client.patch(
        place,
        content=b'{"title": "Blue", "albumArtists": ["Ada"]}',
        headers={"If-Match": "*", "Content-Type": "application/merge-patch+json"},
    )
    answer = await served.client.get(f"{place}/metadata")
    both = answer.json()

    assert (both["tags"]["title"], both["file"]["title"]) == ("Blue", "File")
    assert sorted(both["edited"]) == ["albumArtists", "title"]
    assert answer.headers["etag"] == (await served.client.get(place)).headers["etag"]
    assert (
        await served.client.get(f"{place}/metadata", headers={"If-None-Match": answer.headers["etag"]})
    ).status_code == 304


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_changes_say_which_version_they_mean(served, place, refused, method) -> None:
    seen = await served.client.get(place)
    refused(await served.client.request(method, place, json={"title": "B"}), 428, "PRECONDITION_REQUIRED")
    for stale in ('"x"', f"W/{seen.headers['etag']}", seen.headers["etag"].replace("~", "~0")[:-1] + 'x"'):
        answer = await served.client.request(method, place, json={"title": "B"}, headers={"If-Match": stale})
        refused(answer, 412, "PRECONDITION_FAILED")
    assert (await served.client.get(place)).headers["etag"] == seen.headers["etag"]
    first = await served.client.request(method, place, json={"title": "B"}, headers={"If-Match": seen.headers["etag"]})
    assert first.status_code == 200
    second = await served.client.request(method, place, json={"title": "C"}, headers={"If-Match": seen.headers["etag"]})
    refused(second, 412, "PRECONDITION_FAILED")


async def test_ones_own_rating_does_not_make_ones_picture_stale(served, place) -> None:
    seen = await served.client.get(place)
    await served.client.put(f"{place}/rating", json={"rating": 3})
    changed = await served.client.patch(place, json={"title": "B"}, headers={"If-Match": seen.headers["etag"]})

    assert changed.status_code == 200
    assert changed.json()["mine"]["rating"] == 3


@pytest.mark.parametrize(
    "body, field",
    [
        ({"title": 1}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "x" * 10_001}, "title"),
        ({"artists": "Ada"}, "artists"),
        ({"artists": [1]}, "artists[0]"),
        ({"artists": ["x" * 1_001]}, "artists[0]"),
        ({"artists": ["x"] * 33}, "artists"),
        ({"date": "March"}, "date"),
        ({"date": "1999-3"}, "date"),
        ({"date": "1999-13"}, "date"),
        ({"date": "1999-12-32"}, "date"),
        ({"date": "1999\n"}, "date"),
        ({"isrc": "\n"}, "isrc"),
        ({"year": 0}, "year"),
        ({"year": 10**30}, "year"),
        ({"trackNumber": 0}, "trackNumber"),
        ({"trackNumber": 1.5}, "trackNumber"),
        ({"isrc": "nope"}, "isrc"),
        ({"musicbrainzRecordingId": "nope"}, "musicbrainzRecordingId"),
        ({"hasPicture": True}, "hasPicture"),
        ({"track_number": 1}, "track_number"),
        ({"id": "x"}, "id"),
    ],
    ids=str,
)
async def test_what_cannot_be_used_is_named_and_nothing_changes(served, place, refused, body, field) -> None:
    seen = await served.client.get(place)
    for method in ("PUT", "PATCH"):
        answer = await served.client.request(
            method, place, json={**body, "album": "B"}, headers={"If-Match": seen.headers["etag"]}
        )
        told = refused(answer, 422, "VALIDATION_ERROR")
        assert [error["field"] for error in told["errors"]] == [field]
    assert (await served.client.get(place)).headers["etag"] == seen.headers["etag"]


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"{", "application/json", 400),
        (b'{"title": "\xff"}', "application/json", 400),
        (b'{"title": "\\ud800"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b"{}" + b" " * 2_000_000, "application/json", 413),
    ],
    ids=["broken", "no utf-8", "lone surrogate", "a list", "a form", "too large"],
)
async def test_other_bodies_are_refused(served, place, body, kind, status) -> None:
    answer = await served.client.patch(place, content=body, headers={"If-Match": "*", "Content-Type": kind})

    assert answer.status_code == status
    assert (await served.client.get(place)).json()["title"] == "File"


async def test_no_track_no_edit(served, refused) -> None:
    for method in ("PUT", "PATCH"):
        answer = await served.client.request(method, "/api/v1/tracks/unknown", json={}, headers={"If-Match": "*"})
        refused(answer, 404, "TRACK_NOT_FOUND")
    refused(await served.client.get("/api/v1/tracks/unknown/metadata"), 404, "TRACK_NOT_FOUND")
