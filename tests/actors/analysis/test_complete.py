"""All measurements together, on every shape of recording."""

import json
import math

import attrs
import numpy as np
import pytest

from actors.analysis.complete import Analysis
from actors.media.synthesis import Piece, render
from actors.model.features import ANALYSIS_VERSION

PLACES = ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")


def analyzed(samples, rate_hz, block=262_144):
    analysis = Analysis(rate_hz=rate_hz, speakers=("FC",) if len(samples) == 1 else PLACES[: len(samples)])
    for start in range(0, samples.shape[1], block):
        analysis.add(samples[:, start : start + block])
    return analysis.result()


def numbers(value):
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers(inner)


def test_a_piece_shows_what_it_is_made_of():
    features = analyzed(render(Piece(bpm=118, tonic=9, is_minor=True), length_s=20), 44_100)

    assert features.version == ANALYSIS_VERSION
    assert features.duration_s == 20.0
    assert features.tempo.bpm == pytest.approx(118, abs=0.05)
    assert features.key.name == "A minor"
    assert features.loudness.sample_peak_dbfs == pytest.approx(-1.94, abs=0.01)
    assert features.loudness.true_peak_dbtp >= features.loudness.sample_peak_dbfs
    assert -30 < features.loudness.integrated_lufs < -5
    assert 2_000 <= len(features.peaks) <= 4_000


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 96_000, 192_000, 384_000])
@pytest.mark.parametrize("channels", [1, 2, 6, 8])
@pytest.mark.parametrize("length_s", [0.001, 1.0, 4.0])
def test_no_shape_gives_anything_that_json_cannot_hold(rate_hz, channels, length_s):
    made = render(Piece(bpm=100), length_s=min(length_s, 1.0), rate_hz=rate_hz)
    samples = np.resize(made, (channels, round(length_s * rate_hz)))
    if length_s > 1.0:
        # Silence, but for its last sample.
        samples[:] = 0
        samples[:, -1] = 1e-3

    features = analyzed(samples, rate_hz)

    plain = attrs.asdict(features)
    plain["peaks"] = len(plain["peaks"])
    assert all(math.isfinite(number) for number in numbers(plain))
    json.dumps(plain, allow_nan=False)
    assert features.duration_s == pytest.approx(length_s, abs=0.001)


@pytest.mark.parametrize("count", [0, 44_100])
def test_silence_has_no_values_but_a_duration(count):
    features = analyzed(np.zeros((2, count), dtype=np.float32), 44_100)

    assert set(attrs.asdict(features.loudness).values()) == {None}
    assert (features.tempo, features.key) == (None, None)
    assert features.duration_s == count / 44_100


def test_values_far_over_full_scale_stay_finite():
    samples = 1000 * np.sign(np.random.default_rng(1).standard_normal((2, 100_000))).astype(np.float32)

    features = analyzed(samples, 48_000)

    assert features.loudness.sample_peak_dbfs == pytest.approx(60)
    assert math.isfinite(features.loudness.integrated_lufs)
