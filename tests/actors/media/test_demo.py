"""The library for a first look."""

import os

import pytest

from actors.media.demo import ENDINGS, demo_piece, make_demo
from actors.media.probe import probe


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, make_demo(folder, count=16, seconds=1.0)


def test_it_has_at_least_six_formats_and_every_file_is_tagged(library):
    _, paths = library

    found = [probe(os.fsencode(path)) for path in paths]

    assert len(paths) == len(set(paths)) == 16
    assert len({(one.sound.container, one.sound.codec) for one in found}) == len(ENDINGS) >= 6
    assert len({one.audio_hash for one in found}) == 16
    assert all((one.tags.title and one.tags.comment) or one.sound.container == "aiff" for one in found)
    assert {path.suffix for path in paths} == set(ENDINGS)


def test_what_is_there_is_left_alone(library):
    folder, paths = library
    times = [path.stat().st_mtime_ns for path in paths]

    assert make_demo(folder, count=16, seconds=1.0) == paths
    assert [path.stat().st_mtime_ns for path in paths] == times


def test_the_same_seed_gives_the_same_library(library, tmp_path):
    _, paths = library

    again = make_demo(tmp_path, count=3, seconds=1.0)

    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths[:3]]


def test_another_seed_gives_other_music():
    assert demo_piece(0, seed=1) != demo_piece(0, seed=2)
