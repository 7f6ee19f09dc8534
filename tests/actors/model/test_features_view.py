"""What analysis measured, as clients see it."""

import attrs
import msgspec

from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.features_view import FeaturesView, features_view

SILENT = Loudness(**{field.name: None for field in attrs.fields(Loudness)})
FEATURES = Features(
    version=2,
    duration_s=60.0,
    loudness=attrs.evolve(SILENT, integrated_lufs=-14.0),
    tempo=Tempo(bpm=120.0, confidence=0.5, alternatives=(60.0,)),
    key=Key(tonic=9, is_minor=True, confidence=1.0),
    peaks=b"\x00\x01",
)


def test_what_was_measured_is_told() -> None:
    view = features_view(FEATURES)
    assert view.tempo is not None
    assert view.key is not None

    assert (view.version, view.duration, view.loudness.integrated_lufs) == (2, 60.0, -14.0)
    assert (view.tempo.bpm, view.tempo.alternatives, view.key.camelot) == (120.0, (60.0,), "8A")
    assert msgspec.json.decode(msgspec.json.encode(view), type=FeaturesView) == view


def test_what_was_not_found_is_null() -> None:
    view = features_view(attrs.evolve(FEATURES, loudness=SILENT, tempo=None, key=None))
    assert (view.tempo, view.key, view.loudness.range_lu) == (None, None, None)
