"""Pieces that are what they say."""

import numpy as np
import pytest

from actors.media.synthesis import Groove, Harmony, Piece, ambience, render, speech


@pytest.mark.parametrize("harmony", list(Harmony))
@pytest.mark.parametrize("groove", list(Groove))
def test_every_kind_of_piece_can_be_played(groove, harmony):
    samples = render(Piece(bpm=120, groove=groove, harmony=harmony), length_s=1.0, rate_hz=22_050)

    assert samples.shape == (2, 22_050)
    assert samples.dtype == np.float32
    silent = groove is Groove.NONE and harmony is Harmony.NONE
    assert np.abs(samples).max() == pytest.approx(0.0 if silent else 0.8)


@pytest.mark.parametrize("make", [speech, ambience])
def test_there_are_things_without_a_beat(make):
    samples = make(length_s=2.0, rate_hz=22_050)

    assert samples.shape == (2, 44_100)
    assert np.abs(samples).max() == pytest.approx(0.8)


def test_the_same_piece_is_the_same_sound_and_another_seed_another():
    piece, other = Piece(bpm=100, seed=1), Piece(bpm=100, seed=2)

    assert np.array_equal(render(piece, length_s=3), render(piece, length_s=3))
    assert not np.array_equal(render(piece, length_s=3), render(other, length_s=3))


@pytest.mark.parametrize("values", [{"bpm": 0.0}, {"bpm": 100, "tonic": 12}, {"bpm": 1000}])
def test_what_nobody_can_play_is_refused(values):
    with pytest.raises(ValueError):  # noqa: PT011 — attrs words it
        Piece(**values)
