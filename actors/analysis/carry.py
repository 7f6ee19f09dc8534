"""Cuts a stream of blocks of any length into pieces of whole units, carrying the rest over to the next."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""float32, full scale ±1, finite; shape (n,) for one channel or (channels, n)."""


class Carry:
    """Regroups samples along the last axis."""

    def __init__(self, unit: int, *, overlap: int = 0) -> None:
        """Pieces are `overlap` plus a multiple of `unit` long, and each begins with the last `overlap` of the one before."""
        self._unit = unit
        self._overlap = overlap
        self._rest: Samples | None = None

    def take(self, block: Samples) -> Samples:
        """What is whole by now, perhaps nothing; a view of `block` where that is possible."""
        rest = self._rest
        joined = block if rest is None or not rest.shape[-1] else np.concatenate((rest, block), axis=-1)
        units = max(0, joined.shape[-1] - self._overlap) // self._unit
        end = units * self._unit
        self._rest = joined[..., end:].copy()
        return joined[..., : end + self._overlap] if units else joined[..., :0]

    def rest(self) -> Samples | None:
        """What is left over at the end, the overlap included; None when nothing ever came."""
        return self._rest
