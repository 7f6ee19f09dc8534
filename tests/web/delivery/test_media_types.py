"""Kinds and names of files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.media.probe import probe
from actors.media.synthesis import Piece
from actors.media.writing import write_recording
from actors.model.track import Sound
from web.delivery.media_types import UNKNOWN, disposition, media_type


@pytest.mark.parametrize(
    "container, name, expected",
    [
        ("mp3", "a.mp3", "audio/mpeg"),
        ("mov,mp4,m4a,3gp,3g2,mj2", "a.m4a", "audio/mp4"),
        ("mp4", "a.m4a", "audio/mp4"),
        ("mp4", "a.mp4", "audio/mp4"),
        ("matroska,webm", "a.webm", "audio/webm"),
        ("matroska,webm", "a.mka", "audio/x-matroska"),
        ("FLAC", "a", "audio/flac"),
        ("never heard of", "a.mp3", UNKNOWN),
    ],
)
def test_the_container_decides(container: str, name: str, expected: str) -> None:
    sound = Sound(container=container, codec="x", duration_s=1.0, rate_hz=44_100, channels=2)
    assert media_type(sound, name) == expected


@pytest.mark.parametrize("ending, expected", [(".m4a", "audio/mp4"), (".mp3", "audio/mpeg"), (".flac", "audio/flac")])
def test_what_a_probe_notes_is_known(tmp_path: Path, ending: str, expected: str) -> None:
    path = write_recording(tmp_path / f"a{ending}", Piece(bpm=120), length_s=0.5)
    assert media_type(probe(os.fsencode(path)).sound, path.name) == expected


def test_a_file_that_was_never_read_is_only_bytes() -> None:
    assert media_type(None, "a.mp3") == UNKNOWN


def test_a_name_is_kept_for_saving() -> None:
    assert disposition('Ä "b".mp3') == "inline; filename=\"_ _b_.mp3\"; filename*=UTF-8''%C3%84%20%22b%22.mp3"
    assert disposition("a.mp3", is_download=True) == "attachment; filename=\"a.mp3\"; filename*=UTF-8''a.mp3"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_no_name_breaks_the_header(name: str) -> None:
    value = disposition(name)
    assert value.isascii()
    assert value.isprintable()
