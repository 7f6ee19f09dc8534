"""Files put into a root and taken out, on a real disk."""

import errno
import os

import pytest

from actors import filing


@pytest.fixture
def root(tmp_path):
    return os.fsencode(tmp_path)


def names(root):
    return sorted(os.listdir(root))


def write(path, body=b"sound"):
    with open(path, "wb") as file:
        file.write(body)
    return path


def test_what_is_created_settles_without_a_trace_of_its_way(root):
    path, descriptor = filing.create(root, "one")
    os.write(descriptor, b"sound")
    os.close(descriptor)
    assert filing.settle(path, root, b"a.mp3", may_rename=False) == root + b"/a.mp3"
    filing.tidy(os.path.dirname(path))

    assert names(root) == [b"a.mp3"]


def test_no_file_is_ever_overwritten(root):
    write(root + b"/a.mp3", b"first")
    with pytest.raises(FileExistsError):
        filing.settle(write(root + b"/new"), root, b"a.mp3", may_rename=False)
    assert names(root) == [b"a.mp3", b"new"]
    assert filing.settle(root + b"/new", root, b"a.mp3", may_rename=True) == root + b"/a (2).mp3"
    assert filing.settle(write(root + b"/new"), root, b"a.mp3", may_rename=True) == root + b"/a (3).mp3"
    with open(root + b"/a.mp3", "rb") as file:
        assert file.read() == b"first"


@pytest.mark.parametrize("name", ["é".encode() * 125 + b".mp3", b"x" * 255, b".mp3", b"\xff" * 255])
def test_a_name_beside_a_taken_one_fits(root, name):
    write(root + b"/" + name)
    target = filing.settle(write(root + b"/new"), root, name, may_rename=True)

    assert len(os.path.basename(target)) <= 255
    assert os.path.exists(target)


def test_a_disk_without_links_is_served_too(root, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    write(root + b"/a.mp3", b"first")

    assert filing.settle(write(root + b"/new"), root, b"a.mp3", may_rename=True) == root + b"/a (2).mp3"
    assert names(root) == [b"a (2).mp3", b"a.mp3"]


def test_the_trash_gives_back_what_it_got(root):
    os.mkdir(root + b"/album")
    path = write(root + b"/album/a.mp3")
    trashed = filing.place_in_trash(root, path, "token")
    filing.move_out(path, trashed)
    assert not os.path.exists(path)
    os.rmdir(root + b"/album")

    assert filing.move_back(trashed, path) == path
    assert names(root) == [b"album"]
    assert filing.move_back(trashed, path) == path
    with pytest.raises(FileNotFoundError):
        filing.move_back(trashed, root + b"/other.mp3")


def test_a_taken_place_is_gone_around(root):
    path = write(root + b"/a.mp3")
    trashed = filing.place_in_trash(root, path, "token")
    filing.move_out(path, trashed)
    write(path, b"another")

    assert filing.move_back(trashed, path) == root + b"/a (2).mp3"


def test_a_file_that_cannot_be_moved_leaves_no_folder_behind(root):
    with pytest.raises(FileNotFoundError):
        filing.move_out(root + b"/unknown", filing.place_in_trash(root, root + b"/unknown", "token"))

    assert names(root) == []


def test_only_uploads_that_nobody_works_on_are_cleaned(root):
    busy, descriptor = filing.create(root, "busy")
    left, other = filing.create(root, "left")
    os.close(other)

    assert filing.clean(root) == 1
    assert os.path.exists(busy)
    assert not os.path.exists(left)
    os.close(descriptor)
    assert filing.clean(root) == 1
    assert names(root) == []
    assert filing.clean(root) == 0
