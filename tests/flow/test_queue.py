"""A queue whose files go away and come back: its devices are told which items can be played, on the page too."""

import os
import shutil
import wave
from pathlib import Path

import pytest
import trio

from tests.conftest import CHROMIUM
from tests.flow.browser import browsing

LIMIT_S = 120
FILES = 40
PICTURES = os.environ.get("ROOKERY_TEST_PICTURES")
"""A folder for pictures of what is seen, for people."""


def tone(path: Path, number: int) -> None:
    """A recording like no other."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(number.to_bytes(2, "big") * 2_000)


async def queue(rookery, tracks, *names) -> None:
    """Put files into the queue."""
    for name in names:
        body = {"trackId": tracks[name]["id"]}
        (await rookery.client.post("/api/v1/queue/add", json=body)).raise_for_status()


async def checked(device, count) -> list[dict]:
    """What VALIDATION_UPDATE names, once it has named so many items; few messages do."""
    items: list[dict] = []
    for _ in range(5):
        items += (await device.next_of("VALIDATION_UPDATE"))["payload"]["items"]
        if len(items) >= count:
            break
    assert len(items) == count
    return items


async def test_files_that_go_and_come_back_are_told_to_the_devices_of_a_queue(serve, music, data_dir, tmp_path):
    album, aside = music / "album", tmp_path / "aside"
    album.mkdir()
    for number in range(FILES):
        tone(album / f"{number}.wav", number)
    tone(music / "one.wav", 1_000)
    with trio.fail_after(LIMIT_S):
        async with serve(music, data_dir) as rookery:
            tracks = await rookery.until(lambda tracks: len(tracks) == FILES + 1)
            await queue(rookery, tracks, "one.wav", *(f"{number}.wav" for number in range(FILES)), "one.wav")
            queued = await rookery.json("/api/v1/queue")
            twice = [queued["items"][0]["id"], queued["items"][-1]["id"]]
            async with rookery.following(topics=("player", "progress")) as device:
                (music / "one.wav").rename(aside)
                gone = await checked(device, 2)
                assert [(item["itemId"], item["reason"]) for item in gone] == [(one, "missing") for one in twice]
                aside.rename(music / "one.wav")
                assert [item["isPlayable"] for item in await checked(device, 2)] == [True, True]

                track = tracks["one.wav"]["id"]
                answer = await rookery.client.delete(f"/api/v1/tracks/{track}", headers={"If-Match": "*"})
                assert answer.is_success, answer.text
                assert [item["reason"] for item in await checked(device, 2)] == ["removed", "removed"]
                answer = await rookery.client.post(f"/api/v1/trash/{track}/restore")
                assert answer.is_success, answer.text
                assert [item["isPlayable"] for item in await checked(device, 2)] == [True, True]

                album.rename(aside)
                while (root := (await device.next_of("SCAN_UPDATE"))["payload"])["state"] != "held":
                    pass
                (await rookery.client.post(f"/api/v1/library/roots/{root['root']}/confirm")).raise_for_status()
                assert {item["reason"] for item in await checked(device, FILES)} == {"missing"}
                assert (await rookery.json("/api/v1/queue"))["version"] == queued["version"]
                aside.rename(album)
                await checked(device, FILES)
                assert await rookery.json("/api/v1/queue") == queued


@pytest.mark.browser
async def test_the_page_dims_what_cannot_be_played_and_says_why_until_it_can(
    serve, music, data_dir, recordings, tmp_path
):
    assert CHROMIUM is not None
    for path in recordings[:4]:
        shutil.copy(path, music / path.name)
    names = [path.name for path in recordings[:4]]
    with trio.fail_after(LIMIT_S):
        async with serve(music, data_dir) as rookery:
            tracks = await rookery.until_analyzed(4)
            await queue(rookery, tracks, *names, names[0])
            async with browsing(CHROMIUM, tmp_path / "profile") as tab:
                await tab.tell("Page.navigate", url=f"{rookery.url}/")
                await tab.until("document.querySelectorAll('#queue li').length === 5")
                await tab.until("document.querySelector('#link').dataset.state === 'live'")
                (music / names[0]).rename(tmp_path / "aside")
                await tab.until("document.querySelectorAll('#queue li.is-away').length === 2")
                (
                    await rookery.client.delete(f"/api/v1/tracks/{tracks[names[2]]['id']}", headers={"If-Match": "*"})
                ).raise_for_status()
                await tab.until("document.querySelectorAll('#queue li.is-away').length === 3")
                whys = await tab.value("[...document.querySelectorAll('#queue .why')].map((one) => one.textContent)")
                assert whys == ["file missing", "", "removed", "", "file missing"]
                assert await tab.value("document.querySelectorAll('#queue .is-away .title:disabled').length") == 3
                if PICTURES:
                    await tab.picture(Path(PICTURES) / "queue.png")
                (tmp_path / "aside").rename(music / names[0])
                await tab.until("document.querySelectorAll('#queue li.is-away').length === 1")
