"""Roots in the catalogue."""

import os

from actors.model.root import RootState
from actors.store.store import Store


async def test_a_root_is_added_once_per_path(fresh_store: Store):
    roots = fresh_store.roots
    one = await roots.add(b"/music")
    assert await roots.add(b"/music") == one
    two = await roots.add(b"/archive")
    assert one.id != two.id
    assert await roots.list_() == [two, one]
    assert one.state is RootState.WAITING


async def test_a_root_is_found_by_its_id(store: Store):
    root = await store.roots.add(b"/found")
    assert await store.roots.find(root.id) == root
    assert await store.roots.find("nobody") is None
    assert await store.roots.find("\0") is None


async def test_paths_of_any_bytes_and_length_are_kept(store: Store):
    for path in (b"/caf\xe9\n\t", "/ünï/🎵".encode(), b"/" + os.urandom(5_000).replace(b"\0", b"x")):
        root = await store.roots.add(path)
        assert root.path == path
        assert (await store.roots.add(path)).id == root.id


async def test_only_a_root_without_tracks_can_be_removed(fresh_store: Store, add_track):
    await add_track(fresh_store, folder=b"/full")
    full = await fresh_store.roots.add(b"/full")
    empty = await fresh_store.roots.add(b"/empty")
    assert await fresh_store.roots.remove(empty.id)
    assert not await fresh_store.roots.remove(full.id)
    assert not await fresh_store.roots.remove("nobody")
    assert [root.path for root in await fresh_store.roots.list_()] == [b"/full"]
