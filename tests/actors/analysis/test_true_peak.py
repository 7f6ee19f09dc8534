"""The true-peak cases of EBU Tech 3341, and the search against oversampling everything."""

import numpy as np
import pytest
from scipy import signal

from actors.analysis.true_peak import PeakMeter, interpolator
from actors.media.synthesis import Groove, Piece, render


def measured(samples, rate_hz, block=65_536):
    meter = PeakMeter(rate_hz=rate_hz, channels=samples.shape[0])
    for start in range(0, samples.shape[1], block):
        meter.add(samples[:, start : start + block])
    return meter.result()


def stereo(samples):
    return np.stack((samples, samples)).astype(np.float32)


def sine(rate_hz, part, degrees, level):
    """Faded in and out, as a switched tone has peaks of its own."""
    count = 2 * rate_hz
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.05 * rate_hz))
    return stereo(level * fade * np.sin(2 * np.pi * np.arange(count) / part + np.radians(degrees)))


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize(
    "part, degrees, level, expected",
    [
        pytest.param(4, 0, 0.50, -6, id="3341-15"),
        pytest.param(4, 45, 0.50, -6, id="3341-16"),
        pytest.param(6, 60, 0.50, -6, id="3341-17"),
        pytest.param(8, 67.5, 0.50, -6, id="3341-18"),
        pytest.param(4, 45, 1.41, 3, id="3341-19"),
    ],
)
def test_a_tone_reads_its_height_wherever_it_is_sampled(rate_hz, part, degrees, level, expected):
    peak = measured(sine(rate_hz, part, degrees, level), rate_hz).true_peak_dbtp

    assert expected - 0.4 <= peak <= expected + 0.2


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("offset", range(4), ids=["3341-20", "3341-21", "3341-22", "3341-23"])
def test_a_short_burst_between_the_samples_is_found(rate_hz, offset):
    fine = 4 * rate_hz
    angles = np.full(fine, 2 * np.pi / 24)
    levels = np.full(fine, 0.5)
    burst = slice(fine // 2, fine // 2 + 16)
    angles[burst], levels[burst] = 2 * np.pi / 16, 1.0
    phase = np.concatenate(([0.0], np.cumsum(angles)[:-1]))
    # The burst begins where the tone crosses zero.
    phase -= phase[fine // 2]
    low = signal.firwin(1025, 0.24, window=("kaiser", 10))
    samples = signal.fftconvolve(levels * np.sin(phase), low, mode="same")[offset::4]
    fade = np.minimum(1, np.minimum(np.arange(samples.size), np.arange(samples.size)[::-1]) / (0.05 * rate_hz))

    peak = measured(stereo(samples * fade), rate_hz).true_peak_dbtp

    assert -0.4 <= peak <= 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_search_finds_what_oversampling_everything_finds(seed):
    samples = render(Piece(bpm=120, groove=list(Groove)[seed], seed=seed), length_s=5)
    samples = np.tanh(2.5 * samples)
    taps = interpolator(4)
    windows = np.lib.stride_tricks.sliding_window_view(samples, taps.shape[0], axis=1)
    everywhere = max(np.abs(windows @ taps).max(), np.abs(samples).max())

    assert measured(samples, 44_100).true_peak_dbtp == pytest.approx(20 * np.log10(everywhere), abs=0.05)


def test_a_square_wave_is_bounded_work_and_found():
    samples = stereo(0.5 * signal.square(2 * np.pi * 997 * np.arange(3 * 44_100) / 44_100))

    values = measured(samples, 44_100, block=262_144)

    assert values.sample_peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert values.true_peak_dbtp > values.sample_peak_dbfs


def test_a_peak_at_a_border_of_blocks_is_found():
    samples = sine(48_000, 4, 45, 0.5)

    assert measured(samples, 48_000, block=37).true_peak_dbtp == pytest.approx(
        measured(samples, 48_000, block=10**9).true_peak_dbtp, abs=1e-4
    )


@pytest.mark.parametrize("rate_hz", [8_000, 96_000, 192_000, 384_000])
def test_every_rate_gives_a_true_peak_that_is_not_below_the_samples(rate_hz):
    values = measured(render(Piece(bpm=100), length_s=0.5, rate_hz=rate_hz), rate_hz)

    assert values.true_peak_dbtp >= values.sample_peak_dbfs == pytest.approx(-1.94, abs=0.01)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_silence_has_no_peak(count):
    values = measured(np.zeros((1, count), dtype=np.float32), 44_100)

    assert (values.sample_peak_dbfs, values.true_peak_dbtp) == (None, None)


def test_one_loud_sample_is_a_peak():
    samples = np.zeros((1, 5), dtype=np.float32)
    samples[0, 4] = 1.0

    assert measured(samples, 44_100).true_peak_dbtp == pytest.approx(0, abs=0.01)
