"""Pieces of music whose tempo and key are known because they are made here: for the demo library and for tests.

Arithmetic only; `writing` puts the result into files.
"""

import enum
from functools import lru_cache

import attrs
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

RATE_HZ = 44_100
BEATS_PER_BAR = 4
MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
MINOR_STEPS = (0, 2, 3, 5, 7, 8, 10)


class Groove(enum.StrEnum):
    """What the drums play."""

    FLOOR = "floor"
    """Kick on every beat, hat between."""
    BACKBEAT = "backbeat"
    """Kick on 1 and 3, snare on 2 and 4, hat in eighths."""
    HALF_TIME = "half-time"
    """Snare on 3 only."""
    SWING = "swing"
    """Backbeat with the off-beat eighths at two thirds of the beat."""
    BREAK = "break"
    """Syncopated kicks under a backbeat, hat in sixteenths."""
    NONE = "none"


class Harmony(enum.StrEnum):
    """How clearly the chords tell the key."""

    CADENCE = "cadence"
    MODAL = "modal"
    """Dorian, Aeolian or Mixolydian vamps without a leading note."""
    SPARSE = "sparse"
    """A bass and a melody, no chords."""
    NONE = "none"
    """Drums alone."""


CHORDS: dict[tuple[Harmony, bool], tuple[tuple[tuple[int, bool], ...], ...]] = {
    (Harmony.CADENCE, False): (
        ((0, False), (7, False), (9, True), (5, False)),
        ((0, False), (5, False), (7, False), (0, False)),
        ((0, False), (9, True), (2, True), (7, False)),
    ),
    (Harmony.CADENCE, True): (
        ((0, True), (8, False), (5, True), (7, False)),
        ((0, True), (5, True), (7, False), (0, True)),
        ((0, True), (8, False), (3, False), (7, False)),
    ),
    (Harmony.MODAL, False): (
        ((0, False), (10, False), (5, False), (0, False)),
        ((0, False), (0, False), (10, False), (0, False)),
    ),
    (Harmony.MODAL, True): (
        ((0, True), (5, False), (0, True), (5, False)),
        ((0, True), (10, False), (8, False), (10, False)),
    ),
}
"""Root above the tonic in semitones and whether the chord is minor, one a bar."""


@attrs.frozen(kw_only=True)
class Piece:
    """A piece to play; the same values give the same samples. `bpm` 20–300 quarters a minute, `tonic` 0 (C) – 11 (B)."""

    bpm: float = attrs.field(validator=[attrs.validators.ge(20.0), attrs.validators.le(300.0)])
    tonic: int = attrs.field(default=0, validator=[attrs.validators.ge(0), attrs.validators.le(11)])
    is_minor: bool = False
    groove: Groove = Groove.BACKBEAT
    harmony: Harmony = Harmony.CADENCE
    tuning_cents: float = 0.0
    seed: int = 1

    @property
    def beat_s(self) -> float:
        """Length of one beat."""
        return 60.0 / self.bpm


def render(piece: Piece, *, length_s: float, rate_hz: int = RATE_HZ) -> Samples:
    """A piece as stereo, float32, shape (2, n), peak 0.8; it starts on beat one and stops wherever `length_s` falls."""
    rng = np.random.default_rng([piece.seed, piece.tonic, round(piece.bpm * 100)])
    stage = np.zeros((2, max(1, round(length_s * rate_hz))), dtype=np.float32)
    bars = int(length_s / (piece.beat_s * BEATS_PER_BAR)) + 1
    _play_harmony(stage, piece, bars, rate_hz, rng)
    _play_drums(stage, piece, bars, rate_hz, rng)
    return _leveled(stage)


def speech(*, length_s: float, rate_hz: int = RATE_HZ, seed: int = 1) -> Samples:
    """Something that has the rhythm and formants of one talking voice, and no words; shape (2, n)."""
    rng = np.random.default_rng([seed, 7001])
    stage = np.zeros((2, max(1, round(length_s * rate_hz))), dtype=np.float32)
    at_s = 0.2
    while at_s < length_s:
        syllable_s = rng.uniform(0.09, 0.24)
        pitch_hz = rng.uniform(95.0, 150.0) * (1.15 - 0.25 * (at_s % 3.0) / 3.0)
        _place(stage, _vowel(syllable_s, pitch_hz, rng, rate_hz), at_s, rate_hz, pan=0.0)
        pause_s = rng.uniform(0.25, 0.7) if rng.random() < 0.12 else rng.uniform(0.01, 0.08)  # a breath, or none
        at_s += syllable_s + pause_s
    return _leveled(stage)


def ambience(*, length_s: float, rate_hz: int = RATE_HZ, seed: int = 1) -> Samples:
    """Slow swells of colored noise and far tones without beat; shape (2, n)."""
    rng = np.random.default_rng([seed, 7002])
    count = max(1, round(length_s * rate_hz))
    time_s = np.arange(count, dtype=np.float32) / np.float32(rate_hz)
    stage = np.empty((2, count), dtype=np.float32)
    for side in range(2):
        noise = np.cumsum(rng.standard_normal(count, dtype=np.float32))
        noise -= np.linspace(noise[0], noise[-1], count, dtype=np.float32)
        noise /= max(1e-9, float(np.abs(noise).max()))
        stage[side] = noise * (0.6 + 0.4 * np.sin(2 * np.pi * (time_s / 9.0 + rng.random())))
    for _ in range(4):
        tone = np.sin(2 * np.pi * rng.uniform(110.0, 660.0) * time_s, dtype=np.float32)
        swell = np.sin(np.pi * ((time_s / rng.uniform(5.0, 11.0) + rng.random()) % 1.0)) ** 2
        stage += 0.15 * tone * swell
    return _leveled(stage)


def _play_harmony(stage: Samples, piece: Piece, bars: int, rate_hz: int, rng: np.random.Generator) -> None:
    if piece.harmony is Harmony.NONE:
        return
    kind = Harmony.CADENCE if piece.harmony is Harmony.SPARSE else piece.harmony
    progressions = CHORDS[kind, piece.is_minor]
    chords = progressions[int(rng.integers(len(progressions)))]
    bright = float(rng.uniform(0.8, 1.6))
    bar_s = piece.beat_s * BEATS_PER_BAR
    for bar in range(bars):
        offset, is_minor = chords[bar % len(chords)]
        root = (piece.tonic + offset) % 12
        start_s = bar * bar_s
        if piece.harmony is not Harmony.SPARSE:
            for step, pan in ((0, -0.4), (3 if is_minor else 4, 0.0), (7, 0.4)):
                pitch = 55 + (root + step - 55) % 12
                note = _note(pitch + piece.tuning_cents / 100, bar_s * 0.98, bright, 0.8, rate_hz)
                _place(stage, 0.22 * note, start_s, rate_hz, pan=pan)
        for beat in (0.0, 1.5, 2.0, 3.0):
            bass = _note(36 + (root - 36) % 12 + piece.tuning_cents / 100, piece.beat_s * 0.7, 2.2, 2.0, rate_hz)
            _place(stage, 0.4 * bass, start_s + beat * piece.beat_s, rate_hz, pan=0.0)
        _play_melody(stage, piece, (root, is_minor), start_s=start_s, rate_hz=rate_hz, rng=rng)


def _play_melody(
    stage: Samples, piece: Piece, chord: tuple[int, bool], *, start_s: float, rate_hz: int, rng: np.random.Generator
) -> None:
    root, is_minor = chord
    steps = MINOR_STEPS if piece.is_minor else MAJOR_STEPS
    for beat in range(BEATS_PER_BAR):
        if rng.random() < 0.35:
            continue
        if beat % 2 == 0:
            pitch_class = (root + int(rng.choice((0, 3 if is_minor else 4, 7)))) % 12
        else:
            pitch_class = (piece.tonic + int(rng.choice(steps))) % 12
        late = 0.5 if rng.random() < 0.3 else 0.0
        note = _note(72 + pitch_class + piece.tuning_cents / 100, piece.beat_s * 0.8, 1.3, 2.5, rate_hz)
        _place(stage, 0.18 * note, start_s + (beat + late) * piece.beat_s, rate_hz, pan=0.2)


def _play_drums(stage: Samples, piece: Piece, bars: int, rate_hz: int, rng: np.random.Generator) -> None:
    kick, snare, hat = _kick(rate_hz), _snare(rate_hz), _hat(rate_hz)
    for bar in range(bars):
        for drum, beats, gain in _pattern(piece.groove):
            sound = {"kick": kick, "snare": snare, "hat": hat}[drum]
            for beat in beats:
                at_s = (bar * BEATS_PER_BAR + beat) * piece.beat_s
                _place(stage, gain * rng.uniform(0.85, 1.0) * sound, at_s, rate_hz, pan=0.3 if drum == "hat" else 0.0)


def _pattern(groove: Groove) -> tuple[tuple[str, tuple[float, ...], float], ...]:
    eighths = tuple(beat / 2 for beat in range(8))
    match groove:
        case Groove.FLOOR:
            return ("kick", (0, 1, 2, 3), 0.8), ("hat", (0.5, 1.5, 2.5, 3.5), 0.3), ("snare", (1, 3), 0.3)
        case Groove.BACKBEAT:
            return ("kick", (0, 2), 0.8), ("snare", (1, 3), 0.5), ("hat", eighths, 0.2)
        case Groove.HALF_TIME:
            return ("kick", (0, 1.5), 0.8), ("snare", (2,), 0.5), ("hat", eighths, 0.2)
        case Groove.SWING:
            swung = (0, 1, 1 + 2 / 3, 2, 3, 3 + 2 / 3)
            return ("kick", (0, 2), 0.6), ("snare", (1, 3), 0.4), ("hat", swung, 0.3)
        case Groove.BREAK:
            sixteenths = tuple(beat / 4 for beat in range(16))
            return ("kick", (0, 0.5, 2.5), 0.8), ("snare", (1, 3), 0.5), ("hat", sixteenths, 0.15)
        case Groove.NONE:
            return ()


@lru_cache(maxsize=512)
def _note(pitch: float, length_s: float, darkness: float, decay: float, rate_hz: int) -> Samples:
    time_s = np.arange(max(1, round(length_s * rate_hz)), dtype=np.float32) / np.float32(rate_hz)
    base_hz = 440.0 * 2 ** ((pitch - 69) / 12)
    tone = np.zeros_like(time_s)
    for harmonic in range(1, 9):
        if harmonic * base_hz < 0.45 * rate_hz:
            tone += np.sin(np.float32(2 * np.pi * harmonic * base_hz) * time_s) / np.float32(harmonic**darkness)
    envelope = np.minimum(1.0, time_s / 0.012) * np.exp(-decay * time_s) * np.minimum(1.0, time_s[::-1] / 0.03)
    note: Samples = (tone * envelope).astype(np.float32)
    return note


@lru_cache(maxsize=8)
def _kick(rate_hz: int) -> Samples:
    time_s = np.arange(round(0.25 * rate_hz)) / rate_hz
    phase = 2 * np.pi * (48 * time_s + 110 / 32 * (1 - np.exp(-32 * time_s)))
    return (np.sin(phase) * np.exp(-14 * time_s)).astype(np.float32)


@lru_cache(maxsize=8)
def _snare(rate_hz: int) -> Samples:
    time_s = np.arange(round(0.18 * rate_hz)) / rate_hz
    noise = np.random.default_rng(11).standard_normal(time_s.size) * np.exp(-26 * time_s)
    return (0.5 * noise + 0.6 * np.sin(2 * np.pi * 190 * time_s) * np.exp(-30 * time_s)).astype(np.float32)


@lru_cache(maxsize=8)
def _hat(rate_hz: int) -> Samples:
    time_s = np.arange(round(0.06 * rate_hz)) / rate_hz
    noise = np.random.default_rng(12).standard_normal(time_s.size + 2)
    return (np.diff(noise, 2) * 0.4 * np.exp(-70 * time_s)).astype(np.float32)


def _vowel(length_s: float, pitch_hz: float, rng: np.random.Generator, rate_hz: int) -> Samples:
    time_s = np.arange(max(1, round(length_s * rate_hz))) / rate_hz
    formants_hz = (rng.uniform(300, 800), rng.uniform(900, 2200), rng.uniform(2400, 3000))
    voice = np.zeros(time_s.size)
    glide = pitch_hz * (time_s - 0.15 * time_s**2 / length_s)
    for harmonic in range(1, 28):
        tone_hz = harmonic * pitch_hz
        gain = sum(np.exp(-(((tone_hz - formant_hz) / 130.0) ** 2)) for formant_hz in formants_hz) / harmonic**0.4
        voice += gain * np.sin(2 * np.pi * harmonic * glide)
    voice *= np.sin(np.pi * np.minimum(1.0, time_s / length_s)) ** 0.6
    hiss = round(min(0.05, length_s / 3) * rate_hz)
    voice[:hiss] += 0.25 * rng.standard_normal(hiss) * np.hanning(hiss)
    return voice.astype(np.float32)


def _place(stage: Samples, sound: Samples, at_s: float, rate_hz: int, *, pan: float) -> None:
    start = round(at_s * rate_hz)
    fitting = sound[: max(0, stage.shape[1] - start)]
    if fitting.size:
        stage[0, start : start + fitting.size] += np.float32(1 - max(0.0, pan)) * fitting
        stage[1, start : start + fitting.size] += np.float32(1 - max(0.0, -pan)) * fitting


def _leveled(stage: Samples) -> Samples:
    highest = float(np.abs(stage).max())
    if highest > 0:
        stage *= np.float32(0.8 / highest)
    return stage
