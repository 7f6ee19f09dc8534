"""Roots in the catalogue."""

import os

import asyncpg
import trio

from actors.model.root import RootState
from actors.store.store import Store

LOCATED = """
INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode)
VALUES ('t', $1, '/music/a', '/music/a', 1, 1, 1, 1)
"""
UNTIL_SOMEBODY_WAITS = """
DO $$ BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()) LOOP
    PERFORM pg_sleep(0.005), pg_stat_clear_snapshot();
  END LOOP;
END $$
"""


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


async def test_a_root_under_which_something_is_being_written_is_not_removed(fresh_store: Store):
    """The removal begins while a track's location is written but not yet seen by others."""
    root = await fresh_store.roots.add(b"/music")
    wrote, removed = trio.Event(), []
    token = trio.lowlevel.current_trio_token()

    async def write(connection: asyncpg.Connection) -> None:
        await connection.execute("INSERT INTO track (id, stage) VALUES ('t', 'pending')")
        await connection.execute(LOCATED, root.id)
        token.run_sync_soon(wrote.set)
        await connection.execute(UNTIL_SOMEBODY_WAITS)

    async def remove() -> None:
        removed.append(await fresh_store.roots.remove(root.id))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fresh_store.pool.write, write)
        await wrote.wait()
        nursery.start_soon(remove)
    assert removed == [False]
    track = await fresh_store.tracks.find("t")
    assert track is not None
    assert [location.path for location in track.locations] == [b"/music/a"]
