"""What keeps a track from being played."""

from itertools import product

import pytest

from actors.model.obstacle import Obstacle, obstacle
from actors.model.track import Presence, Stage


@pytest.mark.parametrize(
    "presence, stage, is_read, expected",
    [
        (Presence.PRESENT, Stage.PENDING, True, None),
        (Presence.PRESENT, Stage.PENDING, False, None),
        (Presence.PRESENT, Stage.ANALYZED, True, None),
        (Presence.PRESENT, Stage.FAILED, True, None),
        (Presence.PRESENT, Stage.QUARANTINED, True, None),
        (Presence.PRESENT, Stage.FAILED, False, Obstacle.UNREADABLE),
        (Presence.PRESENT, Stage.QUARANTINED, False, Obstacle.UNREADABLE),
        (Presence.PRESENT, Stage.GROWING, True, Obstacle.GROWING),
        (Presence.PRESENT, Stage.EMPTY, False, Obstacle.EMPTY),
    ],
)
def test_what_is_there_can_be_played_if_it_is_whole_and_can_be_read(presence, stage, is_read, expected):
    assert obstacle(presence=presence, stage=stage, is_read=is_read) is expected


@pytest.mark.parametrize("stage, is_read", list(product(Stage, (True, False))))
def test_what_is_not_there_cannot_be_played_whatever_it_was(stage, is_read):
    assert obstacle(presence=Presence.MISSING, stage=stage, is_read=is_read) is Obstacle.MISSING
    assert obstacle(presence=Presence.UNVERIFIED, stage=stage, is_read=is_read) is Obstacle.UNVERIFIED
