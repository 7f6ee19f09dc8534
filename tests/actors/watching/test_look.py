"""One look at a real folder."""

import os

import pytest

from actors.model.track import Presence
from actors.watching.look import Look, absent_of, closed_of, file_system, opened, read_all_again
from actors.watching.presence import Sight
from actors.watching.shelf import Shelf, Shelved
from actors.watching.walk import list_folder


@pytest.fixture
def root(tmp_path) -> bytes:
    return os.fsencode(tmp_path)


def put(path: bytes) -> bytes:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(path)
    return path


def fresh(sight) -> set[bytes]:
    return {reading.path for reading in sight.fresh}


def partial(look: Look, hints):
    """What a look at some folders means, when it is small enough for one part."""
    return look.next(look.begin_at(hints)) or Sight()


def test_a_whole_look_comes_in_parts_that_add_up(root, monkeypatch):
    monkeypatch.setattr("actors.watching.look.LOOK_FOLDERS", 2)
    paths = {put(root + b"/%d/a.mp3" % number) for number in range(5)}
    whole = Look(root_id="r", shelf=Shelf(root))
    listings = whole.begin()
    found: set[bytes] = set()
    parts = 0
    while (sight := whole.next(listings)) is not None:
        found |= fresh(sight)
        parts += 1

    assert found == paths
    assert parts == 3


def test_a_look_at_a_folder_lists_it_and_what_is_new_below(root):
    known, new, elsewhere = put(root + b"/x/known/a.mp3"), put(root + b"/x/new/deep/b.mp3"), put(root + b"/y/c.mp3")
    shelf = Shelf(root)
    shelf.put(Shelved(reading=list_folder("r", root, os.path.dirname(known)).files[0]))

    assert fresh(partial(Look(root_id="r", shelf=shelf), [root + b"/x"])) == {new}
    assert elsewhere


def test_a_folder_that_was_moved_away_and_is_moved_back_is_looked_into(root):
    paths = {put(root + b"/x/a.mp3"), put(root + b"/x/deep/b.mp3")}
    shelf = Shelf(root)
    for path in paths:
        (reading,) = list_folder("r", root, os.path.dirname(path)).files
        shelf.put(Shelved(reading=reading, presence=Presence.MISSING))
    sight = partial(Look(root_id="r", shelf=shelf), [root])

    assert {reading.path for reading in sight.back} == paths


def test_a_vanished_folder_is_looked_at_where_it_was(root):
    path = put(root + b"/x/y/a.mp3")
    shelf = Shelf(root)
    shelf.put(Shelved(reading=list_folder("r", root, os.path.dirname(path)).files[0]))
    os.remove(path)
    os.removedirs(os.path.dirname(path))
    os.makedirs(root, exist_ok=True)

    assert [one.reading.path for one in partial(Look(root_id="r", shelf=shelf), [root + b"/x/y"]).gone] == [path]


def test_a_hint_from_outside_is_taken_for_the_root(root):
    path = put(root + b"/a.mp3")

    assert fresh(partial(Look(root_id="r", shelf=Shelf(root)), [b"/elsewhere"])) == {path}


def test_what_is_left_out_is_not_looked_at(root):
    put(root + b"/x/a.mp3")

    assert fresh(partial(Look(root_id="r", shelf=Shelf(root), left_out=frozenset({root + b"/x"})), [root])) == set()


def test_second_readings_and_absence_are_asked_in_bulk(root):
    path = put(root + b"/a.mp3")
    [reading] = list_folder("r", root, root).files

    assert read_all_again([reading]) == {path: reading}
    assert absent_of([path, root + b"/b.mp3"]) == {root + b"/b.mp3"}


def test_this_folder_lies_on_some_file_system(root):
    assert file_system(root)


def test_a_hint_at_or_below_what_is_left_out_is_passed_over(root):
    put(root + b"/x/deep/a.mp3")
    put(root + b"/@eaDir/b.mp3")
    look = Look(root_id="r", shelf=Shelf(root), left_out=frozenset({root + b"/x"}))

    assert fresh(partial(look, [root + b"/x", root + b"/x/deep", root + b"/@eaDir"])) == set()


def test_a_hint_that_came_through_a_link_is_passed_over(root, tmp_path_factory):
    outside = os.fsencode(tmp_path_factory.mktemp("outside"))
    put(outside + b"/a.mp3")
    put(root + b"/real/b.mp3")
    os.symlink(outside, root + b"/out")
    os.symlink(root + b"/real", root + b"/in")
    look = Look(root_id="r", shelf=Shelf(root))

    assert fresh(partial(look, [root + b"/out", root + b"/in"])) == set()
    assert fresh(partial(look, [root])) == {root + b"/real/b.mp3"}


def test_what_a_link_out_of_the_root_took_the_place_of_is_absent(root, tmp_path_factory):
    outside = put(os.fsencode(tmp_path_factory.mktemp("outside")) + b"/a.mp3")
    os.symlink(outside, root + b"/a.mp3")
    os.mkfifo(root + b"/b.mp3")

    assert absent_of([root + b"/a.mp3", root + b"/b.mp3"], root) == {root + b"/a.mp3", root + b"/b.mp3"}


def test_a_folder_is_opened_or_says_why_not(root):
    put(root + b"/a.mp3")

    assert opened(root).st_ino == os.stat(root).st_ino
    for name in (b"/a.mp3", b"/none"):
        with pytest.raises(OSError, match=r"directory"):
            opened(root + name)


def test_what_may_not_be_read_is_named(root):
    path = put(root + b"/a.mp3")

    assert closed_of([path, root + b"/none"]) == {root + b"/none"}
