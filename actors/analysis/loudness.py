"""Loudness by ITU-R BS.1770 and EBU R128: integrated, range, and the highest momentary and short-term values."""

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from actors.analysis.carry import Samples
from actors.analysis.weighting import Energies, KWeighting

STEPS_PER_TENTH = 10
MOMENTARY_STEPS = 40
SHORT_TERM_STEPS = 300
GATE_TENTHS = 4
RANGE_TENTHS = 30
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = 10.0
RANGE_GATE_LU = 20.0
RANGE_PERCENTILES = (10, 95)
SURROUND_WEIGHT = 1.41
SIDES = frozenset({"SL", "SR"})
BACKS = frozenset({"BL", "BR"})
LOW_EFFECTS = frozenset({"LFE", "LFE2"})


@attrs.frozen(kw_only=True)
class LoudnessValues:
    """In LUFS and LU; None where the recording is too short or too silent for a value."""

    integrated_lufs: float | None
    range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None


def channel_weights(speakers: Sequence[str]) -> tuple[float, ...]:
    """How much each channel counts: surrounds 1.41, the low-frequency channel nothing.

    Args:
        speakers: places in FFmpeg's names, one a channel. Channels at the back are the surrounds where none are at the sides.

    Source: ITU-R BS.1770-5, annex 1, table 3, and annex 3, table 4.
    """
    surrounds = SIDES if SIDES & set(speakers) else BACKS
    return tuple(0.0 if place in LOW_EFFECTS else SURROUND_WEIGHT if place in surrounds else 1.0 for place in speakers)


class LoudnessMeter:
    """Measures one recording, block by block; keeps ten values a second of it."""

    def __init__(self, *, rate_hz: int, speakers: Sequence[str]) -> None:
        self._weights = channel_weights(speakers)
        self._channels = [KWeighting(rate_hz) for _ in speakers]
        self._recent = np.zeros(0)
        self._tenths: list[Energies] = []
        self._waiting = np.zeros(0)
        self._max_momentary = 0.0
        self._max_short_term = 0.0

    def add(self, block: Samples) -> None:
        """More of the recording, shape (channels, n)."""
        energies: Energies | None = None
        for samples, weight, channel in zip(block, self._weights, self._channels, strict=True):
            if weight:
                weighted = weight * channel.add(samples)
                energies = weighted if energies is None else energies + weighted
        if energies is not None and energies.size:
            self._note(energies)

    def _note(self, energies: Energies) -> None:
        window = np.concatenate((self._recent, energies))
        sums = np.concatenate(([0.0], np.cumsum(window)))
        first = self._recent.size
        self._max_momentary = max(self._max_momentary, _highest_mean(sums, MOMENTARY_STEPS, first))
        self._max_short_term = max(self._max_short_term, _highest_mean(sums, SHORT_TERM_STEPS, first))
        self._recent = window[-(SHORT_TERM_STEPS - 1) :]
        waiting = np.concatenate((self._waiting, energies))
        whole = waiting.size // STEPS_PER_TENTH * STEPS_PER_TENTH
        self._tenths.append(waiting[:whole].reshape(-1, STEPS_PER_TENTH).mean(axis=1))
        self._waiting = waiting[whole:]

    def result(self) -> LoudnessValues:
        """The values of all that was added."""
        tenths = np.concatenate(self._tenths) if self._tenths else np.zeros(0)
        return LoudnessValues(
            integrated_lufs=_integrated(_means(tenths, GATE_TENTHS)),
            range_lu=_range(_means(tenths, RANGE_TENTHS)),
            max_momentary_lufs=_lufs(self._max_momentary),
            max_short_term_lufs=_lufs(self._max_short_term),
        )


def _highest_mean(sums: NDArray[np.float64], width: int, first: int) -> float:
    """The highest mean over `width` steps among the windows that end after step `first`; 0.0 when none is whole."""
    start = max(0, first + 1 - width)
    totals = sums[start + width :] - sums[start:-width]
    return max(0.0, float(totals.max(initial=0.0)) / width)


def _means(tenths: Energies, width: int) -> Energies:
    if tenths.size < width:
        return np.zeros(0)
    means: Energies = np.lib.stride_tricks.sliding_window_view(tenths, width).mean(axis=1)
    return means


def _integrated(means: Energies) -> float | None:
    """Source: ITU-R BS.1770-5, annex 1, equations 4 to 7."""
    loud = means[means > _energy(ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    gate = loud.mean() * 10 ** (-RELATIVE_GATE_LU / 10)
    return _lufs(float(loud[loud > gate].mean()))


def _range(means: Energies) -> float | None:
    """Source: EBU Tech 3342, section 3; windows every 100 ms."""
    loud = means[means > _energy(ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    gate = loud.mean() * 10 ** (-RANGE_GATE_LU / 10)
    low, high = np.percentile(loud[loud > gate], RANGE_PERCENTILES)
    return float(10 * np.log10(high / low))


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _lufs(energy: float) -> float | None:
    return float(-0.691 + 10 * np.log10(energy)) if energy > 0 else None
