"""Which recording a file is."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from actors.model.change import AddLocation, AddTrack, Content, MoveLocation, Reading, SetContent
from actors.model.known import Holder, Known
from actors.model.probe import Probe
from actors.model.track import Failure, Sound, Stage, Tags
from actors.watching.identity import Observation, decide

SOUND = Sound(container="wav", codec="pcm_s16le", duration_s=1.0, rate_hz=44_100, channels=2)


def seen(path: bytes, audio_hash: str | None = "h", stage: Stage = Stage.PENDING) -> Observation:
    probe = Probe(audio_hash=audio_hash, sound=SOUND, tags=Tags()) if audio_hash else None
    failure = Failure(kind="corrupt", message="…") if stage is Stage.FAILED else None
    reading = Reading(root_id="r", path=path, size_bytes=1, mtime_ns=1, device=1, inode=1)
    return Observation(reading=reading, content=Content(stage=stage, probe=probe, failure=failure))


def decided(*observations: Observation, at=None, by_hash=None, absent=frozenset()):
    numbers = count(1)
    return decide(
        observations,
        known=Known(at=at or {}, by_hash=by_hash or {}),
        absent=frozenset(absent),
        new_id=lambda: f"new{next(numbers)}",
    )


T = Holder(track_id="t", audio_hash="h", paths=(b"/a",))


def test_a_sound_never_heard_is_a_new_track():
    [change] = decided(seen(b"/a"))

    assert isinstance(change, AddTrack)


def test_a_known_sound_whose_place_is_empty_moved():
    [change] = decided(seen(b"/b"), by_hash={"h": T}, absent={b"/a"})

    assert isinstance(change, MoveLocation)
    assert (change.track_id, change.before) == ("t", b"/a")


def test_a_known_sound_whose_place_is_taken_is_a_copy():
    [change] = decided(seen(b"/b"), by_hash={"h": T})

    assert isinstance(change, AddLocation)


def test_the_same_sound_at_the_same_path_was_retagged():
    [change] = decided(seen(b"/a"), at={b"/a": T}, by_hash={"h": T})

    assert isinstance(change, SetContent)
    assert change.track_id == "t"


def test_a_new_sound_at_a_tracks_only_path_keeps_the_id():
    [change] = decided(seen(b"/a", "other"), at={b"/a": T})

    assert isinstance(change, SetContent)
    assert change.track_id == "t"


def test_a_copy_that_was_changed_becomes_a_track_of_its_own():
    both = Holder(track_id="t", audio_hash="h", paths=(b"/a", b"/b"))
    [change] = decided(seen(b"/b", "other"), at={b"/b": both})

    assert isinstance(change, AddTrack)


def test_two_new_copies_in_one_batch_are_one_track():
    first, second = decided(seen(b"/a"), seen(b"/b"))

    assert isinstance(first, AddTrack)
    assert isinstance(second, AddLocation)
    assert second.track_id == first.track_id


def test_one_empty_place_is_the_source_of_one_move_only():
    first, second = decided(seen(b"/b"), seen(b"/c"), by_hash={"h": T}, absent={b"/a"})

    assert isinstance(first, MoveLocation)
    assert isinstance(second, AddLocation)


def test_a_growing_file_is_shown_and_later_filled():
    [change] = decided(seen(b"/a", None, Stage.GROWING))
    assert isinstance(change, AddTrack)

    placeholder = Holder(track_id="p", audio_hash=None, paths=(b"/a",))
    [change] = decided(seen(b"/a"), at={b"/a": placeholder})
    assert isinstance(change, SetContent)
    assert change.track_id == "p"


def test_a_path_remembered_as_no_recording_may_become_one():
    [change] = decided(seen(b"/a"), at={b"/a": None})

    assert isinstance(change, AddTrack)


def test_an_unreadable_file_keeps_the_track_of_its_path():
    [change] = decided(seen(b"/a", None, Stage.FAILED), at={b"/a": T})

    assert isinstance(change, SetContent)


@given(
    st.lists(
        st.tuples(st.sampled_from([b"/a", b"/b", b"/c", b"/d"]), st.sampled_from(["h", "i", "j"])),
        unique_by=lambda one: one[0],
    )
)
def test_each_sound_ends_in_exactly_one_track(files):
    changes = decided(*(seen(path, audio_hash) for path, audio_hash in files), by_hash={"h": T}, at={b"/a": T})
    track_of = {}
    for (_, audio_hash), change in zip(files, changes, strict=True):
        assert track_of.setdefault(audio_hash, change.track_id) == change.track_id
