"""Magnitudes of windows."""

import numpy as np
import pytest

from actors.analysis.spectrum import Spectrum


def test_a_full_scale_sine_reads_one():
    sine = np.sin(2 * np.pi * 64 * np.arange(4096) / 1024).astype(np.float32)

    frames = np.concatenate(Spectrum(window=1024, hop=256).add(sine))

    assert frames.shape == (13, 513)
    assert np.argmax(frames, axis=1).tolist() == [64] * 13
    assert frames[:, 64] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("block", [100, 256, 1000, 5000])
def test_the_cut_into_blocks_changes_nothing(block):
    noise = np.random.default_rng(1).standard_normal(20_000).astype(np.float32)
    spectrum = Spectrum(window=1024, hop=256)

    pieces = [frames for start in range(0, noise.size, block) for frames in spectrum.add(noise[start : start + block])]

    whole = np.concatenate(Spectrum(window=1024, hop=256).add(noise))
    assert np.concatenate(pieces) == pytest.approx(whole)


def test_less_than_a_window_gives_nothing():
    assert Spectrum(window=1024, hop=256).add(np.ones(1023, dtype=np.float32)) == []
