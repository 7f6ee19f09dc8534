"""One channel at one rate, whatever comes in: what tempo and key are taken from."""

import numpy as np
import soxr  # type: ignore[import-untyped]  # it publishes no types

from actors.analysis.carry import Samples

RATE_HZ = 22_050


class Mono:
    """Mixes all channels and resamples them to 22,050 Hz, block by block."""

    def __init__(self, *, rate_hz: int) -> None:
        self._resampler = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="LQ")

    def add(self, block: Samples) -> Samples:
        """The next samples of the mix, shape (n,), for a block of shape (channels, m)."""
        mixed = block[0] if block.shape[0] == 1 else block.mean(axis=0)
        return self._given(mixed, last=False)

    def rest(self) -> Samples:
        """What the resampler still held back at the end."""
        return self._given(np.zeros(0, dtype=np.float32), last=True)

    def _given(self, mixed: Samples, *, last: bool) -> Samples:
        samples: Samples = self._resampler.resample_chunk(np.ascontiguousarray(mixed), last=last)
        return samples
