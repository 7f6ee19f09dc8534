"""What waits for one client."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from actors.feed.backlog import Backlog
from actors.feed.frame import Frame

AT = datetime(2026, 3, 1, tzinfo=UTC)


def frame(size, *, seq=None, subject=None):
    return Frame(type="T", topic="tracks", body=b"x" * size, at=AT, seq=seq, subject=subject)


def test_frames_leave_in_the_order_they_came():
    backlog = Backlog(1000)
    first, second, third = frame(10, seq=1), frame(10, subject="a"), frame(10, seq=2)
    backlog.put(1, first)
    backlog.put_passing(second)
    backlog.put(2, third)

    assert backlog.take(1000) == [first, second, third]
    assert backlog.size_bytes == 0


def test_a_newer_passing_frame_replaces_the_waiting_one_and_comes_before_no_event_that_it_followed():
    backlog = Backlog(1000)
    backlog.put_passing(frame(10, subject="a"))
    event, newer = frame(10, seq=1), frame(30, subject="a")
    backlog.put(1, event)
    backlog.put_passing(newer)

    assert backlog.size_bytes == 40
    assert (backlog.coalesced, backlog.dropped) == (1, 0)
    assert backlog.take(1000) == [event, newer]


def test_events_push_passing_frames_out_before_they_are_refused():
    backlog = Backlog(100)
    backlog.put_passing(frame(40, subject="a"))
    backlog.put_passing(frame(40, subject="b"))

    assert backlog.put(1, frame(60, seq=1))
    assert backlog.dropped == 1
    assert backlog.put(2, frame(40, seq=2))
    assert backlog.dropped == 2
    assert not backlog.put(3, frame(1, seq=3))


def test_a_passing_frame_is_dropped_when_events_fill_the_room():
    backlog = Backlog(100)
    backlog.put(1, frame(100, seq=1))
    backlog.put_passing(frame(1, subject="a"))

    assert backlog.dropped == 1
    assert len(backlog) == 1


def test_one_frame_above_the_limit_is_taken_when_nothing_else_waits():
    backlog = Backlog(100)

    assert backlog.put(1, frame(500, seq=1))
    assert not backlog.put(2, frame(1, seq=2))
    assert len(backlog.take(10)) == 1


def test_take_gives_at_least_one_and_stops_at_its_bytes():
    backlog = Backlog(1000)
    for seq in range(5):
        backlog.put(seq, frame(40, seq=seq))

    assert len(backlog.take(1)) == 1
    assert len(backlog.take(80)) == 2
    backlog.clear()
    assert backlog.take(80) == []
    assert backlog.size_bytes == 0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("event"), st.integers(1, 60)),
            st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(1, 60)),
            st.tuples(st.just("take"), st.integers(1, 120)),
        ),
        max_size=60,
    )
)
def test_the_bytes_are_always_those_of_what_waits_and_events_are_never_lost(steps):
    backlog = Backlog(100)
    seq = 0
    accepted, given_ = [], []
    for kind, size in steps:
        if kind == "take":
            given_ += [f.seq for f in backlog.take(size) if f.seq]
        elif kind == "event":
            seq += 1
            if backlog.put(seq, frame(size, seq=seq)):
                accepted.append(seq)
        else:
            backlog.put_passing(frame(size, subject=kind))
        waiting = list(backlog._frames.values())
        assert backlog.size_bytes == sum(len(f.body) for f in waiting)
        assert backlog.size_bytes <= 100 or len(waiting) == 1 or any(f.subject for f in waiting)
        subjects = [f.subject for f in waiting if f.subject]
        assert len(subjects) == len(set(subjects)) == len(backlog._passing)

    given_ += [f.seq for f in backlog.take(10_000) if f.seq]
    assert given_ == accepted
