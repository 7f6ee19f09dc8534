"""The waveform as pairs of lowest and highest values, few enough to send whatever the length."""

import numpy as np
from numpy.typing import NDArray

from actors.analysis.carry import Carry, Samples

MOST_PAIRS = 2_000
CELLS_PER_S = 400
FULL_SCALE = 127

Outline = NDArray[np.float32]
"""Shape (2, n): lowest and highest values."""


class Waveform:
    """Collects one recording's outline, block by block, over all channels."""

    def __init__(self, *, rate_hz: int) -> None:
        self._cell = max(1, rate_hz // CELLS_PER_S)
        self._carry = Carry(self._cell)
        self._cells_per_pair = 1
        self._pairs: Outline = np.zeros((2, 0), dtype=np.float32)
        self._waiting: Outline = np.zeros((2, 0), dtype=np.float32)

    def add(self, block: Samples) -> None:
        """More of the recording, shape (channels, n)."""
        whole = self._carry.take(block)
        if whole.size:
            self._fold(_outline(whole, self._cell))

    def result(self) -> bytes:
        """Pairs of int8, lowest then highest, full scale ±127; at most 2,000 pairs, evenly spread. Call it once, at the end."""
        rest = self._carry.rest()
        if rest is not None and rest.size:
            self._fold(_outline(rest, rest.shape[-1]))
        pairs = self._pairs
        if self._waiting.size:
            pairs = np.concatenate((pairs, _reduced(self._waiting, self._waiting.shape[1])), axis=1)
        scaled = np.stack((np.floor(pairs[0] * FULL_SCALE), np.ceil(pairs[1] * FULL_SCALE)), axis=1)
        packed: bytes = np.clip(scaled, -FULL_SCALE, FULL_SCALE).astype(np.int8).tobytes()
        return packed

    def _fold(self, cells: Outline) -> None:
        self._waiting = np.concatenate((self._waiting, cells), axis=1)
        # One place is kept for what is waiting at the end.
        while self._pairs.shape[1] + self._waiting.shape[1] // self._cells_per_pair >= MOST_PAIRS:
            self._coarsen()
        whole = self._waiting.shape[1] // self._cells_per_pair * self._cells_per_pair
        if whole:
            self._pairs = np.concatenate(
                (self._pairs, _reduced(self._waiting[:, :whole], self._cells_per_pair)), axis=1
            )
            self._waiting = self._waiting[:, whole:]

    def _coarsen(self) -> None:
        even = self._pairs.shape[1] // 2 * 2
        odd = np.repeat(self._pairs[:, even:], self._cells_per_pair, axis=1)
        self._waiting = np.concatenate((odd, self._waiting), axis=1)
        self._pairs = _reduced(self._pairs[:, :even], 2) if even else self._pairs[:, :0]
        self._cells_per_pair *= 2


def _outline(block: Samples, cell: int) -> Outline:
    lowest, highest = block.min(axis=0), block.max(axis=0)
    return np.stack((lowest.reshape(-1, cell).min(axis=1), highest.reshape(-1, cell).max(axis=1)))


def _reduced(outline: Outline, width: int) -> Outline:
    return np.stack((outline[0].reshape(-1, width).min(axis=1), outline[1].reshape(-1, width).max(axis=1)))
