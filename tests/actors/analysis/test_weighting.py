"""K-weighting by rows against the plain filter."""

import numpy as np
import pytest
from scipy import signal

from actors.analysis.weighting import KWeighting, k_weighting, step_samples


def test_coefficients_at_48_khz_are_those_of_the_recommendation():
    zeros, poles = k_weighting(48_000)

    assert zeros[0] == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285), abs=1e-9)
    assert poles[0] == pytest.approx((1.0, -1.69065929318241, 0.73248077421585), abs=1e-9)
    assert poles[1] == pytest.approx((1.0, -1.99004745483398, 0.99007225036621), abs=1e-9)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000, 96_000, 192_000, 384_000])
def test_rows_give_the_energies_of_the_plain_filter(rate_hz):
    noise = np.random.default_rng(1).standard_normal(2 * rate_hz).astype(np.float32) + np.float32(0.5)
    zeros, poles = k_weighting(rate_hz)
    plain = signal.sosfilt(np.concatenate((zeros, poles), axis=1), noise.astype(np.float64))
    weighting = KWeighting(rate_hz)

    energies = np.concatenate([weighting.add(part) for part in np.array_split(noise, 7)])

    steps = plain[: energies.size * weighting.step].reshape(-1, weighting.step)
    assert energies.size >= 190
    assert energies == pytest.approx((steps**2).mean(axis=1), rel=1e-3)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 37_800, 44_100, 48_000, 88_200, 96_000, 384_000])
def test_a_step_is_about_ten_milliseconds_of_whole_rows(rate_hz):
    step, rows = step_samples(rate_hz)

    assert step % rows == 0
    assert step == pytest.approx(rate_hz / 100, rel=0.02)


def test_nothing_comes_before_a_step_is_whole():
    weighting = KWeighting(48_000)

    assert weighting.add(np.ones(479, dtype=np.float32)).size == 0
    assert weighting.add(np.ones(1, dtype=np.float32)).size == 1
