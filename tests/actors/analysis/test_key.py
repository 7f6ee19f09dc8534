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


def sines(*pitches_hz, length_s=10):
    times = np.arange(length_s * RATE_HZ) / RATE_HZ
    return sum(0.2 * np.sin(2 * np.pi * pitch_hz * times) for pitch_hz in pitches_hz).astype(np.float32)[None]


@pytest.mark.parametrize("pitches_hz", [(110,), (220,), (322,), (440,), (1_000,), (1_234.5,), (220, 440, 880)])
def test_one_pitch_class_is_no_key(pitches_hz):
    samples = sines(*pitches_hz)
    hiss = 1e-3 * np.random.default_rng(1).standard_normal(samples.shape, dtype=np.float32)

    assert measured(samples) is None
    assert measured(samples + hiss) is None


def test_a_chord_of_sines_has_one():
    assert measured(sines(220, 277.18, 329.63)).tonic == 9


@pytest.mark.parametrize("length_s", [3, 5, 10, 30])
@pytest.mark.parametrize("exponent", [0.0, 0.5], ids=["white", "pink"])
def test_noise_has_no_key(exponent, length_s):
    for seed in range(5):
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length_s * RATE_HZ))
        noise = np.fft.irfft(spectrum / np.maximum(1, np.arange(spectrum.size)) ** exponent)

        assert measured((0.1 * noise / noise.std()).astype(np.float32)[None]) is None
