"""Musical key from the pitches that sound: histograms over the octave, compared with what each key would give."""

import attrs
import numpy as np
from numpy.typing import NDArray

from actors.analysis.carry import Samples
from actors.analysis.mono import RATE_HZ
from actors.analysis.spectrum import Spectrum
from actors.model.features import Key

WINDOW = 8_192
HOP = 4_096
LINE_HZ = RATE_HZ / WINDOW
AROUND_LINES = 41
SILENCE = 1e-5
HARMONIC_DECAY = 0.7
STEPS = 120
"""Ten cents each."""
STEPS_PER_SEMITONE = STEPS // 12
LEAST_TONES = 3.0
"""Frames' worth of tones below which no key is given."""
LEAST_CHANCE = 0.15
"""Below, the pitches do not tell: an even chance is one in 24."""
MOST_CLASSES = 11.5
LEAST_TUNED = 0.12
"""With more pitch classes at once that keep to semitones less than this, it is noise or talk: noise reaches 0.08, music 0.2–0.9."""
LARGEST_CLASS = 0.45
"""Of the chords: a lone sine has 0.7, as it may be the overtone of others, and music at most 0.35."""


@attrs.frozen(kw_only=True)
class Register:
    """A range of pitches, and when a line of the spectrum is a tone there."""

    lowest_hz: float
    highest_hz: float
    over_around: float
    """A tone stands so far over the mean of its surroundings: drums make surroundings, not tones."""
    harmonics: int
    """What is heard at a pitch may be one of so many overtones of one below it, each further one less likely."""


BASS = Register(lowest_hz=35.0, highest_hz=200.0, over_around=1.5, harmonics=1)
CHORDS = Register(lowest_hz=165.0, highest_hz=2_600.0, over_around=2.0, harmonics=6)

WEIGHTS = (
    (
        (4.1, -0.4, 0.3, -0.4, 0.5, -1.0, 0.3, 0.6, 0.0, 1.4, 0.7, -0.9),
        (31.3, -14.3, 0.0, -13.3, 10.4, 6.3, -11.1, 19.2, -12.8, 2.0, -13.8, -6.2),
    ),
    (
        (5.1, -0.9, 0.6, -2.4, 0.3, -1.1, 0.7, 1.3, -1.0, 0.5, 0.1, -0.3),
        (31.5, -13.0, -0.8, 20.1, -13.5, -1.7, -14.2, 12.9, 2.6, -11.2, -4.0, -6.3),
    ),
)
"""How each pitch class above the tonic speaks for a major and a minor key, in the bass and in the chords.

The chords' began as the probe-tone ratings of Krumhansl & Kessler 1982, and both were then learned by logistic regression
over 816 made pieces with cadences, modal vamps, random diatonic chords, and bass and melody alone.
"""
MINOR_LEAD = 1.3

Histogram = NDArray[np.float64]


class PitchMeter:
    """Collects the pitches of one channel at 22,050 Hz, block by block, in constant memory."""

    def __init__(self) -> None:
        self._spectrum = Spectrum(window=WINDOW, hop=HOP)
        self._histograms: Histogram = np.zeros((2, STEPS))

    def add(self, samples: Samples) -> None:
        """More of the channel, shape (n,)."""
        for magnitudes in self._spectrum.add(samples):
            self._histograms += (_pitches(magnitudes, BASS), _pitches(magnitudes, CHORDS))

    def result(self) -> Histogram:
        """Weight of each tenth of a semitone above A in the bass and in the chords, shape (2, 120).

        Every frame that has tones weighs the same.
        """
        return self._histograms


def key(histograms: Histogram) -> Key | None:
    """Key of one recording from the pitches of `PitchMeter`, or None where there are no tones, or but one, or no key in them."""
    if histograms[1].sum() < LEAST_TONES:
        return None
    tuned, tuning = _tuning(histograms[1])
    shares = [_classes(histogram, tuning) for histogram in histograms]
    if _spread(shares[1]) > MOST_CLASSES and tuned < LEAST_TUNED:
        return None
    if shares[1].max() > LARGEST_CLASS:
        return None
    classes = [np.sqrt(share) for share in shares]
    scores = np.empty(24)
    for mode, profiles in enumerate(WEIGHTS):
        for tonic in range(12):
            fits = [np.dot(profile, np.roll(part, -tonic)) for profile, part in zip(profiles, classes, strict=True)]
            scores[12 * mode + tonic] = sum(fits) + MINOR_LEAD * mode
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    best = int(np.argmax(chances))
    if chances[best] < LEAST_CHANCE:
        return None
    return Key(tonic=best % 12, is_minor=best >= 12, confidence=float(chances[best]))


def _pitches(magnitudes: Samples, register: Register) -> Histogram:
    """Histogram of the tones in some frames, shape (frames, lines)."""
    first, last = int(register.lowest_hz / LINE_HZ), int(register.highest_hz / LINE_HZ)
    half = AROUND_LINES // 2
    heard = np.pad(magnitudes[:, : last + half + 1], ((0, 0), (half + 1, 0)))[:, first:]
    sums = np.cumsum(heard, axis=1, dtype=np.float64)
    around = (sums[:, AROUND_LINES:] - sums[:, :-AROUND_LINES]) * (register.over_around / AROUND_LINES)
    inner = heard[:, half + 1 : -half]
    is_tone = inner > np.maximum(around, SILENCE)
    is_tone &= (inner > heard[:, half : -half - 1]) & (inner >= heard[:, half + 2 : heard.shape[1] - half + 1])
    frames, lines = np.nonzero(is_tone)
    if not frames.size:
        return np.zeros(STEPS)
    left, top, right = (np.log(heard[frames, lines + half + 1 + shift] + 1e-12) for shift in (-1, 0, 1))
    offset = np.clip(0.5 * (left - right) / np.minimum(left - 2 * top + right, -1e-9), -0.5, 0.5)
    pitches = 12 * np.log2((lines + first + offset) * LINE_HZ / 440)
    weights = np.exp(0.5 * top)
    weights /= np.bincount(frames, weights, minlength=magnitudes.shape[0])[frames]
    histogram = np.zeros(STEPS)
    for harmonic in range(1, register.harmonics + 1):
        steps = np.round((pitches - 12 * np.log2(harmonic)) * STEPS_PER_SEMITONE).astype(np.intp) % STEPS
        histogram += HARMONIC_DECAY ** (harmonic - 1) * np.bincount(steps, weights, minlength=STEPS)
    return histogram


def _tuning(histogram: Histogram) -> tuple[float, float]:
    """How far pitches keep to semitones at all, 0–1, and how far these lie from A = 440 Hz, in semitones, ±0.5."""
    turns = np.exp(2j * np.pi * np.arange(STEPS) / STEPS_PER_SEMITONE)
    mean = histogram @ turns / histogram.sum()
    return float(abs(mean)), float(np.angle(mean) / (2 * np.pi))


def _spread(share: Histogram) -> float:
    """Over how many pitch classes the sound is spread, 1–12, by entropy."""
    some = share[share > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def _classes(histogram: Histogram, tuning: float) -> Histogram:
    """Part of each of the twelve pitch classes from C on; zeros where nothing sounds."""
    pitches = np.arange(STEPS) / STEPS_PER_SEMITONE - tuning
    nearest = np.round(pitches)
    weights = np.maximum(0.0, 1 - 1.2 * np.abs(pitches - nearest)) * histogram
    # The histogram starts at A, nine semitones above C.
    classes = np.bincount((nearest.astype(np.intp) + 9) % 12, weights, minlength=12)
    share: Histogram = classes / max(float(classes.sum()), 1e-9)
    return share
