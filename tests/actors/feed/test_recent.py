"""The newest events in memory."""

from actors.feed.frame import Frame
from actors.feed.recent import Recent


def framed(events):
    return [Frame.of_event(event) for event in events]


def test_the_oldest_make_room(log):
    frames = framed(log.add(*["TRACK_ADDED"] * 10, size=100))
    recent = Recent(limit_bytes=3 * len(frames[-1].body))
    assert (recent.oldest, recent.after(0, 5)) == (None, [])
    for frame in frames:
        recent.add(frame)

    assert recent.oldest == 8
    assert recent.after(7, 10) == frames[7:]
    assert recent.after(8, 1) == frames[8:9]
    assert recent.after(10, 5) == []


def test_what_is_too_large_is_not_kept_and_nothing_is_after_clearing(log):
    small, large = framed([*log.add("TRACK_ADDED"), *log.add("TRACK_ADDED", size=1_000)])
    recent = Recent(limit_bytes=500)
    recent.add(small)
    recent.clear()
    assert recent.oldest is None
    recent.add(large)

    assert recent.oldest is None
