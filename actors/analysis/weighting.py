"""K-weighting of ITU-R BS.1770, as energies of short steps: the filter runs as matrix products over rows of samples.

A row of L samples goes through the filter as y = x·T + s·O, where s is the filter's state at its start: T holds the impulse
response, O what the state still gives. Only the states, one for each row, are found by a recursion.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from actors.analysis.carry import Carry, Samples

STEPS_PER_S = 100
ROW_SAMPLES = (20, 64, 48)
"""Shortest, longest and best length of a row: the products cost more with long rows, the recursion with short ones."""

Energies = NDArray[np.float64]


def k_weighting(rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both stages of the weighting as second-order sections: numerators and denominators, each of shape (2, 3).

    Source: ITU-R BS.1770-5, annex 1, tables 1 and 2, carried over to other rates by the analog prototypes behind them.
    """
    tangent, quality = math.tan(math.pi * 1681.974450955533 / rate_hz), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    scale = 1 + tangent / quality + tangent**2
    shelf = (
        (high + band * tangent / quality + tangent**2) / scale,
        2 * (tangent**2 - high) / scale,
        (high - band * tangent / quality + tangent**2) / scale,
    )
    shelf_poles = (1.0, 2 * (tangent**2 - 1) / scale, (1 - tangent / quality + tangent**2) / scale)
    tangent, quality = math.tan(math.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    scale = 1 + tangent / quality + tangent**2
    pass_poles = (1.0, 2 * (tangent**2 - 1) / scale, (1 - tangent / quality + tangent**2) / scale)
    return np.array((shelf, (1.0, -2.0, 1.0))), np.array((shelf_poles, pass_poles))


def step_samples(rate_hz: int) -> tuple[int, int]:
    """Length of a step of ten milliseconds, as nearly as rows allow, and how many rows it has."""
    shortest, longest, best = ROW_SAMPLES
    step = max(1, round(rate_hz / STEPS_PER_S))
    fitting = [row for row in range(shortest, longest + 1) if step % row == 0]
    if fitting:
        row = min(fitting, key=lambda row: abs(row - best))
        return step, step // row
    rows = max(1, round(step / best))
    return rows * max(1, round(step / rows)), rows


class KWeighting:
    """The weighted energy of one channel in steps of ten milliseconds."""

    def __init__(self, rate_hz: int) -> None:
        self.step, self._rows = step_samples(rate_hz)
        row = self.step // self._rows
        self._carry = Carry(self.step)
        zeros, poles = k_weighting(rate_hz)
        residues, modes, direct = _partial_fractions(np.convolve(*zeros), poles)
        powers = modes[:, None] ** np.arange(row + 1)
        impulse = 2 * (residues[:, None] * powers[:, :row]).real.sum(axis=0)
        impulse[0] += direct
        self._through = np.zeros((row, row), dtype=np.float32)
        for place in range(row):
            self._through[place, place:] = impulse[: row - place]
        into = powers[:, row - 1 :: -1]
        self._into = np.concatenate((into.real, into.imag)).T.astype(np.float32)
        out = 2 * residues[:, None] * powers[:, 1:]
        self._out = np.concatenate((out.real, -out.imag)).astype(np.float32)
        self._leap = powers[:, row]
        self._states = np.zeros(modes.size, dtype=np.complex128)

    def add(self, samples: Samples) -> Energies:
        """Mean square of each whole step of one channel, shape (steps,), after the weighting; the rest waits for more."""
        whole = self._carry.take(samples)
        if not whole.size:
            return np.zeros(0)
        rows = whole.reshape(-1, self._through.shape[0])
        weighted = rows @ self._through
        weighted += self._row_states(rows @ self._into) @ self._out
        squares: Energies = np.vecdot(weighted, weighted).astype(np.float64)
        energies: Energies = squares.reshape(-1, self._rows).sum(axis=1) / self.step
        return energies

    def _row_states(self, inputs: Samples) -> Samples:
        """State of the filter at the start of every row, from what each row adds to it; shape (rows, 4)."""
        count = self._states.size
        states = np.empty((inputs.shape[0], 2 * count), dtype=np.float32)
        for mode, leap in enumerate(self._leap):
            driven = inputs[:, mode] + 1j * inputs[:, count + mode].astype(np.float64)
            ends, _ = signal.lfilter([1.0], [1.0, -leap], driven, zi=[leap * self._states[mode]])
            states[0, mode], states[0, count + mode] = self._states[mode].real, self._states[mode].imag
            states[1:, mode], states[1:, count + mode] = ends[:-1].real, ends[:-1].imag
            self._states[mode] = ends[-1]
        return states


def _partial_fractions(
    zeros: NDArray[np.float64], poles: NDArray[np.float64]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], float]:
    """The filter as direct + Σ 2·Re(residue / (1 − mode/z)): one of each conjugate pair of poles stands for both.

    By hand, for the high-pass has a pair so close together that scipy.signal.residuez takes it for a double pole.
    """
    every = np.concatenate([np.roots(section) for section in poles])
    modes = every[every.imag > 0]
    residues = np.array(
        [np.polyval(zeros[::-1], 1 / mode) / np.prod(1 - every[every != mode] / mode) for mode in modes]
    )
    return residues, modes, float(zeros[-1] / np.convolve(*poles)[-1])
