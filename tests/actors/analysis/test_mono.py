"""One channel at one rate."""

import numpy as np
import pytest

from actors.analysis.mono import RATE_HZ, Mono


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 384_000])
def test_a_tone_keeps_its_pitch_length_and_level(rate_hz):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate_hz) / rate_hz).astype(np.float32)
    mono = Mono(rate_hz=rate_hz)

    heard = np.concatenate([mono.add(np.stack((part, part))) for part in np.array_split(tone, 5)] + [mono.rest()])

    assert heard.size == pytest.approx(2 * RATE_HZ, abs=2)
    spectrum = np.abs(np.fft.rfft(heard[:RATE_HZ]))
    assert np.argmax(spectrum) == 1000
    assert np.abs(heard[5000:-5000]).max() == pytest.approx(0.5, abs=0.01)


def test_channels_are_averaged():
    mono = Mono(rate_hz=RATE_HZ)

    heard = np.concatenate((mono.add(np.array([[1.0] * 4000, [0.0] * 4000], dtype=np.float32)), mono.rest()))

    assert heard[1000:3000] == pytest.approx(0.5, abs=0.01)
