"""How strongly something begins at each moment, in three bands: what a listener's foot follows."""

import numpy as np
from numpy.typing import NDArray

from actors.analysis.carry import Samples
from actors.analysis.mono import RATE_HZ
from actors.analysis.spectrum import Spectrum

WINDOW = 1_024
HOP = 256
FRAMES_PER_S = RATE_HZ / HOP
BANDS = 24
LOWEST_HZ = 40.0
HIGHEST_HZ = 10_500.0
GROUP_EDGES_HZ = (180.0, 1_800.0)
"""Below: kick and bass. Between: snare and voices. Above: cymbals."""
LONGEST_S = 2 * 3600
"""Onsets of the first two hours are kept: enough for any tempo, and a bound for memory."""
COMPRESSION = 1_000.0
"""Makes soft onsets count beside loud ones."""

Onsets = NDArray[np.float32]
"""Shape (3, frames), not negative."""


class OnsetMeter:
    """Collects the onsets of one channel at 22,050 Hz, block by block."""

    def __init__(self) -> None:
        self._spectrum = Spectrum(window=WINDOW, hop=HOP)
        self._bands, self._groups = _filters()
        self._before: Samples | None = None
        self._found: list[Onsets] = []
        self._frames = 0

    def add(self, samples: Samples) -> None:
        """More of the channel, shape (n,)."""
        if self._frames > LONGEST_S * FRAMES_PER_S:
            return
        for magnitudes in self._spectrum.add(samples):
            levels = np.log1p(magnitudes @ self._bands)
            if self._before is not None:
                levels = np.concatenate((self._before, levels))
            self._before = levels[-1:]
            rises = np.maximum(0.0, np.diff(levels, axis=0))
            self._found.append((rises @ self._groups).T)
            self._frames += rises.shape[0]

    def result(self) -> Onsets:
        """All onsets so far."""
        if not self._found:
            return np.zeros((len(GROUP_EDGES_HZ) + 1, 0), dtype=np.float32)
        return np.concatenate(self._found, axis=1)


def _filters() -> tuple[Samples, Samples]:
    """Sums of spectral lines into bands, shape (lines, 24), and of bands into groups, shape (24, 3)."""
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
    middles = np.sqrt(edges[1:] * edges[:-1])
    lines = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    bands = np.zeros((lines.size, BANDS), dtype=np.float32)
    for band in range(BANDS):
        inside = (lines >= edges[band]) & (lines < edges[band + 1])
        if not inside.any():
            inside[np.argmin(np.abs(lines - middles[band]))] = True
        bands[inside, band] = COMPRESSION / np.sqrt(inside.sum())
    group = np.searchsorted(GROUP_EDGES_HZ, middles)
    groups = (group[:, None] == np.arange(len(GROUP_EDGES_HZ) + 1)).astype(np.float32)
    return bands, groups
