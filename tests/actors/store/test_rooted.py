"""Changes whose root is there, and those whose root is gone."""

import pytest

from actors.model.change import AddLocation, AddTrack, Content, DoubtFolder, Ignore, LoseLocations, Reading
from actors.model.track import Stage
from actors.store.rooted import under_known_roots
from actors.store.store import Store

EMPTY = Content(stage=Stage.EMPTY)


def reading(root_id: str, path: bytes = b"/music/a") -> Reading:
    return Reading(root_id=root_id, path=path, size_bytes=0, mtime_ns=1, device=1, inode=1)


@pytest.fixture
async def here(store: Store) -> str:
    return (await store.roots.add(b"/music")).id


async def kept(store: Store, *changes) -> list:
    return await store.pool.write(lambda connection: under_known_roots(connection, changes))


async def test_what_needs_a_root_that_is_gone_is_left_out(store: Store, here: str):
    stays = Ignore(reading=reading(here))
    changes = [Ignore(reading=reading("gone")), stays, DoubtFolder(root_id="gone", folder=b"/x")]

    assert await kept(store, *changes) == [stays]


async def test_what_needs_no_root_is_kept_in_order(store: Store, here: str):
    changes = [LoseLocations(paths=(b"/b",)), Ignore(reading=reading(here)), LoseLocations(paths=(b"/c",))]

    assert await kept(store, *changes) == changes
    assert await kept(store, changes[0]) == [changes[0]]
    assert await kept(store) == []


async def test_the_first_copy_under_a_root_that_is_there_adds_the_track(store: Store, here: str):
    add = AddTrack(track_id="t", reading=reading("gone"), content=EMPTY)
    copies = [AddLocation(track_id="t", reading=reading(here, path), content=EMPTY) for path in (b"/1", b"/2")]

    assert await kept(store, add, *copies) == [
        AddTrack(track_id="t", reading=copies[0].reading, content=EMPTY),
        copies[1],
    ]
