"""What analysis measures of one recording."""

import attrs

ANALYSIS_VERSION = 1
"""Grows when a measurement changes its meaning; older results are then made anew."""

TONICS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
CAMELOT_MAJOR = (8, 3, 10, 5, 12, 7, 2, 9, 4, 11, 6, 1)


@attrs.frozen(kw_only=True)
class Loudness:
    """Loudness by ITU-R BS.1770 and EBU R128; None where silence or shortness gives no value."""

    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None


@attrs.frozen(kw_only=True)
class Tempo:
    """Beat rate: `bpm` 40–240, `confidence` 0–1, the other readings of the same pulse, most likely first."""

    bpm: float
    confidence: float
    alternatives: tuple[float, ...] = ()


@attrs.frozen(kw_only=True)
class Key:
    """Musical key: `tonic` 0 (C) – 11 (B), `confidence` 0–1."""

    tonic: int = attrs.field(validator=[attrs.validators.ge(0), attrs.validators.le(11)])
    is_minor: bool
    confidence: float

    @property
    def name(self) -> str:
        """The standard name: `A minor`, `F♯ major`."""
        return f"{TONICS[self.tonic]} {'minor' if self.is_minor else 'major'}"

    @property
    def camelot(self) -> str:
        """The name on the Camelot wheel: `8A` is A minor, `8B` C major."""
        if self.is_minor:
            return f"{CAMELOT_MAJOR[(self.tonic + 3) % 12]}A"
        return f"{CAMELOT_MAJOR[self.tonic]}B"


@attrs.frozen(kw_only=True)
class Features:
    """All measurements of one recording from one decode."""

    version: int
    duration_s: float
    """What was really decoded; the container may claim otherwise."""
    loudness: Loudness
    tempo: Tempo | None
    key: Key | None
    peaks: bytes
    """Waveform: pairs of int8 (lowest, highest), full scale ±127, evenly spread over the duration; at most 2,000 pairs."""
