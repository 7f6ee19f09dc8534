"""Changes on a real catalogue: rows and events together."""

from itertools import count

import attrs
import pytest
import trio

from actors.model.change import (
    AddLocation,
    AddTrack,
    Confirm,
    Content,
    DoubtFolder,
    FailAnalysis,
    Ignore,
    LoseLocations,
    MoveLocation,
    Reading,
    SetContent,
    SetFeatures,
    SetRoot,
)
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Failure, Presence, Sound, Stage, Tags
from actors.store.changes import Question
from actors.watching import identity

SOUND = Sound(container="flac", codec="flac", duration_s=12.5, rate_hz=44_100, channels=2, bit_rate=800_000)
FEATURES = Features(
    version=1,
    duration_s=12.4,
    loudness=Loudness(
        integrated_lufs=-14.0,
        range_lu=3.0,
        true_peak_dbtp=-1.0,
        sample_peak_dbfs=-1.2,
        max_momentary_lufs=-10.0,
        max_short_term_lufs=-11.0,
    ),
    tempo=Tempo(bpm=120.0, confidence=0.9, alternatives=(60.0,)),
    key=Key(tonic=9, is_minor=True, confidence=0.8),
    peaks=b"\x81\x7f",
)
FAILURE = Failure(kind="corrupt", message="no frame could be decoded")
numbers = count(1)


def probed(audio_hash: str, title: str = "Song") -> Content:
    tags = Tags(title=title, artists=("Someone",))
    return Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=SOUND, tags=tags))


@attrs.define
class Catalogue:
    """A root of its own in the module's store, and the events since it was made."""

    store: object
    root: str
    folder: bytes
    since: int

    def reading(self, name: bytes, *, inode: int = 1) -> Reading:
        path = self.folder + b"/" + name
        return Reading(root_id=self.root, path=path, size_bytes=100, mtime_ns=5, device=1, inode=inode)

    async def apply(self, *changes) -> list[str]:
        """Types of the events that the batch told."""
        before = (await self.store.events.bounds())[1]
        await self.store.changes.apply(changes)
        return [event.type for event in await self.store.events.after(before, 1000)]

    async def add(self, name: bytes, audio_hash: str) -> str:
        track_id = f"track-{next(numbers)}"
        await self.apply(AddTrack(track_id=track_id, reading=self.reading(name), content=probed(audio_hash)))
        return track_id

    async def last(self):
        return (await self.store.events.after((await self.store.events.bounds())[1] - 1, 1))[0]


@pytest.fixture
async def catalogue(store):
    folder = b"/music/%d" % next(numbers)
    root = await store.roots.add(folder)
    return Catalogue(store, root.id, folder, (await store.events.bounds())[1])


async def test_a_new_track_is_there_and_told(catalogue):
    track_id = f"track-{next(numbers)}"
    change = AddTrack(track_id=track_id, reading=catalogue.reading(b"caf\xe9.flac"), content=probed(f"h{track_id}"))

    assert await catalogue.apply(change) == ["TRACK_ADDED"]
    track = await catalogue.store.tracks.find(track_id)
    assert track.tags.title == "Song"
    assert track.sound == SOUND
    assert track.locations[0].path.endswith(b"/caf\xe9.flac")
    assert (track.stage, track.presence) == (Stage.PENDING, Presence.PRESENT)
    assert (await catalogue.last()).payload["track"]["id"] == track_id


async def test_the_same_content_again_changes_and_tells_nothing(catalogue):
    track_id = await catalogue.add(b"a", "same")
    before = await catalogue.store.tracks.find(track_id)
    change = SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("same"))

    assert await catalogue.apply(change) == []
    assert await catalogue.store.tracks.find(track_id) == before


async def test_new_tags_are_told_and_keep_what_was_measured(catalogue):
    track_id = await catalogue.add(b"a", "retag")
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="retag", features=FEATURES))
    change = SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("retag", "Other"))

    assert await catalogue.apply(change) == ["TRACK_UPDATED"]
    track = await catalogue.store.tracks.find(track_id)
    assert (track.tags.title, track.stage) == ("Other", Stage.ANALYZED)
    assert track.features is not None


async def test_new_bytes_send_a_track_back_to_pending(catalogue):
    track_id = await catalogue.add(b"a", "bytes1")
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="bytes1", features=FEATURES))
    await catalogue.apply(SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("bytes2")))
    track = await catalogue.store.tracks.find(track_id)

    assert (track.stage, track.features, track.audio_hash) == (Stage.PENDING, None, "bytes2")


async def test_a_move_keeps_everything_and_tells_both_paths(catalogue):
    track_id = await catalogue.add(b"a", "moved")
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="moved", features=FEATURES))
    before = catalogue.reading(b"a").path
    change = MoveLocation(track_id=track_id, before=before, reading=catalogue.reading(b"x/b"), content=None)

    assert await catalogue.apply(change) == ["TRACK_MOVED"]
    payload = (await catalogue.last()).payload
    assert (payload["from"], payload["to"]) == (before.decode(), catalogue.reading(b"x/b").path.decode())
    track = await catalogue.store.tracks.find(track_id)
    assert (track.stage, len(track.locations)) == (Stage.ANALYZED, 1)
    assert await catalogue.apply(change) == []


async def test_a_lost_file_is_missing_and_comes_back_with_its_id(catalogue):
    track_id = await catalogue.add(b"a", "lost")
    reading = catalogue.reading(b"a")

    assert await catalogue.apply(LoseLocations(paths=(reading.path,))) == ["TRACK_MISSING"]
    track = await catalogue.store.tracks.find(track_id)
    assert track.presence is Presence.MISSING
    assert track.missing_since is not None
    assert await catalogue.apply(LoseLocations(paths=(reading.path,))) == []
    assert await catalogue.apply(Confirm(readings=(reading,))) == ["TRACK_UPDATED"]
    track = await catalogue.store.tracks.find(track_id)
    assert (track.presence, track.missing_since) == (Presence.PRESENT, None)


async def test_one_of_two_copies_may_go(catalogue):
    track_id = await catalogue.add(b"a", "copies")
    copy = AddLocation(track_id=track_id, reading=catalogue.reading(b"b"), content=probed("copies"))

    assert await catalogue.apply(copy) == ["TRACK_UPDATED"]
    assert await catalogue.apply(LoseLocations(paths=(catalogue.reading(b"a").path,))) == ["TRACK_UPDATED"]
    track = await catalogue.store.tracks.find(track_id)
    assert track.presence is Presence.PRESENT
    assert track.locations[0].path == catalogue.reading(b"b").path


async def test_a_path_taken_over_by_another_recording_leaves_the_first_missing(catalogue):
    first = await catalogue.add(b"a", "first")
    second = await catalogue.add(b"b", "second")
    change = MoveLocation(
        track_id=second, before=catalogue.reading(b"b").path, reading=catalogue.reading(b"a"), content=None
    )

    assert sorted(await catalogue.apply(change)) == ["TRACK_MISSING", "TRACK_MOVED"]
    assert (await catalogue.store.tracks.find(first)).presence is Presence.MISSING
    assert (await catalogue.store.tracks.find(second)).presence is Presence.PRESENT


async def test_an_empty_file_that_goes_leaves_no_track(catalogue):
    track_id = f"track-{next(numbers)}"
    await catalogue.apply(
        AddTrack(track_id=track_id, reading=catalogue.reading(b"a"), content=Content(stage=Stage.EMPTY))
    )

    assert await catalogue.apply(LoseLocations(paths=(catalogue.reading(b"a").path,))) == ["TRACK_REMOVED"]
    assert await catalogue.store.tracks.find(track_id) is None


async def test_a_growing_file_becomes_the_track_that_was_shown(catalogue):
    track_id = f"track-{next(numbers)}"
    growing = Content(stage=Stage.GROWING)
    await catalogue.apply(AddTrack(track_id=track_id, reading=catalogue.reading(b"a"), content=growing))

    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.GROWING
    change = SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("grown"))
    assert await catalogue.apply(change) == ["TRACK_UPDATED"]
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.PENDING


async def test_a_recording_that_grows_again_keeps_its_measurements_until_it_differs(catalogue):
    track_id = await catalogue.add(b"a", "again")
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="again", features=FEATURES))
    growing = SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=Content(stage=Stage.GROWING))

    assert await catalogue.apply(growing) == ["TRACK_UPDATED"]
    await catalogue.apply(SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("again")))
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.ANALYZED


async def test_an_unreadable_folder_makes_what_is_in_it_unverified(catalogue):
    inside = await catalogue.add(b"x/a", "inside")
    beside = await catalogue.add(b"xy/a", "beside")
    doubt = DoubtFolder(root_id=catalogue.root, folder=catalogue.folder + b"/x")

    assert await catalogue.apply(doubt) == ["TRACK_UPDATED"]
    assert (await catalogue.store.tracks.find(inside)).presence is Presence.UNVERIFIED
    assert (await catalogue.store.tracks.find(beside)).presence is Presence.PRESENT


async def test_what_is_no_recording_is_remembered_and_forgotten_without_a_word(catalogue):
    reading = catalogue.reading(b"notes")

    assert await catalogue.apply(Ignore(reading=reading)) == []
    assert (await catalogue.store.tracks.known([reading.path], [])).at == {reading.path: None}
    assert await catalogue.apply(LoseLocations(paths=(reading.path,))) == []
    assert (await catalogue.store.tracks.known([reading.path], [])).at == {}


async def test_measurements_of_other_bytes_are_dropped(catalogue):
    track_id = await catalogue.add(b"a", "now")

    assert await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="before", features=FEATURES)) == []
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.PENDING
    assert await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="now", features=FEATURES)) == [
        "TRACK_ANALYZED"
    ]


async def test_failing_too_often_is_quarantine_until_the_bytes_change(catalogue):
    track_id = await catalogue.add(b"a", "bad")
    failing = FailAnalysis(track_id=track_id, audio_hash="bad", failure=FAILURE, quarantine_after=2)

    assert await catalogue.apply(failing) == ["ANALYSIS_FAILED"]
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.FAILED
    await catalogue.apply(failing)
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.QUARANTINED
    await catalogue.apply(SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("good")))
    track = await catalogue.store.tracks.find(track_id)
    assert (track.stage, track.failure, track.failures) == (Stage.PENDING, None, 0)


async def test_a_roots_state_is_kept_and_told(catalogue):
    held = SetRoot(root_id=catalogue.root, state=RootState.HELD, reason="5 of 9", device=None, found=4, done=4)

    assert await catalogue.apply(held) == ["SCAN_UPDATE"]
    assert (await catalogue.store.roots.find(catalogue.root)).reason == "5 of 9"
    assert await catalogue.apply(held) == []


async def test_a_batch_is_all_or_nothing(catalogue):
    track_id = f"track-{next(numbers)}"
    good = AddTrack(track_id=track_id, reading=catalogue.reading(b"a"), content=probed("whole"))
    bad = AddTrack(track_id=track_id, reading=catalogue.reading(b"b"), content=probed("whole"))

    with pytest.raises(Exception, match=r"whole|duplicate|unique"):
        await catalogue.apply(good, bad)
    assert await catalogue.store.tracks.find(track_id) is None


def under(root_id: str, reading: Reading) -> list:
    """One change of each kind that needs its root."""
    reading = attrs.evolve(reading, root_id=root_id)
    content = probed("of nobody")
    return [
        Ignore(reading=reading),
        AddTrack(track_id=f"track-{next(numbers)}", reading=reading, content=content),
        SetContent(track_id="kept", reading=reading, content=content),
        AddLocation(track_id="kept", reading=reading, content=content),
        MoveLocation(track_id="kept", before=b"/before", reading=reading, content=content),
        DoubtFolder(root_id=root_id, folder=b"/x"),
        SetRoot(root_id=root_id, state=RootState.WATCHED, reason=None, device=None, found=1, done=1),
    ]


@pytest.mark.parametrize("number", range(7))
async def test_what_waits_under_a_root_that_is_gone_is_skipped_and_the_rest_carried_out(catalogue, number: int):
    kept = await catalogue.add(b"kept", f"kept {number}")
    gone = await catalogue.store.roots.add(catalogue.folder + b"-gone")
    change = under(gone.id, catalogue.reading(b"../gone/a"))[number]
    if hasattr(change, "track_id") and change.track_id == "kept":
        change = attrs.evolve(change, track_id=kept)
    if hasattr(change, "before"):
        change = attrs.evolve(change, before=catalogue.reading(b"kept").path)
    assert await catalogue.store.roots.remove(gone.id)
    before = await catalogue.store.tracks.find(kept)
    lose = LoseLocations(paths=(catalogue.reading(b"kept").path,))

    assert await catalogue.apply(change) == []
    assert await catalogue.store.tracks.find(kept) == before
    assert await catalogue.apply(change, lose) == ["TRACK_MISSING"]


async def test_a_copy_of_a_recording_under_a_root_that_is_gone_is_its_first_place(catalogue):
    gone = await catalogue.store.roots.add(catalogue.folder + b"-gone")
    await catalogue.store.roots.remove(gone.id)
    track_id = f"track-{next(numbers)}"
    first = attrs.evolve(catalogue.reading(b"../gone/a"), root_id=gone.id)
    add = AddTrack(track_id=track_id, reading=first, content=probed("first place"))
    copies = [
        AddLocation(track_id=track_id, reading=catalogue.reading(name), content=probed("first place"))
        for name in (b"a", b"b")
    ]

    assert await catalogue.apply(add, *copies) == ["TRACK_ADDED"]
    track = await catalogue.store.tracks.find(track_id)
    assert [location.path for location in track.locations] == [copy.reading.path for copy in copies]


@pytest.mark.parametrize("is_measured, stage", [(True, Stage.ANALYZED), (False, Stage.PENDING)])
async def test_a_recording_whose_growing_file_is_taken_over_does_not_stay_growing(catalogue, is_measured, stage):
    sound = f"taken over {is_measured}"
    old = await catalogue.add(b"p", sound)
    if is_measured:
        await catalogue.apply(SetFeatures(track_id=old, audio_hash=sound, features=FEATURES))
    await catalogue.apply(AddLocation(track_id=old, reading=catalogue.reading(b"q"), content=probed(sound)))
    await catalogue.apply(
        SetContent(track_id=old, reading=catalogue.reading(b"p"), content=Content(stage=Stage.GROWING))
    )
    change = AddTrack(
        track_id=f"track-{next(numbers)}", reading=catalogue.reading(b"p"), content=Content(stage=Stage.GROWING)
    )

    assert sorted(await catalogue.apply(change)) == ["TRACK_ADDED", "TRACK_UPDATED"]
    track = await catalogue.store.tracks.find(old)
    assert (track.stage, track.presence, track.audio_hash) == (stage, Presence.PRESENT, sound)
    assert (track.features is not None) is is_measured


async def test_a_recording_whose_growing_file_is_lost_comes_back_as_what_it_was(catalogue):
    track_id = await catalogue.add(b"a", "lost growing")
    reading = catalogue.reading(b"a")
    await catalogue.apply(SetContent(track_id=track_id, reading=reading, content=Content(stage=Stage.GROWING)))
    await catalogue.apply(LoseLocations(paths=(reading.path,)))

    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.PENDING
    await catalogue.apply(Confirm(readings=(reading,)))
    track = await catalogue.store.tracks.find(track_id)
    assert (track.stage, track.presence) == (Stage.PENDING, Presence.PRESENT)


async def test_a_copy_of_a_growing_recording_is_what_its_sound_was(catalogue):
    track_id = await catalogue.add(b"a", "copy of growing")
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash="copy of growing", features=FEATURES))
    growing = Content(stage=Stage.GROWING)
    await catalogue.apply(SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=growing))
    copy = AddLocation(track_id=track_id, reading=catalogue.reading(b"b"), content=probed("copy of growing"))

    assert await catalogue.apply(copy) == ["TRACK_UPDATED"]
    assert (await catalogue.store.tracks.find(track_id)).stage is Stage.ANALYZED


@pytest.mark.parametrize("content", [Content(stage=Stage.EMPTY), Content(stage=Stage.FAILED, failure=FAILURE)])
async def test_a_recording_that_cannot_be_read_any_more_has_no_sound_and_no_measurements(catalogue, content: Content):
    sound = f"once {content.stage}"
    track_id = await catalogue.add(b"a", sound)
    await catalogue.apply(SetFeatures(track_id=track_id, audio_hash=sound, features=FEATURES))
    await catalogue.apply(
        FailAnalysis(track_id=track_id, audio_hash=sound, failure=FAILURE, quarantine_after=9)
    )  # the same words as those of the reading that follows
    change = SetContent(track_id=track_id, reading=catalogue.reading(b"a"), content=content)

    assert await catalogue.apply(change) == ["TRACK_UPDATED"]
    track = await catalogue.store.tracks.find(track_id)
    assert (track.stage, track.audio_hash, track.features) == (content.stage, None, None)


async def test_the_same_new_sound_decided_twice_at_once_is_one_track(fresh_store, tmp_path):
    root = await fresh_store.roots.add(bytes(tmp_path))

    def question(number):
        path = bytes(tmp_path) + b"/%d" % number
        reading = Reading(root_id=root.id, path=path, size_bytes=1, mtime_ns=1, device=1, inode=number)
        sound = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)
        content = Content(stage=Stage.PENDING, probe=Probe(audio_hash="one", sound=sound, tags=Tags()))

        def decide(known):
            return identity.decide(
                [identity.Observation(reading=reading, content=content)],
                known=known,
                absent=frozenset(),
                new_id=identity.new_track_id,
            )

        return Question(paths=[path], hashes=["one"], decide=decide)

    async with trio.open_nursery() as nursery:
        for number in range(12):
            nursery.start_soon(fresh_store.changes.apply, [], question(number))
    (track,) = (await fresh_store.tracks.list_(page_size=10)).items

    assert len(track.locations) == 12
