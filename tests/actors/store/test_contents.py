"""What a file holds, written into its track."""

import msgspec
import pytest

from actors.model.change import Content
from actors.model.probe import Probe
from actors.model.track import Failure, Sound, Stage, Tags
from actors.store import contents
from actors.store.store import Store

SOUND = Sound(container="flac", codec="flac", duration_s=12.5, rate_hz=44_100, channels=2)
FAILURE = Failure(kind="corrupt", message="no frame could be decoded")


def probed(audio_hash: str) -> Content:
    return Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=SOUND, tags=Tags(title="Song")))


def test_what_a_file_does_not_say_takes_no_room():
    tags = Tags(title="Song", artists=("Ann",), track_number=0)
    assert contents.said(tags) == {"title": "Song", "artists": ("Ann",), "track_number": 0}
    assert msgspec.convert(contents.said(tags), Tags) == tags


async def write(store: Store, track_id: str, content: Content) -> bool:
    return await store.pool.write(lambda connection: contents.write(connection, track_id, content))


@pytest.mark.parametrize("content", [probed("added"), Content(stage=Stage.GROWING), Content(stage=Stage.EMPTY)])
async def test_a_track_is_added_with_what_its_file_holds(fresh_store: Store, content: Content):
    await fresh_store.pool.write(lambda connection: contents.add(connection, "t", content))
    track = await fresh_store.tracks.find("t")
    assert track is not None
    assert (track.stage, track.failures) == (content.stage, 0)
    assert track.audio_hash == (content.probe.audio_hash if content.probe else None)


async def test_an_unreadable_file_counts_as_one_failure(fresh_store: Store):
    content = Content(stage=Stage.FAILED, failure=FAILURE)
    await fresh_store.pool.write(lambda connection: contents.add(connection, "t", content))
    track = await fresh_store.tracks.find("t")
    assert track is not None
    assert (track.stage, track.failure, track.failures) == (Stage.FAILED, FAILURE, 1)


@pytest.mark.parametrize(
    "content",
    [
        probed("other"),
        Content(stage=Stage.GROWING),
        Content(stage=Stage.EMPTY),
        Content(stage=Stage.FAILED, failure=FAILURE),
    ],
)
async def test_the_same_once_more_is_nothing_new(store: Store, add_track, content: Content):
    track_id = await add_track(store, audio_hash=f"first {content.stage}")
    assert await write(store, track_id, content)
    assert not await write(store, track_id, content)


async def test_only_what_grows_and_has_a_sound_stops_growing(store: Store, add_track):
    growing = await add_track(store, stage="growing")
    blank = await add_track(store, stage="growing", audio_hash=None)
    analyzed = await add_track(store, stage="analyzed")
    ids = [growing, blank, analyzed]
    await store.pool.write(lambda connection: contents.stop_growing(connection, ids))
    tracks = await store.tracks.find_many(ids)
    assert [track.stage for track in tracks] == [Stage.PENDING, Stage.GROWING, Stage.ANALYZED]
