"""Ratings and plays over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest


async def test_a_rating_is_shown_to_who_gave_it_and_changes_what_they_see(served, shelf) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}"
    before = await served.client.get(place)
    rated = await served.client.put(f"{place}/rating", json={"rating": 4})
    after = await served.client.get(place, headers={"If-None-Match": before.headers["etag"]})

    assert rated.json() == {"rating": 4, "plays": 0, "lastPlayedAt": None}
    assert before.json()["mine"] == {"rating": None, "plays": 0, "lastPlayedAt": None}
    assert after.status_code == 200
    assert after.json()["mine"]["rating"] == 4
    assert after.json()["version"] == before.json()["version"]
    assert "private" in after.headers["cache-control"]
    assert (await served.client.delete(f"{place}/rating")).json()["rating"] is None


async def test_plays_are_counted(served, shelf) -> None:
    track_id = await shelf.put("a.mp3")
    first = await served.client.post(f"/api/v1/tracks/{track_id}/plays", json={"at": "2026-03-01T10:00:00Z"})
    second = await served.client.post(f"/api/v1/tracks/{track_id}/plays", json={"listened": 12.5})

    assert first.status_code == second.status_code == 201
    assert first.json() == {"rating": None, "plays": 1, "lastPlayedAt": "2026-03-01T10:00:00Z"}
    assert second.json()["plays"] == 2
    listed = (await served.client.get("/api/v1/tracks?pageSize=500")).json()["data"]
    assert next(track for track in listed if track["id"] == track_id)["mine"]["plays"] == 2


async def test_events_tell_nobody_what_others_keep(served, shelf) -> None:
    await shelf.put("a.mp3")
    events = await served.store.events.after(0, 1000)

    assert any(event.type == "TRACK_ADDED" for event in events)
    assert not any("mine" in event.payload.get("track", {}) for event in events)


@pytest.mark.parametrize("stars", [0, 6, -1, 2.5, "4", None, True, 10**30], ids=str)
async def test_other_stars_are_refused(served, shelf, refused, stars) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}"
    told = refused(await served.client.put(f"{place}/rating", json={"rating": stars}), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == ["rating"]
    assert (await served.client.get(place)).json()["mine"]["rating"] is None


@pytest.mark.parametrize(
    "body, field",
    [
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-03-01T10:00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        pytest.param({"at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}, "at", id="in two days"),
        ({"listened": -1}, "listened"),
        ({"listened": 10**9}, "listened"),
        ({"seconds": 1}, "seconds"),
    ],
    ids=str,
)
async def test_plays_that_cannot_be_are_refused(served, shelf, refused, body, field) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}"
    told = refused(await served.client.post(f"{place}/plays", json=body), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]
    assert (await served.client.get(place)).json()["mine"]["plays"] == 0


@pytest.mark.parametrize("track_id", ["unknown", "a%00b", "%FF"])
async def test_no_track_no_rating(served, refused, track_id) -> None:
    place = f"/api/v1/tracks/{track_id}"
    refused(await served.client.put(f"{place}/rating", json={"rating": 4}), 404, "TRACK_NOT_FOUND")
    refused(await served.client.delete(f"{place}/rating"), 404, "TRACK_NOT_FOUND")
    refused(await served.client.post(f"{place}/plays", json={}), 404, "TRACK_NOT_FOUND")


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"content": b""},
        {"content": b"", "headers": {"Content-Type": "application/json"}},
        {"content": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {}},
    ],
    ids=["none", "empty", "empty json", "empty form", "object"],
)
async def test_a_play_of_now_needs_no_body(served, shelf, sent) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}/plays"
    answer = await served.client.post(place, **sent)

    assert (answer.status_code, answer.json()["plays"]) == (201, 1)


async def test_a_body_of_another_kind_is_refused_also_where_none_is_needed(served, shelf, refused) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}/plays"
    for kind in ("text/plain", "multipart/form-data; boundary=x", ""):
        answer = await served.client.post(place, content=b"{}", headers={"Content-Type": kind})
        refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    refused(await served.client.put(place.replace("plays", "rating"), content=b""), 415, "UNSUPPORTED_MEDIA_TYPE")
