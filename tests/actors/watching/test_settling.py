"""When a file is believed to be complete."""

import itertools

import attrs
from hypothesis import given
from hypothesis import strategies as st

from actors.model.change import Reading
from actors.watching.settling import Settling

FIRST = Reading(root_id="r", path=b"/m/a.mp3", size_bytes=10, mtime_ns=5, device=1, inode=7)


def test_two_equal_readings_apart_settle_a_file():
    settling = Settling(1.0)
    settling.see(FIRST, 0.0)

    assert settling.due(0.9) == ()
    assert settling.due(1.0) == (FIRST,)
    assert settling.judge({FIRST.path: FIRST}, 1.0).settled == (FIRST,)
    assert len(settling) == 0


def test_a_file_that_grows_is_named_once_and_settles_when_it_stops():
    settling = Settling(1.0)
    settling.see(FIRST, 0.0)
    bigger, biggest = attrs.evolve(FIRST, size_bytes=20), attrs.evolve(FIRST, size_bytes=30)

    assert settling.judge({FIRST.path: bigger}, 1.0).growing == (bigger,)
    assert settling.judge({FIRST.path: biggest}, 2.0) == attrs.evolve(settling.judge({}, 2.0))
    assert settling.judge({FIRST.path: biggest}, 3.0).settled == (biggest,)


def test_a_size_that_changes_under_one_mtime_is_growth():
    settling = Settling(1.0)
    settling.see(FIRST, 0.0)

    assert settling.judge({FIRST.path: attrs.evolve(FIRST, size_bytes=11)}, 1.0).growing


def test_a_file_that_went_away_is_dropped():
    settling = Settling(1.0)
    settling.see(FIRST, 0.0)
    judgement = settling.judge({FIRST.path: None}, 1.0)

    assert judgement.settled == judgement.growing == ()
    assert settling.wait_s(1.0) is None


def test_the_wait_is_until_the_first_file_is_due():
    settling = Settling(2.0)
    settling.see(FIRST, 10.0)
    settling.see(attrs.evolve(FIRST, path=b"/m/b.mp3"), 11.0)

    assert settling.wait_s(11.5) == 0.5
    assert settling.wait_s(13.0) == 0.0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_a_file_settles_exactly_when_two_readings_in_a_row_agree(sizes):
    settling = Settling(1.0)
    settling.see(attrs.evolve(FIRST, size_bytes=sizes[0]), 0.0)
    for at, (before, now) in enumerate(itertools.pairwise(sizes), start=1):
        judgement = settling.judge({FIRST.path: attrs.evolve(FIRST, size_bytes=now)}, float(at))
        assert bool(judgement.settled) == (before == now)
        if judgement.settled:
            return
    assert FIRST.path in settling
