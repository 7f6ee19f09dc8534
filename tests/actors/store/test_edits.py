"""Edits over the file's tags, on a real catalogue."""

import attrs
import pytest
import trio

from actors.errors import StaleError, TrackGoneError
from actors.model.change import AddTrack, Content, MoveLocation, Reading, SetContent
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store.filters import TrackFilter

SOUND = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)


@attrs.define
class Desk:
    """One track of a catalogue."""

    store: object
    reading: Reading

    def content(self, tags, sound="h"):
        return Content(stage=Stage.PENDING, probe=Probe(audio_hash=sound, sound=SOUND, tags=tags))

    async def edit(self, change, *, version=None, is_whole=False):
        return await self.store.edits.change("t", change, version=version, is_whole=is_whole)

    async def retag(self, tags, sound="h"):
        change = SetContent(track_id="t", reading=self.reading, content=self.content(tags, sound))
        await self.store.changes.apply([change])
        return await self.store.tracks.find("t")


@pytest.fixture
async def desk(fresh_store, tmp_path):
    root = await fresh_store.roots.add(bytes(tmp_path))
    path = bytes(tmp_path) + b"/a.mp3"
    desk = Desk(fresh_store, Reading(root_id=root.id, path=path, size_bytes=1, mtime_ns=1, device=1, inode=1))
    tags = Tags(title="File", artists=("Of File",), year=1990)
    await fresh_store.changes.apply([AddTrack(track_id="t", reading=desk.reading, content=desk.content(tags))])
    return desk


async def found(store, text):
    page = await store.tracks.list_(wanted=TrackFilter(text=text))
    return [track.id for track in page.items]


async def test_an_edit_counts_in_lists_search_and_sorts_and_is_told(desk):
    before = (await desk.store.events.bounds())[1]
    track = await desk.edit({"title": "Blue Heron", "artists": ["Ada"]})

    assert (track.title, track.tags.artists, track.edited) == ("Blue Heron", ("Ada",), ("title", "artists"))
    assert await found(desk.store, "heron ada") == ["t"]
    assert await found(desk.store, "of file") == []
    (event,) = await desk.store.events.after(before, 10)
    assert (event.type, event.payload["track"]["title"]) == ("TRACK_UPDATED", "Blue Heron")
    assert sorted(event.payload["track"]["edited"]) == ["artists", "title"]


async def test_edits_survive_new_tags_new_bytes_and_a_move(desk):
    await desk.edit({"title": "Mine", "year": 2001})
    retagged = await desk.retag(Tags(title="Retagged", artists=("New",), year=1991))
    assert (retagged.title, retagged.tags.artists, retagged.tags.year) == ("Mine", ("New",), 2001)
    replaced = await desk.retag(Tags(title="Other", artists=("Newer",)), sound="other")
    assert (replaced.title, replaced.tags.artists) == ("Mine", ("Newer",))
    moved = attrs.evolve(desk.reading, path=desk.reading.path + b"2")
    await desk.store.changes.apply(
        [MoveLocation(track_id="t", before=desk.reading.path, reading=moved, content=desk.content(Tags(title="M")))]
    )
    assert (await desk.store.tracks.find("t")).title == "Mine"


async def test_an_edit_taken_back_shows_what_the_file_says_by_then(desk):
    await desk.edit({"title": "Mine", "artists": []})
    await desk.retag(Tags(title="Retagged", artists=("New",)))
    assert (await desk.store.edits.find("t")).file_tags.title == "Retagged"
    track = await desk.edit({"title": None, "artists": None})

    assert (track.title, track.tags.artists, track.edited) == ("Retagged", ("New",), ())


async def test_an_edit_that_changes_nothing_tells_nothing(desk):
    once = await desk.edit({"title": "Mine"})
    newest = (await desk.store.events.bounds())[1]
    again = await desk.edit({"title": "Mine"})

    assert again == once
    assert (await desk.store.events.bounds())[1] == newest


async def test_a_stale_version_changes_nothing(desk):
    track = await desk.edit({"title": "Mine"})
    with pytest.raises(StaleError):
        await desk.edit({"title": "Other"}, version=track.version - 1)
    with pytest.raises(TrackGoneError):
        await desk.store.edits.change("unknown", {}, version=None, is_whole=False)

    assert await desk.store.tracks.find("t") == track
    assert await desk.store.edits.find("unknown") is None
    assert await desk.store.edits.find("no\0id") is None


async def test_edits_and_new_tags_at_the_same_time_are_both_kept(desk):
    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(lambda number=number: desk.edit({"track_number": number + 1, "title": "Mine"}))
            nursery.start_soon(lambda number=number: desk.retag(Tags(title="F", disc_number=number + 1)))
    both = await desk.store.edits.find("t")

    assert (both.tags.title, both.file_tags.title) == ("Mine", "F")
    assert both.tags.track_number is not None
    assert both.tags.disc_number == both.file_tags.disc_number
