"""Looking into real folders."""

import os
import socket

import pytest

from actors.watching.walk import is_absent, list_folder, nearest_device, read_again, walk


@pytest.fixture
def root(tmp_path) -> bytes:
    return os.fsencode(tmp_path)


def put(path: bytes, content: bytes = b"x") -> bytes:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


def paths(root: bytes) -> set[bytes]:
    return {reading.path[len(root) + 1 :] for listing in walk("r", root, root) for reading in listing.files}


def test_every_file_in_every_folder_is_found(root):
    names = {b"a.mp3", b"x/b.flac", b"x/y/z/c.ogg", b"no ending", b"x/caf\xe9.wav", b"new\nline.mp3"}
    for name in names:
        put(root + b"/" + name)

    assert paths(root) == names


def test_other_kinds_of_files_and_skipped_folders_are_left_out(root):
    for name in (b"cover.jpg", b"@eaDir/a.mp3", b"b.mp3.part"):
        put(root + b"/" + name)

    assert paths(root) == set()


def test_pipes_sockets_and_folders_with_endings_are_never_taken_for_files(root):
    os.mkfifo(root + b"/pipe.mp3")
    os.mkdir(root + b"/folder.mp3")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(root + b"/socket.mp3")

        assert paths(root) == set()


def test_links_that_turn_in_circles_end(root):
    put(root + b"/x/a.mp3")
    os.symlink(root, root + b"/x/up")
    os.symlink(root + b"/x", root + b"/x/self")

    assert paths(root) == {b"x/a.mp3"}


def test_links_out_of_the_root_and_dangling_ones_are_skipped_with_a_notice(root, tmp_path_factory):
    outside = put(os.fsencode(tmp_path_factory.mktemp("outside")) + b"/a.mp3")
    os.symlink(outside, root + b"/out.mp3")
    os.symlink(b"/nowhere", root + b"/dangling.mp3")
    listing = list_folder("r", root, root)

    assert listing.files == ()
    assert len(listing.notices) == 2


def test_links_inside_the_root_are_followed(root):
    put(root + b"/a.mp3")
    os.symlink(b"a.mp3", root + b"/b.mp3")

    assert paths(root) == {b"a.mp3", b"b.mp3"}


def test_a_folder_that_is_not_there_is_absent_and_one_that_fails_says_why(root):
    assert list_folder("r", root, root + b"/none").is_absent
    listing = list_folder("r", root, root + b"/" + b"n" * 300)
    assert listing.error
    assert not listing.is_absent


def test_an_empty_folder_is_bare_and_one_with_other_files_is_not(root):
    assert list_folder("r", root, root).is_bare
    put(root + b"/cover.jpg")
    assert not list_folder("r", root, root).is_bare


def test_a_tree_five_hundred_deep_is_walked(root):
    deep = root
    for _ in range(500):
        deep += b"/d"
        os.mkdir(deep)
    put(deep + b"/a.mp3")

    assert len(paths(root)) == 1


def test_other_roots_inside_are_left_to_themselves(root):
    put(root + b"/x/a.mp3")

    assert [listing.folder for listing in walk("r", root, root, is_skipped={root + b"/x"}.__contains__)] == [root]


def test_a_file_is_read_again_until_it_is_gone(root):
    path = put(root + b"/a.mp3", b"12")
    reading = list_folder("r", root, root).files[0]

    assert read_again(reading) == reading
    os.remove(path)
    assert read_again(reading) is None
    assert is_absent(path)


def test_a_dangling_link_is_not_absent(root):
    os.symlink(b"nowhere", root + b"/a")

    assert not is_absent(root + b"/a")


def test_the_nearest_existing_folder_names_the_device(root):
    assert nearest_device(root + b"/gone/far") == os.stat(root).st_dev
