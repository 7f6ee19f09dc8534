"""What one transaction writes and tells."""

from actors.model.change import AddTrack, Content, Reading
from actors.model.event import NewEvent
from actors.model.track import Stage
from actors.store.batch import Batch


async def add(store, folder, *ids):
    root = await store.roots.add(bytes(folder))

    def reading(track_id):
        path = bytes(folder) + b"/" + track_id.encode()
        return Reading(root_id=root.id, path=path, size_bytes=1, mtime_ns=1, device=1, inode=1)

    changes = [AddTrack(track_id=one, reading=reading(one), content=Content(stage=Stage.PENDING)) for one in ids]
    await store.changes.apply(changes)


async def test_of_several_things_the_weightiest_is_told_once(fresh_store, tmp_path):
    await add(fresh_store, tmp_path, "a", "b")
    newest = (await fresh_store.events.bounds())[1]

    async def work(connection):
        batch = Batch(connection)
        batch.touch("a")
        batch.touch("a", "TRACK_ADDED")
        batch.touch("a")
        batch.touch("b")
        batch.tell(NewEvent(type="SCAN_UPDATE", payload={}))
        return await batch.finish()

    assert await fresh_store.pool.write(work) == 3
    told = await fresh_store.events.after(newest, 10)
    assert [event.type for event in told] == ["TRACK_ADDED", "TRACK_UPDATED", "SCAN_UPDATE"]
    assert [track.version for track in await fresh_store.tracks.find_many(["a", "b"])] == [3, 3]


async def test_of_tracks_in_the_trash_nothing_is_told(fresh_store, tmp_path):
    await add(fresh_store, tmp_path, "a")
    await fresh_store.trash.remove("a", version=None, person_id="local")

    async def work(connection):
        batch = Batch(connection)
        batch.touch("a")
        return await batch.finish()

    assert await fresh_store.pool.write(work) == 0
