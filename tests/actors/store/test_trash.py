"""The trash, on a real catalogue."""

from datetime import UTC, datetime

import attrs
import pytest

from actors.errors import StaleError, TrackGoneError
from actors.model.change import AddLocation, AddTrack, Content, LoseLocations, Reading, SetContent, SetFeatures
from actors.model.features import Features, Loudness
from actors.model.mine import Mine
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.model.trashed import TrashedFile
from actors.store.listing import TrackFilter

SOUND = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)
SILENCE = Loudness(**dict.fromkeys(field.name for field in attrs.fields(Loudness)))
FEATURES = Features(version=2, duration_s=1.0, loudness=SILENCE, tempo=None, key=None, peaks=b"\0\0")


def content(sound="h", title="A"):
    return Content(stage=Stage.PENDING, probe=Probe(audio_hash=sound, sound=SOUND, tags=Tags(title=title)))


@attrs.define
class Desk:
    """One track, and the folder of its root."""

    store: object
    reading: Reading

    @property
    def trash(self):
        return self.store.trash

    async def apply(self, *changes):
        await self.store.changes.apply(changes)

    async def told(self, since):
        return [event.type for event in await self.store.events.after(since, 100)]

    async def newest(self):
        return (await self.store.events.bounds())[1]

    def file(self):
        return TrashedFile(
            track_id="t",
            root_id=self.reading.root_id,
            path=self.reading.path,
            trashed_path=b"/trash/a.mp3",
            size_bytes=1,
        )


@pytest.fixture
async def desk(fresh_store, tmp_path):
    root = await fresh_store.roots.add(bytes(tmp_path))
    reading = Reading(root_id=root.id, path=bytes(tmp_path) + b"/a.mp3", size_bytes=1, mtime_ns=1, device=1, inode=1)
    desk = Desk(fresh_store, reading)
    await desk.apply(AddTrack(track_id="t", reading=reading, content=content()))
    return desk


async def test_what_is_removed_is_gone_from_everything_but_the_trash(desk):
    before = await desk.newest()
    await desk.trash.remove("t", version=2, person_id="local")

    assert await desk.store.tracks.find("t") is None
    assert (await desk.store.tracks.list_(page=1)).total == 0
    assert await desk.store.tracks.count(TrackFilter(text="a")) == 0
    assert await desk.store.features.claim() is None
    (event,) = await desk.store.events.after(before, 10)
    assert event.type == "TRACK_REMOVED"
    assert event.payload == {"trackId": "t", "path": desk.reading.path.decode()}
    (trashed,) = (await desk.trash.list_(page=1, page_size=10)).items
    assert (trashed.track.id, trashed.removed_by, trashed.files) == ("t", "local", ())
    assert await desk.trash.find("t") == trashed


async def test_all_that_people_kept_comes_back(desk):
    await desk.store.edits.change("t", {"title": "Mine"}, version=None, is_whole=False)
    await desk.store.ratings.put("local", "t", 5)
    await desk.store.plays.add("local", "t", at=datetime(2026, 1, 1, tzinfo=UTC), listened_s=None)
    await desk.trash.remove("t", version=None, person_id="local")
    trashed = await desk.trash.find("t")
    assert (trashed.ratings, trashed.plays) == (1, 1)
    before = await desk.newest()
    track = await desk.trash.restore("t", [], person_id="local")

    assert track.mine == Mine(rating=5, plays=1, last_played_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert (track.title, track.presence) == ("Mine", "present")
    assert [location.path for location in track.locations] == [desk.reading.path]
    assert await desk.told(before) == ["TRACK_ADDED"]
    assert await desk.trash.find("t") is None


async def test_what_happens_to_it_in_the_trash_is_told_to_nobody_and_does_not_bring_it_back(desk):
    await desk.trash.remove("t", version=None, person_id="local")
    before = await desk.newest()
    copy = attrs.evolve(desk.reading, path=desk.reading.path + b"2")
    await desk.apply(SetContent(track_id="t", reading=desk.reading, content=content(title="Retagged")))
    await desk.apply(AddLocation(track_id="t", reading=copy, content=content()))
    await desk.apply(SetFeatures(track_id="t", audio_hash="h", features=FEATURES))
    await desk.apply(LoseLocations(paths=(desk.reading.path,)))

    assert await desk.told(before) == []
    assert await desk.store.tracks.find("t") is None
    track = await desk.trash.restore("t", [])
    assert len(track.locations) == 2
    assert track.stage is Stage.ANALYZED


async def test_files_that_are_taken_along_lie_nowhere_until_they_are_back(desk):
    await desk.trash.intend("t", [desk.file()], version=2)
    assert await desk.trash.unfinished() == [desk.file()]
    await desk.trash.remove("t", version=None, person_id="local")
    assert await desk.trash.unfinished() == []
    trashed = await desk.trash.find("t")
    assert (trashed.files, trashed.track.locations) == ((desk.file(),), ())
    elsewhere = attrs.evolve(desk.reading, path=desk.reading.path + b"2")
    track = await desk.trash.restore("t", [elsewhere])

    assert [location.path for location in track.locations] == [elsewhere.path]
    assert (track.presence, track.missing_since) == ("present", None)
    assert not await desk.store.roots.remove(desk.reading.root_id)


async def test_an_intention_is_forgotten_only_where_nothing_was_removed(desk):
    await desk.trash.intend("t", [desk.file()], version=2)
    await desk.trash.forget([desk.file()])
    assert await desk.trash.unfinished() == []
    await desk.trash.intend("t", [desk.file()], version=2)
    await desk.trash.remove("t", version=None, person_id="local")
    await desk.trash.forget([desk.file()])
    assert (await desk.trash.find("t")).files == (desk.file(),)


async def test_a_root_with_files_in_the_trash_stays(desk):
    await desk.trash.intend("t", [desk.file()], version=2)
    await desk.trash.remove("t", version=None, person_id="local")

    assert not await desk.store.roots.remove(desk.reading.root_id)


async def test_what_is_purged_is_gone_and_its_file_is_no_recording_any_more(desk):
    await desk.store.ratings.put("local", "t", 5)
    with pytest.raises(TrackGoneError):
        await desk.trash.purge("t", version=None)
    await desk.trash.remove("t", version=None, person_id="local")
    version = (await desk.trash.find("t")).track.version
    with pytest.raises(StaleError):
        await desk.trash.purge("t", version=version + 1)
    await desk.trash.purge("t", version=version)

    assert await desk.trash.find("t") is None
    assert (await desk.store.tracks.known([desk.reading.path], ["h"])).at == {desk.reading.path: None}
    assert (await desk.store.tracks.known([], ["h"])).by_hash == {}
    with pytest.raises(TrackGoneError):
        await desk.trash.restore("t", [])


async def test_what_lies_there_too_long_is_found_oldest_first(desk):
    await desk.apply(AddTrack(track_id="u", reading=attrs.evolve(desk.reading, path=b"/u"), content=content("u")))
    for track_id in ("t", "u"):
        await desk.trash.remove(track_id, version=None, person_id="local")

    assert [one for one, _ in await desk.trash.expired(kept_s=0, most=10)] == ["t", "u"]
    assert [one for one, _ in await desk.trash.expired(kept_s=0, most=1)] == ["t"]
    assert await desk.trash.expired(kept_s=60, most=10) == []


async def test_removing_needs_a_track_that_is_there(desk):
    with pytest.raises(StaleError):
        await desk.trash.remove("t", version=9, person_id="local")
    with pytest.raises(TrackGoneError):
        await desk.trash.remove("unknown", version=None, person_id="local")
    await desk.trash.remove("t", version=2, person_id="local")
    with pytest.raises(TrackGoneError):
        await desk.trash.remove("t", version=None, person_id="local")
    with pytest.raises(TrackGoneError):
        await desk.trash.intend("t", [], version=None)
