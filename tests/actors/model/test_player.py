"""What a player says of its times."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from actors.model.obstacle import Obstacle
from actors.model.player import Moment, Player, PlayerState, TrackFacts
from actors.model.player_queue import QueueItem

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ITEM = QueueItem(id="1", track_id="t")
PLAYING = Player(state=PlayerState.PLAYING, item=ITEM, length_s=100.0, position_s=20.0, since=NOW, began_at=NOW)
PAUSED = attrs.evolve(PLAYING, state=PlayerState.PAUSED)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_position_goes_on_with_the_clock_to_the_end_of_the_track_and_no_further():
    assert [PLAYING.position_at(later(s)) for s in (0, 1.5, 80, 1_000)] == [20.0, 21.5, 100.0, 100.0]


def test_a_paused_player_stands_still():
    assert (PAUSED.position_at(later(50)), PAUSED.ends_at, PAUSED.counts_at) == (20.0, None, None)


def test_a_clock_that_was_set_back_moves_nothing_back():
    assert PLAYING.position_at(later(-60)) == 20.0


def test_a_track_ends_when_its_rest_has_been_played():
    assert PLAYING.ends_at == later(80)
    assert attrs.evolve(PLAYING, length_s=None).ends_at is None


@pytest.mark.parametrize(
    "length_s, heard_s, counts_after_s",
    [(100.0, 0.0, 50), (100.0, 30.0, 20), (3600.0, 0.0, 240), (None, 10.0, 230), (100.0, 70.0, 0)],
    ids=["half of it", "half of it, in parts", "four minutes of a long one", "of unknown length", "long ago"],
)
def test_a_listening_counts_at_half_of_the_track_or_after_four_minutes(length_s, heard_s, counts_after_s):
    assert attrs.evolve(PLAYING, length_s=length_s, heard_s=heard_s).counts_at == later(counts_after_s)
    assert attrs.evolve(PLAYING, length_s=length_s, heard_s=heard_s, is_counted=True).counts_at is None


def test_said_as_of_later_it_is_the_same():
    said = PLAYING.rebased(later(10))

    assert (said.position_s, said.heard_s, said.since) == (30.0, 10.0, later(10))
    assert (said.ends_at, said.counts_at) == (PLAYING.ends_at, PLAYING.counts_at)


def test_only_what_nothing_keeps_from_it_can_be_played():
    tracks = {"a": TrackFacts(length_s=1.0, obstacle=Obstacle.MISSING), "b": TrackFacts(length_s=None)}
    items = [QueueItem(id=str(number), track_id=track_id) for number, track_id in enumerate("xab")]

    assert Moment(now=NOW, tracks=tracks).first_playable(items) == items[2]
    assert Moment(now=NOW, tracks=tracks).first_playable(items[:2]) is None
    assert Moment(now=NOW, tracks=tracks).obstacles(items) == {"x": Obstacle.REMOVED, "a": Obstacle.MISSING}
