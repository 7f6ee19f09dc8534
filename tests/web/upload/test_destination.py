"""Where uploads may go."""

import os
from datetime import UTC, datetime

import pytest

from actors.model.root import Root, RootState
from web.errors import ProblemError
from web.upload.destination import usable_folder, usable_name, usable_root


@pytest.mark.parametrize(
    "sent, name",
    [
        ("a.mp3", b"a.mp3"),
        ("../../etc/a.mp3", b"a.mp3"),
        ("C:\\Music\\a.mp3", b"a.mp3"),
        (" a\n\tb.mp3 ", b"a  b.mp3"),
        ("e\u0301.mp3", "\u00e9.mp3".encode()),
        ("no ending", b"no ending"),
    ],
)
def test_of_a_name_its_last_part_counts(sent, name):
    assert usable_name(sent) == name


@pytest.mark.parametrize(
    "sent",
    ["", "/", "..", ".", ".hidden.mp3", "a.part", "cover.jpg", "._a.mp3", "x" * 252 + ".mp3", "a/", "\0", "\ud800.mp3"],
)
def test_names_that_no_look_finds_are_refused(sent):
    with pytest.raises(ProblemError) as caught:
        usable_name(sent)

    assert caught.value.refusal.errors[0].field == "file"


@pytest.mark.parametrize("sent, folder", [("", ""), ("a", "/a"), ("a/b/", "/a/b"), ("/a//./b", "/a/b"), ("é", "/é")])
def test_folders_lie_below_the_root(tmp_path, sent, folder):
    assert usable_folder(os.fsencode(tmp_path), sent) == os.fsencode(f"{tmp_path}{folder}")


@pytest.mark.parametrize(
    "sent",
    ["..", "a/../..", ".hidden", "a/.rookery", "@eaDir", "a\nb", " a", "x" * 256, "ab/" * 1400, "link", "link/a"],
)
def test_folders_that_lie_elsewhere_or_that_no_look_enters_are_refused(tmp_path, sent):
    (tmp_path / "link").symlink_to("/tmp")
    with pytest.raises(ProblemError) as caught:
        usable_folder(os.fsencode(tmp_path), sent)

    assert caught.value.refusal.errors[0].field == "folder"


def root(root_id, path, state=RootState.WATCHED, device=None):
    return Root(
        id=root_id, path=os.fsencode(path), state=state, device=device, added_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_the_named_root_is_taken_or_the_first_usable_one(tmp_path):
    roots = [
        root("away", tmp_path, RootState.UNAVAILABLE),
        root("gone", tmp_path / "gone"),
        root("bare", tmp_path, device=1),
        root("one", tmp_path),
        root("two", tmp_path),
    ]
    assert usable_root(roots, None).id == "one"
    assert usable_root(roots, "two").id == "two"
    for unusable in ("away", "gone", "bare"):
        with pytest.raises(ProblemError) as caught:
            usable_root(roots, unusable)
        assert caught.value.refusal.code == "CONFLICT"
    with pytest.raises(ProblemError) as caught:
        usable_root(roots, "unknown")
    assert caught.value.refusal.errors[0].field == "rootId"
    with pytest.raises(ProblemError):
        usable_root([], None)
