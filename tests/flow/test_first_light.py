"""A folder becomes a live catalogue, follows what happens to the folder, and ends cleanly."""

import os
import shutil
import signal

import psutil
import trio

from actors.media.synthesis import Piece
from actors.media.writing import write_recording


def copy_all(recordings, music):
    for path in recordings:
        folder = music / path.parent.name
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder / path.name)
    return len(recordings)


async def test_files_are_catalogued_analyzed_and_followed(serve, recordings, music, data_dir):
    count = copy_all(recordings, music)
    async with serve(music, data_dir) as rookery:
        tracks = await rookery.until_analyzed(count)
        codecs = {track["sound"]["codec"] for track in tracks.values()}
        assert len(codecs) >= 6
        assert all(track["tags"]["artists"] for track in tracks.values())
        assert all(track["features"]["loudness"]["integratedLufs"] is not None for track in tracks.values())

        name, track = next(iter(tracks.items()))
        path = next(music.rglob(name))
        async with rookery.following() as feed:
            path.rename(music / f"renamed{path.suffix}")
            moved = await feed.next_of("TRACK_MOVED")
            assert moved["payload"]["trackId"] == track["id"]
            assert moved["payload"]["to"] == os.fspath(music / f"renamed{path.suffix}")

            (music / f"renamed{path.suffix}").unlink()
            missing = await feed.next_of("TRACK_MISSING")
            assert missing["payload"]["trackId"] == track["id"]
            assert (await rookery.json(f"/api/v1/tracks/{track['id']}"))["presence"] == "missing"

            added = music / f"added{path.suffix}"
            write_recording(added, Piece(bpm=100, tonic=2, is_minor=False), length_s=4.0, tags={"title": "Late"})
            assert (await feed.next_of("TRACK_ADDED"))["payload"]["track"]["title"] == "Late"
            analyzed = (await feed.next_of("TRACK_ANALYZED"))["payload"]["track"]
            assert analyzed["title"] == "Late"
            assert analyzed["features"]["tempo"]["bpm"] > 0


async def test_a_signal_ends_it_with_code_zero_and_nothing_left_behind(serve, recordings, music, data_dir):
    copy_all(recordings, music)
    async with serve(music, data_dir) as rookery:
        await rookery.until(lambda tracks: len(tracks) > 3)
        children = psutil.Process(rookery.process.pid).children(recursive=True)
        assert children

        assert await rookery.stop() == 0
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []


async def test_ctrl_c_ends_it_with_code_zero(serve, music, data_dir):
    async with serve(music, data_dir) as rookery:
        rookery.process.send_signal(signal.SIGINT)
        with trio.fail_after(13):
            assert await rookery.process.wait() == 0


async def test_killed_in_the_middle_it_ends_in_the_same_catalogue(serve, recordings, music, data_dir):
    count = copy_all(recordings, music)
    for enough in (1, 5, 10):
        async with serve(music, data_dir) as rookery:
            await rookery.until(lambda tracks, enough=enough: len(tracks) >= enough)
            rookery.process.kill()
            await rookery.process.wait()
    async with serve(music, data_dir) as rookery:
        disturbed = await rookery.until_analyzed(count)
    async with serve(music, data_dir.with_name("other")) as rookery:
        undisturbed = await rookery.until_analyzed(count)

    def essence(tracks):
        return {
            name: (track["audioHash"], track["tags"], track["features"], track["presence"], len(track["locations"]))
            for name, track in tracks.items()
        }

    assert essence(disturbed) == essence(undisturbed)
    assert len({track["id"] for track in disturbed.values()}) == count
