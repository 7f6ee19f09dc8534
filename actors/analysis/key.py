"""Musical key from the pitches that sound: a histogram over the octave, compared with what each key would give."""

import numpy as np
from numpy.typing import NDArray

from actors.analysis.carry import Samples
from actors.analysis.mono import RATE_HZ
from actors.analysis.spectrum import Spectrum
from actors.model.features import Key

WINDOW = 8_192
HOP = 4_096
LOWEST_HZ = 165.0
"""Basses below wander over the chords' roots and say less of the key."""
HIGHEST_HZ = 2_600.0
AROUND_LINES = 41
OVER_AROUND = 2.0
"""A line is a tone when it stands so far over the mean of its surroundings: drums make surroundings, not tones."""
SILENCE = 1e-5
HARMONICS = 6
HARMONIC_DECAY = 0.7
"""What is heard at a pitch may be the overtone of one below it, each further one less likely."""
STEPS = 120
"""Ten cents each."""
STEPS_PER_SEMITONE = STEPS // 12
LEAST_TONES = 3.0
"""Frames' worth of tones below which no key is given."""
PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well each pitch class fits a major and a minor key. Source: Krumhansl & Kessler 1982, probe-tone ratings."""
SHARPNESS = 14.0
"""From how well a key fits to its chance; set so that a mean confidence is a little below how often it is right."""
MINOR_LEAD = 0.35
"""Minor keys borrow from major ones more than the other way round."""
LEAST_CHANCE = 0.15
"""Below, the pitches do not tell: an even chance is one in 24."""

Histogram = NDArray[np.float64]


class PitchMeter:
    """Collects the pitches of one channel at 22,050 Hz, block by block, in constant memory."""

    def __init__(self) -> None:
        self._spectrum = Spectrum(window=WINDOW, hop=HOP)
        self._histogram: Histogram = np.zeros(STEPS)

    def add(self, samples: Samples) -> None:
        """More of the channel, shape (n,)."""
        for magnitudes in self._spectrum.add(samples):
            self._histogram += _pitches(magnitudes)

    def result(self) -> Histogram:
        """Weight of each tenth of a semitone above A, shape (120,); every frame that has tones weighs the same."""
        return self._histogram


def key(histogram: Histogram) -> Key | None:
    """Key of one recording from the pitches of `PitchMeter`, or None where there are no tones, or no key in them."""
    if histogram.sum() < LEAST_TONES:
        return None
    classes = np.sqrt(_classes(histogram))
    scores = np.empty(24)
    for number, profile in enumerate(PROFILES):
        fitting = (np.array(profile) - np.mean(profile)) / np.std(profile)
        for tonic in range(12):
            scores[12 * number + tonic] = SHARPNESS * fitting @ np.roll(classes, -tonic) + MINOR_LEAD * number
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    best = int(np.argmax(chances))
    if chances[best] < LEAST_CHANCE:
        return None
    return Key(tonic=best % 12, is_minor=best >= 12, confidence=float(chances[best]))


def _pitches(magnitudes: Samples) -> Histogram:
    """Histogram of the tones in some frames, shape (frames, lines)."""
    line_hz = RATE_HZ / WINDOW
    first, last = int(LOWEST_HZ / line_hz), int(HIGHEST_HZ / line_hz)
    half = AROUND_LINES // 2
    heard = magnitudes[:, first - half - 1 : last + half + 1]
    sums = np.cumsum(heard, axis=1, dtype=np.float64)
    around = (sums[:, AROUND_LINES:] - sums[:, :-AROUND_LINES]) * (OVER_AROUND / AROUND_LINES)
    inner = heard[:, half + 1 : -half]
    is_tone = inner > np.maximum(around, SILENCE)
    is_tone &= (inner > heard[:, half : -half - 1]) & (inner >= heard[:, half + 2 : heard.shape[1] - half + 1])
    frames, lines = np.nonzero(is_tone)
    if not frames.size:
        return np.zeros(STEPS)
    left, top, right = (np.log(heard[frames, lines + half + 1 + shift] + 1e-12) for shift in (-1, 0, 1))
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9), -0.5, 0.5)
    pitches = 12 * np.log2((lines + first + offset) * line_hz / 440)
    weights = np.exp(0.5 * top)
    weights /= np.bincount(frames, weights, minlength=magnitudes.shape[0])[frames]
    histogram = np.zeros(STEPS)
    for harmonic in range(1, HARMONICS + 1):
        steps = np.round((pitches - 12 * np.log2(harmonic)) * STEPS_PER_SEMITONE).astype(np.intp) % STEPS
        histogram += HARMONIC_DECAY ** (harmonic - 1) * np.bincount(steps, weights, minlength=STEPS)
    return histogram


def _classes(histogram: Histogram) -> Histogram:
    """Part of each of the twelve pitch classes from C on, by the recording's own tuning, which may be off by half a semitone."""
    turns = np.exp(2j * np.pi * np.arange(STEPS) / STEPS_PER_SEMITONE)
    tuning = np.angle(histogram @ turns) / (2 * np.pi)
    pitches = np.arange(STEPS) / STEPS_PER_SEMITONE - tuning
    nearest = np.round(pitches)
    weights = np.maximum(0.0, 1 - 1.2 * np.abs(pitches - nearest)) * histogram
    # The histogram starts at A, nine semitones above C.
    classes = np.bincount((nearest.astype(np.intp) + 9) % 12, weights, minlength=12)
    share: Histogram = classes / classes.sum()
    return share
