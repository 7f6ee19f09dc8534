"""What analysis measured, as clients see it."""

import msgspec

from actors.model.features import Features, Key, Loudness


class LoudnessView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Loudness by ITU-R BS.1770 and EBU R128; null where silence or shortness gives no value."""

    integrated_lufs: float | None
    """Of the whole, in LUFS; null for silence."""
    range_lu: float | None
    """Loudness range, in LU; null for what is too short."""
    true_peak_dbtp: float | None
    """Highest peak between samples, in dBTP; null for silence."""
    sample_peak_dbfs: float | None
    """Highest sample, in dBFS; null for silence."""
    max_momentary_lufs: float | None
    """Loudest 0.4 s, in LUFS; null for what is too short."""
    max_short_term_lufs: float | None
    """Loudest 3 s, in LUFS; null for what is too short."""


class TempoView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Beat rate; `confidence` 0–1; other readings of the same pulse, most likely first."""

    bpm: float
    """Beats per minute."""
    confidence: float
    """0–1."""
    alternatives: tuple[float, ...]
    """Other readings of the same pulse in beats per minute, most likely first."""


class KeyView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Musical key: `tonic` 0 (C) – 11 (B), `name` as written, `camelot` its place on the Camelot wheel."""

    tonic: int
    """0 (C) – 11 (B)."""
    is_minor: bool
    """Minor, or else major."""
    name: str
    """As written, such as `A minor`."""
    camelot: str
    """Place on the Camelot wheel, such as `8A`."""
    confidence: float
    """0–1."""


class FeaturesView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What analysis measured; the waveform has addresses of its own. `duration` is what was really decoded."""

    version: int
    """Of the analysis."""
    duration: float
    """Seconds that were really decoded."""
    loudness: LoudnessView
    """How loud it is."""
    tempo: TempoView | None
    """How fast it is; null where no beat was found."""
    key: KeyView | None
    """Its key; null where none was found."""


def features_view(features: Features) -> FeaturesView:
    """What analysis measured, as clients see it."""
    tempo = features.tempo
    return FeaturesView(
        version=features.version,
        duration=features.duration_s,
        loudness=_loudness_view(features.loudness),
        tempo=TempoView(bpm=tempo.bpm, confidence=tempo.confidence, alternatives=tempo.alternatives) if tempo else None,
        key=_key_view(features.key) if features.key else None,
    )


def _loudness_view(loudness: Loudness) -> LoudnessView:
    return LoudnessView(
        integrated_lufs=loudness.integrated_lufs,
        range_lu=loudness.range_lu,
        true_peak_dbtp=loudness.true_peak_dbtp,
        sample_peak_dbfs=loudness.sample_peak_dbfs,
        max_momentary_lufs=loudness.max_momentary_lufs,
        max_short_term_lufs=loudness.max_short_term_lufs,
    )


def _key_view(key: Key) -> KeyView:
    return KeyView(
        tonic=key.tonic, is_minor=key.is_minor, name=key.name, camelot=key.camelot, confidence=key.confidence
    )
