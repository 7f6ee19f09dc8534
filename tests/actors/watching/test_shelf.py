"""The picture of one root."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from actors.model.change import Reading
from actors.model.track import Presence
from actors.watching.shelf import Shelf, Shelved

NAMES = st.sampled_from([b"a", b"b", b"c"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: b"/m/" + b"/".join(parts) + b".mp3")


def shelved(path: bytes) -> Shelved:
    return Shelved(reading=Reading(root_id="r", path=path, size_bytes=1, mtime_ns=1, device=1, inode=1))


@given(st.lists(PATHS), st.lists(PATHS))
def test_the_files_under_a_folder_are_those_whose_path_begins_with_it(put, dropped):
    shelf = Shelf(b"/m")
    for path in put:
        shelf.put(shelved(path))
    for path in dropped:
        shelf.drop(path)
    left = set(put) - set(dropped)

    assert {one.reading.path for one in shelf.under(b"/m")} == left
    assert {one.reading.path for one in shelf.under(b"/m/a")} == {path for path in left if path.startswith(b"/m/a/")}
    for path in left:
        assert shelf.find(path) == shelved(path)


def test_sub_folders_are_known_by_what_lies_below_them():
    shelf = Shelf(b"/m")
    shelf.put(shelved(b"/m/a/b/c/x.mp3"))

    assert shelf.folders_in(b"/m") == {b"/m/a"}
    assert shelf.folders_in(b"/m/a/b") == {b"/m/a/b/c"}


def test_a_folder_is_there_as_long_as_any_file_in_it_or_below_is():
    shelf = Shelf(b"/m")
    for path, presence in ((b"/m/a/x.mp3", Presence.MISSING), (b"/m/a/b/y.mp3", Presence.UNVERIFIED)):
        shelf.put(attrs.evolve(shelved(path), presence=presence))
    assert not shelf.is_there(b"/m/a")
    shelf.put(shelved(b"/m/a/b/y.mp3"))

    assert shelf.is_there(b"/m/a")
    assert not shelf.is_there(b"/m/c")


def test_replacing_forgets_all_that_was_known():
    shelf = Shelf(b"/m")
    shelf.put(shelved(b"/m/old.mp3"))
    shelf.replace([shelved(b"/m/new.mp3")])

    assert shelf.find(b"/m/old.mp3") is None
    assert shelf.find(b"/m/new.mp3") is not None
