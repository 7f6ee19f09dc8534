"""What a track is called."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.track import Location, Presence, Stage, Tags, Track, logged_path, shown_path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def track(path: bytes | None, tags: Tags | None = None) -> Track:
    locations = ()
    if path is not None:
        locations = (Location(root_id="r", path=path, size_bytes=1, mtime_ns=1, device=1, inode=1),)
    return Track(
        id="t1",
        stage=Stage.PENDING,
        presence=Presence.PRESENT,
        tags=tags or Tags(),
        locations=locations,
        added_at=NOW,
        changed_at=NOW,
    )


@pytest.mark.parametrize(
    "path, expected",
    [(b"/m/01 Song.mp3", "01 Song"), (b"/m/no ending", "no ending"), (b"/m/.hidden", ".hidden"), (b"/m/a.b.c", "a.b"),
     (b"/m/caf\xe9.ogg", "caf\ufffd"), (None, "t1")],
)  # fmt: skip
def test_without_a_tag_the_file_name_is_the_title(path, expected):
    assert track(path).title == expected


def test_a_tagged_title_wins():
    assert track(b"/m/a.mp3", Tags(title="Blue")).title == "Blue"


@given(st.binary())
def test_every_path_can_be_shown(path):
    shown = shown_path(path)

    assert "\0" not in shown
    shown.encode("utf-8")


def test_a_logged_path_loses_nothing():
    assert logged_path(b"caf\xe9") == "caf\\xe9"
    assert logged_path("Zoë".encode()) == "Zoë"


def test_a_logged_path_stays_in_its_line():
    assert logged_path(b"/m\xfc\n\x1b[2J/x") == r"/m\xfc\n\x1b[2J/x"
    assert logged_path(Path(os.fsdecode(b"/m\xfc\r/x"))) == r"/m\xfc\r/x"
