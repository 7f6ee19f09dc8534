"""Who hears of which tracks."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.queued import Queued


@pytest.fixture
def queued() -> Queued:
    return Queued()


@pytest.fixture
def looks() -> list[str]:
    return []


@pytest.fixture
def join(queued, looks):
    """Somebody's player wakes, with these tracks in its queue."""

    def joined(person_id, *track_ids):
        place = queued.join(person_id, partial(looks.append, person_id))
        queued.hold(place, track_ids)
        return place

    return joined


def test_who_has_a_track_in_the_queue_looks_once_whatever_happened(queued, join, looks):
    join("ada", "a", "b")
    join("bo", "c")
    queued.changed(["a", "x", "b", "a"])

    assert looks == ["ada"]


def test_who_sleeps_is_not_told(queued, join, looks):
    place = join("ada", "a")
    queued.leave(place)
    queued.changed(["a"])
    queued.all_changed()

    assert (looks, "ada" in queued) == ([], False)


def test_one_that_learns_of_its_queue_after_it_left_is_kept_nowhere(queued, join, looks):
    place = join("ada", "a")
    queued.leave(place)
    queued.hold(place, ["a", "b"])
    join("bo", "a")
    queued.changed(["a", "b"])

    assert looks == ["bo"]


def test_one_that_was_started_again_keeps_its_place_when_the_one_before_leaves(queued, join, looks):
    before = join("ada", "a")
    join("ada", "a")
    queued.leave(before)
    queued.changed(["a"])

    assert (looks, "ada" in queued) == (["ada"], True)


def test_while_a_queue_is_read_any_change_may_be_about_it(queued, join, looks):
    place = join("ada", "a")
    with queued.reading(place):
        queued.changed([])
        assert looks == []
        queued.changed(["x"])
    queued.changed(["x"])

    assert looks == ["ada"]


def test_when_nobody_knows_what_changed_all_look(queued, join, looks):
    join("ada", "a")
    join("bo")
    queued.all_changed()

    assert looks == ["ada", "bo"]


PEOPLE, TRACKS = st.sampled_from("AB"), st.sampled_from("abc")


@given(st.lists(st.tuples(PEOPLE, st.sets(TRACKS) | st.none()) | st.sets(TRACKS)))
def test_it_is_always_those_who_have_one_of_the_tracks(steps):
    queued, looks, places, queues = Queued(), set(), {}, {}
    for step in steps:
        match step:
            case (person_id, None):
                if person_id in places:
                    queued.leave(places.pop(person_id))
                    del queues[person_id]
            case (person_id, track_ids):
                if person_id not in places:
                    places[person_id] = queued.join(person_id, partial(looks.add, person_id))
                queued.hold(places[person_id], track_ids)
                queues[person_id] = track_ids
            case track_ids:
                looks.clear()
                queued.changed(track_ids)
                assert looks == {person_id for person_id, queue in queues.items() if queue & track_ids}
