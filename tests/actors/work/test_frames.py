"""What travels over the pipes, cut anywhere."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.work.frames import (
    LONGEST_FRAME,
    Begun,
    Failed,
    Finished,
    FrameError,
    Frames,
    Order,
    Progressed,
    Ready,
    Report,
    Terms,
    frame,
)

REPORTS = [
    Ready(),
    Begun(),
    Progressed(done=0.25),
    Finished(result=msgspec.Raw(msgspec.msgpack.encode({"bpm": 120.0, "peaks": b"\0\1"}))),
    Failed(kind="corrupt", message="it is torn – «tué»"),
]


def taken(frames):
    while (body := frames.take()) is not None:
        yield msgspec.msgpack.decode(body, type=Report)


@given(cuts=st.lists(st.integers(0, 200), max_size=20))
def test_reports_arrive_whole_however_the_pipe_cuts_them(cuts):
    sent = b"".join(frame(report) for report in REPORTS)
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    frames, arrived = Frames(), []

    for start, end in pairwise(edges):
        frames.add(sent[start:end])
        arrived += taken(frames)

    assert [msgspec.msgpack.encode(report) for report in arrived] == [msgspec.msgpack.encode(r) for r in REPORTS]


def test_an_order_carries_the_bytes_of_a_path_that_is_no_text():
    frames = Frames()
    frames.add(frame(Order(b"/music/\xff\xfe\n.mp3")))

    assert msgspec.msgpack.decode(frames.take(), type=Order) == Order(b"/music/\xff\xfe\n.mp3")
    assert frames.take() is None


def test_the_longest_frame_passes_and_a_longer_one_is_refused_before_it_comes():
    longest = b"\0" * LONGEST_FRAME
    frames, refusing = Frames(), Frames()

    frames.add(len(longest).to_bytes(4, "big") + longest)
    refusing.add((LONGEST_FRAME + 1).to_bytes(4, "big"))

    assert frames.take() == longest
    with pytest.raises(FrameError, match=str(LONGEST_FRAME + 1)):
        refusing.take()


@pytest.mark.parametrize("done", [-0.1, 1.1, float("inf"), float("nan")])
def test_progress_beyond_its_range_is_no_report(done):
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(Progressed(done=done)), type=Report)


def test_terms_travel_as_text_in_a_command():
    terms = Terms(task="probe", parent=7, memory_bytes=1 << 31, niceness=5)

    assert msgspec.json.decode(msgspec.json.encode(terms).decode(), type=Terms) == terms
