"""Tracks as clients see them."""

from datetime import UTC, datetime

import attrs
import msgspec

from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.track import Failure, Location, Presence, Sound, Stage, Tags, Track
from actors.model.view import TrackView, track_view

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOCATION = Location(root_id="r1", path=b"/m/caf\xe9.mp3", size_bytes=9, mtime_ns=1, device=1, inode=1)
TRACK = Track(
    id="t1",
    stage=Stage.ANALYZED,
    presence=Presence.PRESENT,
    audio_hash="ab",
    tags=Tags(artists=("A", "B"), has_picture=True),
    sound=Sound(container="mp3", codec="mp3", duration_s=61.0, rate_hz=44_100, channels=2),
    features=Features(
        version=1,
        duration_s=60.0,
        loudness=Loudness(
            integrated_lufs=-14.0,
            range_lu=None,
            true_peak_dbtp=None,
            sample_peak_dbfs=None,
            max_momentary_lufs=None,
            max_short_term_lufs=None,
        ),
        tempo=Tempo(bpm=120.0, confidence=1.0),
        key=Key(tonic=0, is_minor=False, confidence=1.0),
        peaks=b"\x00\x01",
    ),
    locations=(LOCATION,),
    size_bytes=9,
    added_at=MOMENT,
    changed_at=MOMENT,
)


def test_a_view_survives_json() -> None:
    view = track_view(TRACK)
    assert msgspec.json.decode(msgspec.json.encode(view), type=TrackView) == view


def test_names_are_camel_case_and_the_waveform_stays_out() -> None:
    told = msgspec.json.decode(msgspec.json.encode(track_view(TRACK)))

    assert told["addedAt"] == "2026-03-01T12:00:00Z"
    assert told["features"]["loudness"]["integratedLufs"] == -14.0
    assert told["tags"]["hasPicture"] is True
    assert "peaks" not in told["features"]


def test_the_top_shows_what_lists_need() -> None:
    view = track_view(TRACK)
    assert (view.title, view.artist, view.duration, view.path) == ("caf\ufffd", "A, B", 60.0, "/m/caf\ufffd.mp3")


def test_what_is_not_known_is_null() -> None:
    bare = attrs.evolve(
        TRACK, tags=Tags(), sound=None, features=None, locations=(), failure=Failure(kind="corrupt", message="no")
    )
    view = track_view(bare)

    assert (view.title, view.artist, view.duration, view.path, view.sound) == ("t1", None, None, None, None)
    assert view.failure is not None
    assert view.failure.kind == "corrupt"
    assert track_view(attrs.evolve(TRACK, features=None)).duration == 61.0
