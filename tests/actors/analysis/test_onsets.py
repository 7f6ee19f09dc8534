"""Where something begins."""

import numpy as np
import pytest

from actors.analysis.mono import RATE_HZ
from actors.analysis.onsets import FRAMES_PER_S, OnsetMeter


def onsets(samples, block=65_536):
    meter = OnsetMeter()
    for start in range(0, samples.size, block):
        meter.add(samples[start : start + block])
    return meter.result()


@pytest.mark.parametrize("tone_hz, group", [(80, 0), (600, 1), (6000, 2)])
def test_a_tone_begins_in_its_own_band(tone_hz, group):
    samples = np.sin(2 * np.pi * tone_hz * np.arange(4 * RATE_HZ) / RATE_HZ).astype(np.float32)
    samples[: 2 * RATE_HZ] = 0
    samples[2 * RATE_HZ :] *= np.minimum(1, np.arange(2 * RATE_HZ) / 2000).astype(np.float32)

    found = onsets(samples)

    assert np.argmax(found[group]) / FRAMES_PER_S == pytest.approx(2.0, abs=0.06)
    assert np.argmax(found.sum(axis=1)) == group


def test_the_cut_into_blocks_changes_nothing():
    samples = np.random.default_rng(1).standard_normal(3 * RATE_HZ).astype(np.float32)

    assert onsets(samples, block=1_111) == pytest.approx(onsets(samples, block=10**9), rel=1e-4, abs=1e-3)


def test_nothing_has_no_onsets():
    assert OnsetMeter().result().shape == (3, 0)
