"""A few short recordings, made once."""

from pathlib import Path

import pytest

from actors.media.synthesis import Piece
from actors.media.writing import FORMATS, write_recording

TAGS = {"title": "Schöner Vogel", "artist": "Ann", "album": "Nest", "date": "1999-03-14", "genre": "Folk", "track": "3"}


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> dict[str, Path]:
    """By file ending: four seconds each, tagged. Copy before changing one."""
    folder = tmp_path_factory.mktemp("recordings")
    piece = Piece(bpm=120, tonic=2)
    return {ending: write_recording(folder / f"one{ending}", piece, length_s=4.0, tags=TAGS) for ending in FORMATS}
