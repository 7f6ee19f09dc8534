"""Many people and the cataloger change the same tracks at once: no change is lost."""

import os

import attrs
import httpx
import pytest
import trio

from actors.model.change import Content, Reading, SetContent
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags

CLIENTS = 200
TRACKS = 20
MOST_TRIES = 100
SOUND = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)


@attrs.define(eq=False)
class Tally:
    """What the clients were told."""

    done: dict[str, int] = attrs.field(factory=dict)
    stale: int = 0


async def count_up(client: httpx.AsyncClient, track_id: str, tally: Tally) -> None:
    """One person's change: one more than what they saw, tried again until it was what is there."""
    place = f"/api/v1/tracks/{track_id}"
    for _ in range(MOST_TRIES):
        seen = await client.get(place)
        number = (seen.json()["tags"]["trackNumber"] or 0) + 1
        answer = await client.patch(place, json={"trackNumber": number}, headers={"If-Match": seen.headers["etag"]})
        if answer.status_code == 200:
            tally.done[track_id] = tally.done.get(track_id, 0) + 1
            return
        assert answer.status_code == 412, answer.text
        tally.stale += 1
    raise AssertionError("never in time")


@pytest.fixture
async def patient(store, served_over):
    """The app over the module's catalogue, where on a slow machine too nobody is sent away for want of room."""
    async with served_over(store, request_wait_s=60) as served:
        yield served


async def test_two_hundred_people_and_the_cataloger_lose_no_change(patient, shelf) -> None:
    served = patient
    ids = [await shelf.put(f"{number}.mp3") for number in range(TRACKS)]
    tally, retags = Tally(), 0

    async def retag() -> None:
        nonlocal retags
        while True:
            number = retags % TRACKS
            track = await served.store.tracks.find(ids[number])
            path = os.fsencode(shelf.folder / f"{number}.mp3")
            reading = Reading(root_id=shelf.root.id, path=path, size_bytes=5, mtime_ns=retags, device=1, inode=1)
            probe = Probe(audio_hash=track.audio_hash, sound=SOUND, tags=Tags(disc_number=retags + 1))
            content = Content(stage=Stage.PENDING, probe=probe)
            await served.store.changes.apply([SetContent(track_id=ids[number], reading=reading, content=content)])
            retags += 1
            await trio.sleep(0.02)

    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=60, limits=limits) as client,
        trio.open_nursery() as whole,
    ):
        whole.start_soon(retag)
        with trio.fail_after(120):
            async with trio.open_nursery() as people:
                for number in range(CLIENTS):
                    people.start_soon(count_up, client, ids[number % TRACKS], tally)
        whole.cancel_scope.cancel()
    tracks = {track.id: track for track in await served.store.tracks.find_many(ids)}

    assert sum(tally.done.values()) == CLIENTS
    assert {track_id: track.tags.track_number for track_id, track in tracks.items()} == tally.done
    assert tally.stale > 0
    assert retags > TRACKS
    for number, track_id in enumerate(ids):
        assert tracks[track_id].tags.disc_number % TRACKS == (number + 1) % TRACKS


async def test_of_all_who_saw_the_same_exactly_one_changes_it(served, shelf) -> None:
    place = f"/api/v1/tracks/{await shelf.put('a.mp3')}"
    seen = await served.client.get(place)
    statuses = []

    async def change(number: int) -> None:
        body, headers = {"title": f"T{number}"}, {"If-Match": seen.headers["etag"]}
        how = ("PATCH", "PUT", "DELETE")[number % 3]
        if how == "DELETE":
            answer = await served.client.delete(place, headers=headers)
        else:
            answer = await served.client.request(how, place, json=body, headers=headers)
        statuses.append(answer.status_code)

    async with trio.open_nursery() as nursery:
        for number in range(50):
            nursery.start_soon(change, number)

    assert len([status for status in statuses if status in {200, 204}]) == 1
    assert set(statuses) <= {200, 204, 404, 412}
