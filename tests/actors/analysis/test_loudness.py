"""The cases of EBU Tech 3341 and 3342, and agreement with libebur128."""

import numpy as np
import pyebur128
import pytest

from actors.analysis.loudness import LoudnessMeter, LoudnessValues, channel_weights
from actors.media.synthesis import Groove, Piece, render, speech

STEREO = ("FL", "FR")


def tone(rate_hz, *parts):
    """1 kHz in phase on both channels; parts are (seconds, dBFS of the peak), None for silence."""
    levels = np.concatenate(
        [
            np.full(round(length_s * rate_hz), 0.0 if level is None else 10 ** (level / 20), dtype=np.float32)
            for length_s, level in parts
        ]
    )
    sine = levels * np.sin(2 * np.pi * 1000 * np.arange(levels.size) / rate_hz)
    return np.stack((sine, sine)).astype(np.float32)


def measured(samples, rate_hz, speakers=STEREO, block=100_000) -> LoudnessValues:
    meter = LoudnessMeter(rate_hz=rate_hz, speakers=speakers)
    for start in range(0, samples.shape[1], block):
        meter.add(samples[:, start : start + block])
    return meter.result()


@pytest.fixture(params=[44_100, 48_000], ids=["44.1k", "48k"])
def rate_hz(request):
    return request.param


@pytest.mark.parametrize("level", [-23, -33], ids=["3341-1", "3341-2"])
def test_a_steady_tone_reads_its_level_everywhere(rate_hz, level):
    values = measured(tone(rate_hz, (20, level)), rate_hz)

    assert values.integrated_lufs == pytest.approx(level, abs=0.1)
    assert values.max_momentary_lufs == pytest.approx(level, abs=0.1)
    assert values.max_short_term_lufs == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(((10, -36), (60, -23), (10, -36)), id="3341-3"),
        pytest.param(((10, -72), (10, -36), (60, -23), (10, -36), (10, -72)), id="3341-4"),
        pytest.param(((20, -26), (20.1, -20), (20, -26)), id="3341-5"),
    ],
)
def test_gates_leave_out_what_is_too_soft(rate_hz, parts):
    assert measured(tone(rate_hz, *parts), rate_hz).integrated_lufs == pytest.approx(-23, abs=0.1)


def test_surround_channels_count_more(rate_hz):
    """3341-6."""
    sine = np.sin(2 * np.pi * 1000 * np.arange(20 * rate_hz) / rate_hz)
    samples = np.stack([10 ** (level / 20) * sine for level in (-28, -28, -24, -30, -30)]).astype(np.float32)

    values = measured(samples, rate_hz, ("FL", "FR", "FC", "SL", "SR"))

    assert values.integrated_lufs == pytest.approx(-23, abs=0.1)


def test_short_term_averages_three_seconds(rate_hz):
    """3341-9."""
    values = measured(tone(rate_hz, *((1.34, -20), (1.66, -30)) * 5), rate_hz)

    assert values.max_short_term_lufs == pytest.approx(-23, abs=0.1)


def test_momentary_averages_four_tenths_of_a_second(rate_hz):
    """3341-12."""
    values = measured(tone(rate_hz, *((0.18, -20), (0.22, -30)) * 25), rate_hz)

    assert values.max_momentary_lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("place", range(0, 20, 3))
def test_highest_short_term_value_is_found_wherever_it_lies(rate_hz, place):
    """3341-10 and 3341-11."""
    one = measured(tone(rate_hz, (place * 0.15, None), (3, -23), (1, None)), rate_hz)
    other = measured(tone(rate_hz, (place * 0.15, None), (3, place - 38), (3 - place * 0.15, None)), rate_hz)

    assert one.max_short_term_lufs == pytest.approx(-23, abs=0.1)
    assert other.max_short_term_lufs == pytest.approx(place - 38, abs=0.1)


@pytest.mark.parametrize("place", range(20))
def test_highest_momentary_value_is_found_wherever_it_lies(rate_hz, place):
    """3341-13 and 3341-14."""
    one = measured(tone(rate_hz, (place * 0.02, None), (0.4, -23), (1, None)), rate_hz)
    other = measured(tone(rate_hz, (place * 0.02, None), (0.4, place - 38), (0.4 - place * 0.02, None)), rate_hz)

    assert one.max_momentary_lufs == pytest.approx(-23, abs=0.1)
    assert other.max_momentary_lufs == pytest.approx(place - 38, abs=0.1)


@pytest.mark.parametrize(
    "parts, expected",
    [
        pytest.param(((20, -20), (20, -30)), 10, id="3342-1"),
        pytest.param(((20, -20), (20, -15)), 5, id="3342-2"),
        pytest.param(((20, -40), (20, -20)), 20, id="3342-3"),
        pytest.param(((20, -50), (20, -35), (20, -20), (20, -35), (20, -50)), 15, id="3342-4"),
    ],
)
def test_range_is_that_of_tech_3342(rate_hz, parts, expected):
    assert measured(tone(rate_hz, *parts), rate_hz).range_lu == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(
    "rate, within_lu",
    # At 11,025 Hz a tenth of a second is no whole number of samples, and both round it their own way.
    [(8_000, 0.01), (11_025, 0.05), (22_050, 0.01), (37_800, 0.01), (44_100, 0.01), (48_000, 0.01), (96_000, 0.01)],
)
def test_agrees_with_libebur128(rate, within_lu):
    samples = render(Piece(bpm=97, groove=Groove.SWING, seed=3), length_s=14, rate_hz=rate)
    samples[:, : 6 * rate] *= 0.2
    reference = pyebur128.R128State(2, rate, pyebur128.MeasurementMode.MODE_I | pyebur128.MeasurementMode.MODE_LRA)
    reference.add_frames(np.ascontiguousarray(samples.T.reshape(-1), dtype=np.float64), samples.shape[1])

    values = measured(samples, rate)

    assert values.integrated_lufs == pytest.approx(pyebur128.get_loudness_global(reference), abs=within_lu)
    assert values.range_lu == pytest.approx(pyebur128.get_loudness_range(reference), abs=0.5)


def test_the_cut_into_blocks_changes_nothing():
    samples = speech(length_s=8, rate_hz=22_050)

    whole = measured(samples, 22_050, block=10**9)
    small = measured(samples, 22_050, block=997)

    assert small.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-4)
    assert small.max_momentary_lufs == pytest.approx(whole.max_momentary_lufs, abs=1e-4)
    assert small.range_lu == pytest.approx(whole.range_lu, abs=1e-3)


@pytest.mark.parametrize("rate", [8_000, 384_000])
@pytest.mark.parametrize("length_s", [0.0, 0.3, 1.0])
def test_silence_and_shortness_give_none(rate, length_s):
    values = measured(np.zeros((2, round(length_s * rate)), dtype=np.float32), rate)

    assert values == LoudnessValues(
        integrated_lufs=None, range_lu=None, max_momentary_lufs=None, max_short_term_lufs=None
    )


def test_one_second_has_no_short_term_value():
    values = measured(tone(48_000, (1, -23)), 48_000)

    assert values.integrated_lufs == pytest.approx(-23, abs=0.1)
    assert values.max_short_term_lufs is None
    assert values.range_lu is None


def test_channels_weigh_what_their_places_say():
    assert channel_weights(("FL", "FR", "FC", "LFE", "BL", "BR")) == (1, 1, 1, 0, 1.41, 1.41)
    assert channel_weights(("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")) == (1, 1, 1, 0, 1, 1, 1.41, 1.41)
    assert channel_weights(("NONE", "NONE", "NONE")) == (1, 1, 1)
