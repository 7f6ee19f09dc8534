"""What a look into folders means."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.change import Reading
from actors.model.track import Presence
from actors.watching.presence import compare, is_held, moves
from actors.watching.shelf import Shelf, Shelved
from actors.watching.walk import Listing

ROOT = b"/m"


def reading(path: bytes, *, inode: int = 0, size: int = 10, device: int = 1) -> Reading:
    return Reading(root_id="r", path=path, size_bytes=size, mtime_ns=5, device=device, inode=inode or hash(path))


def shelf_of(*readings: Reading, presence: Presence = Presence.PRESENT) -> Shelf:
    shelf = Shelf(ROOT)
    for one in readings:
        shelf.put(Shelved(reading=one, presence=presence))
    return shelf


def listing(folder: bytes, *files: Reading, folders: tuple[bytes, ...] = (), is_bare: bool = False) -> Listing:
    return Listing(folder=folder, device=1, files=files, folders=folders, is_bare=is_bare)


def gone_of(sight) -> set[bytes]:
    return {one.reading.path for one in sight.gone}


def look(shelf: Shelf, *listings: Listing, device: int = 1):
    return compare(shelf, listings, nearest_device=lambda _: device)


def test_new_and_changed_files_are_fresh_and_the_rest_unchanged():
    old, changed, new = reading(b"/m/old"), reading(b"/m/changed"), reading(b"/m/new")
    now = attrs.evolve(changed, size_bytes=11)
    sight = look(shelf_of(old, changed), listing(ROOT, old, now, new))

    assert sight.fresh == (now, new)
    assert sight.unchanged == 1
    assert not sight.gone


def test_a_file_absent_from_a_complete_listing_is_gone():
    assert gone_of(look(shelf_of(reading(b"/m/a")), listing(ROOT, reading(b"/m/b")))) == {b"/m/a"}


def test_a_listing_that_failed_proves_no_absence():
    sight = look(shelf_of(reading(b"/m/x/a")), Listing(folder=b"/m/x", error="Input/output error"))

    assert sight.doubted == (b"/m/x",)
    assert not sight.gone


def test_a_vanished_folder_takes_all_below_it():
    sight = look(shelf_of(reading(b"/m/x/a"), reading(b"/m/x/y/b"), reading(b"/m/c")), listing(ROOT, reading(b"/m/c")))

    assert gone_of(sight) == {b"/m/x/a", b"/m/x/y/b"}


def test_a_folder_that_went_bare_all_at_once_is_doubted():
    files = [reading(b"/m/x/%d" % number) for number in range(3)]
    sight = look(shelf_of(*files), listing(ROOT, folders=(b"/m/x",)), listing(b"/m/x", is_bare=True))

    assert sight.doubted == (b"/m/x",)
    assert not sight.gone


def test_the_last_file_of_a_folder_may_be_deleted():
    sight = look(shelf_of(reading(b"/m/x/a")), listing(b"/m/x", is_bare=True))

    assert gone_of(sight) == {b"/m/x/a"}


def test_files_of_an_unmounted_disk_are_doubted_not_gone():
    nested = reading(b"/m/disk/a", device=9)
    sight = look(shelf_of(nested), listing(ROOT, folders=()), device=1)

    assert sight.doubted == (b"/m/disk",)
    assert not sight.gone


def test_what_was_missing_and_lies_there_unchanged_is_back():
    one = reading(b"/m/a")

    assert look(shelf_of(one, presence=Presence.MISSING), listing(ROOT, one)).back == (one,)


def test_what_is_known_to_be_missing_is_not_gone_again():
    assert not look(shelf_of(reading(b"/m/a"), presence=Presence.MISSING), listing(ROOT)).gone


def test_a_renamed_file_is_a_move():
    before, after = reading(b"/m/a", inode=4), reading(b"/m/b", inode=4)

    assert moves([Shelved(reading=before)], [after]) == ((b"/m/a", after),)


@pytest.mark.parametrize(
    "other",
    [{"size_bytes": 11}, {"mtime_ns": 6}, {"inode": 5}, {"device": 2}],
    ids=["size", "mtime", "inode", "device"],
)
def test_an_inode_alone_proves_no_move(other):
    before, after = reading(b"/m/a", inode=4), attrs.evolve(reading(b"/m/b", inode=4), **other)

    assert moves([Shelved(reading=before)], [after]) == ()


def test_a_move_that_two_paths_claim_is_none():
    before = reading(b"/m/a", inode=4)

    assert moves([Shelved(reading=before)], [reading(b"/m/b", inode=4), reading(b"/m/c", inode=4)]) == ()


@pytest.mark.parametrize(
    "lost, known, expected",
    [
        (1, 1, False),
        (2, 2, True),
        (1, 3, False),
        (2, 6, False),
        (3, 10, True),
        (20, 100, False),
        (21, 100, True),
        (0, 0, False),
    ],
)
def test_losing_too_much_at_once_is_held_back(lost, known, expected):
    assert is_held(lost=lost, known=known, fraction=0.2) is expected


PATHS = st.sets(
    st.sampled_from([b"/m/%s/%d" % (folder, number) for folder in (b"x", b"y", b"z") for number in range(4)])
)


@given(PATHS, PATHS)
def test_a_whole_look_accounts_for_every_path(known, there):
    shelf = shelf_of(*(reading(path) for path in known))
    folders = tuple({path.rpartition(b"/")[0] for path in there})
    listings = [listing(ROOT, folders=folders)]
    listings += [
        listing(one, *(reading(path) for path in sorted(there) if path.startswith(one + b"/"))) for one in folders
    ]
    sight = look(shelf, *listings)

    assert {one.path for one in sight.fresh} == there - known
    assert gone_of(sight) == known - there
    assert sight.unchanged == len(known & there)
