"""The waveform's outline."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.analysis.peaks import MOST_PAIRS, Waveform


def outline(samples, rate_hz=44_100, block=262_144):
    waveform = Waveform(rate_hz=rate_hz)
    for start in range(0, samples.shape[1], block):
        waveform.add(samples[:, start : start + block])
    return np.frombuffer(waveform.result(), dtype=np.int8).reshape(-1, 2)


@given(count=st.integers(1, 300_000), block=st.integers(1, 50_000).filter(lambda block: block > 300))
@settings(max_examples=30, deadline=None)
def test_any_length_in_any_blocks_gives_a_bounded_outline_of_its_extremes(count, block):
    samples = np.random.default_rng(count).uniform(-1, 1, (1, count)).astype(np.float32)

    pairs = outline(samples, rate_hz=8_000, block=block)

    assert 1 <= len(pairs) <= MOST_PAIRS
    assert pairs[:, 0].min() == np.floor(127 * samples.min())
    assert pairs[:, 1].max() == np.ceil(127 * samples.max())


def test_pairs_lie_evenly_over_the_recording():
    samples = np.zeros((2, 60 * 44_100), dtype=np.float32)
    samples[1, 15 * 44_100] = 1.0
    samples[0, 45 * 44_100] = -1.0

    pairs = outline(samples)

    assert 1_000 <= len(pairs) <= MOST_PAIRS
    assert np.argmax(pairs[:, 1]) / len(pairs) == pytest.approx(0.25, abs=0.002)
    assert np.argmin(pairs[:, 0]) / len(pairs) == pytest.approx(0.75, abs=0.002)


def test_the_cut_into_blocks_changes_nothing():
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 500_000)).astype(np.float32)

    assert outline(samples, block=1_003).tolist() == outline(samples, block=10**9).tolist()


def test_what_is_over_full_scale_is_shown_at_full_scale():
    assert outline(np.full((1, 100), 3.0, dtype=np.float32)).tolist() == [[127, 127]]


def test_nothing_has_no_outline():
    assert Waveform(rate_hz=44_100).result() == b""
