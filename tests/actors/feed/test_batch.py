"""What is published in one go, and each client's part of it."""

import pytest

from actors.feed.batch import Batch, Part, is_for
from actors.feed.frame import Frame


@pytest.fixture
def frames(log):
    return [Frame.of_event(event) for event in log.add("TRACK_ADDED", "SCAN_UPDATE", "TRACK_UPDATED")]


def test_those_who_take_the_same_share_one_part(frames):
    batch = Batch(frames)

    assert batch.newest == 3
    assert batch.part(frozenset({"tracks"}), "ada") is batch.part(frozenset({"tracks"}), "bo")
    assert [frame.seq for frame in batch.part(frozenset({"tracks"}), None).frames] == [1, 3]
    assert [frame.seq for frame in batch.part(frozenset({"progress", "tracks"}), None).frames] == [1, 2, 3]
    assert batch.part(frozenset(), None).frames == []


def test_a_part_is_joined_once(frames):
    part = Batch(frames).part(frozenset({"tracks"}), None)

    assert part.framed == frames[0].framed + frames[2].framed
    assert part.framed is part.framed


def test_what_one_has_already_is_left_out(frames):
    assert [frame.seq for frame in Part(frames).after(1).frames] == [2, 3]


def test_what_belongs_to_somebody_is_in_their_part_alone(passing):
    frame = Frame(type="T", topic="player", body=b"{}", at=passing("a", 0).at, subject="player:ada", owner="ada")
    batch = Batch([frame])
    topics = frozenset({"player"})

    assert batch.newest is None
    assert batch.part(topics, "ada").frames == [frame]
    assert batch.part(topics, "bo").frames == batch.part(topics, None).frames == []
    assert is_for(frame, topics, "ada")
    assert not is_for(frame, frozenset({"tracks"}), "ada")
