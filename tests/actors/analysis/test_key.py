"""Key on made-up pieces of known key."""

import numpy as np
import pytest

from actors.analysis.key import PitchMeter, key
from actors.analysis.mono import RATE_HZ
from actors.media.synthesis import Groove, Harmony, Piece, render
from actors.model.features import Key


def measured(samples, block=65_536):
    meter = PitchMeter()
    mix = samples.mean(axis=0)
    for start in range(0, mix.size, block):
        meter.add(mix[start : start + block])
    return key(meter.result())


def weight(found: Key | None, piece: Piece) -> float:
    """The usual weights: the same 1, a fifth away 0.5, relative 0.3, parallel 0.2."""
    if found is None:
        return 0.0
    distance = (found.tonic - piece.tonic) % 12
    if found.is_minor == piece.is_minor:
        return 1.0 if distance == 0 else 0.5 if distance in {5, 7} else 0.0
    relative = 9 if found.is_minor else 3
    return 0.3 if distance == relative else 0.2 if distance == 0 else 0.0


def mean_weight(harmony, **piece):
    weights = []
    for number in range(24):
        made = Piece(
            bpm=90 + 3 * number,
            tonic=number % 12,
            is_minor=number >= 12,
            harmony=harmony,
            groove=list(Groove)[number % 6],
            seed=number,
            **piece,
        )
        weights.append(weight(measured(render(made, length_s=20, rate_hz=RATE_HZ)), made))
    return float(np.mean(weights))


def test_clear_cadences_tell_the_key():
    assert mean_weight(Harmony.CADENCE) >= 0.97


def test_so_they_do_when_the_instruments_are_a_third_of_a_semitone_off():
    assert mean_weight(Harmony.CADENCE, tuning_cents=33) >= 0.97


@pytest.mark.parametrize("harmony", [Harmony.MODAL, Harmony.SPARSE])
def test_modal_and_sparse_pieces_mostly_tell_it(harmony):
    assert mean_weight(harmony) >= 0.85


def test_the_cut_into_blocks_changes_nothing():
    samples = render(Piece(bpm=120, tonic=7), length_s=10, rate_hz=RATE_HZ)

    one, other = measured(samples), measured(samples, block=999)

    assert (one.tonic, one.is_minor) == (7, False)
    assert other.confidence == pytest.approx(one.confidence, abs=1e-6)


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros((1, 10 * RATE_HZ), dtype=np.float32), id="silence"),
        pytest.param(np.zeros((1, 0), dtype=np.float32), id="nothing"),
        pytest.param(render(Piece(bpm=120), length_s=0.3, rate_hz=RATE_HZ), id="too short"),
    ],
)
def test_what_has_no_tones_has_no_key(samples):
    assert measured(samples) is None
