"""Magnitudes of short windows: the one spectrum that tempo and key are taken from, each with its own window."""

import numpy as np
from scipy import fft

from actors.analysis.carry import Carry, Samples

FRAMES_AT_ONCE = 256
"""Small enough that a turn's frames stay in the processor's cache."""


class Spectrum:
    """Cuts one channel into overlapping windows (Hann) and gives their magnitudes."""

    def __init__(self, *, window: int, hop: int) -> None:
        self._window = window
        self._hop = hop
        self._carry = Carry(hop, overlap=window - hop)
        shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        # A full-scale sine reads 1.
        self._shape = (shape / (window / 4)).astype(np.float32)

    def add(self, samples: Samples) -> list[Samples]:
        """Magnitudes of the windows that are whole by now: arrays of shape (frames, window // 2 + 1)."""
        whole = self._carry.take(samples)
        if whole.size < self._window:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(whole, self._window)[:: self._hop]
        return [
            np.abs(fft.rfft(windows[start : start + FRAMES_AT_ONCE] * self._shape, axis=1))
            for start in range(0, windows.shape[0], FRAMES_AT_ONCE)
        ]
