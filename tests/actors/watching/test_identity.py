"""Which recording a file is."""

from itertools import count

import attrs
import pytest
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


def test_a_file_that_took_the_place_of_a_renamed_one_is_not_taken_for_it():
    moved, added = decided(seen(b"/a", "new"), seen(b"/b"), at={b"/a": T}, by_hash={"h": T})

    assert isinstance(moved, MoveLocation)
    assert (moved.before, moved.reading.path) == (b"/a", b"/b")
    assert isinstance(added, AddTrack)
    assert added.reading.path == b"/a"


def test_two_files_that_changed_places_stay_what_they_are():
    other = Holder(track_id="u", audio_hash="i", paths=(b"/b",))
    changes = decided(seen(b"/a", "i"), seen(b"/b", "h"), at={b"/a": T, b"/b": other}, by_hash={"h": T, "i": other})

    assert {(change.track_id, change.reading.path) for change in changes} == {("u", b"/a"), ("t", b"/b")}


@pytest.mark.parametrize("stage", [Stage.GROWING, Stage.EMPTY, Stage.FAILED])
def test_a_copy_that_is_written_on_leaves_the_track_alone(stage):
    both = Holder(track_id="t", audio_hash="h", paths=(b"/a", b"/b"))
    [change] = decided(seen(b"/b", None, stage), at={b"/b": both})

    assert isinstance(change, AddTrack)


def test_a_file_that_cannot_be_opened_for_the_moment_changes_nothing_that_is_known():
    denied = seen(b"/a", None, Stage.FAILED)
    content = attrs.evolve(denied.content, failure=Failure(kind="unreadable", message="Permission denied"))
    denied = attrs.evolve(denied, content=content)

    assert decided(denied, at={b"/a": T}) == []
    assert isinstance(decided(denied)[0], AddTrack)


DISKS = st.dictionaries(st.sampled_from([b"/a", b"/b", b"/c", b"/d"]), st.sampled_from(["h", "i", "j", "k"]))


def apply(changes, catalogue: dict[bytes, str], sounds: dict[str, str]) -> None:
    """What the store does with changes: which track has which path, and which sound a track has."""
    for change in changes:
        if isinstance(change, MoveLocation):
            catalogue.pop(change.before, None)
        catalogue[change.reading.path] = change.track_id
        sounds[change.track_id] = change.content.probe.audio_hash


@given(st.lists(DISKS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_whatever_happens_to_files_every_sound_is_one_track_and_every_path_has_its_own(disks, rng):
    numbers = count(1)
    catalogue: dict[bytes, str] = {}
    sounds: dict[str, str] = {}
    before: dict[bytes, str] = {}
    for disk in disks:
        changed = [path for path in disk if before.get(path) != disk[path]]
        rng.shuffle(changed)
        holders = {
            track: Holder(
                track_id=track,
                audio_hash=sound,
                paths=tuple(sorted(path for path, owner in catalogue.items() if owner == track)),
            )
            for track, sound in sounds.items()
        }
        changes = decide(
            [seen(path, disk[path]) for path in changed],
            known=Known(
                at={path: holders[catalogue[path]] for path in changed if path in catalogue},
                by_hash={one.audio_hash: one for one in holders.values() if one.audio_hash in disk.values()},
            ),
            absent=frozenset(catalogue) - set(disk),
            new_id=lambda: f"new{next(numbers)}",
        )
        apply(changes, catalogue, sounds)
        for gone in set(catalogue) - set(disk):
            del catalogue[gone]
        before = disk

        assert {path: sounds[catalogue[path]] for path in disk} == disk
        assert len(set(sounds.values())) == len(sounds)


def test_other_bytes_in_the_place_of_a_track_in_the_trash_are_a_new_track():
    in_trash = attrs.evolve(T, is_removed=True)
    known = Known(at={b"/a": in_trash}, by_hash={})
    (change,) = decide([seen(b"/a", "other")], known=known, absent=frozenset(), new_id=lambda: "new")

    assert isinstance(change, AddTrack)
    assert change.track_id == "new"


def test_a_copy_of_a_track_in_the_trash_joins_it_there():
    in_trash = attrs.evolve(T, is_removed=True)
    known = Known(at={}, by_hash={"h": in_trash})
    (change,) = decide([seen(b"/b", "h")], known=known, absent=frozenset(), new_id=lambda: "new")

    assert isinstance(change, AddLocation)
    assert change.track_id == "t"
