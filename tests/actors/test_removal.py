"""Removals with files: the disk and the catalogue agree, whatever goes wrong."""

import os
from functools import partial

import attrs
import pytest

from actors import filing
from actors.errors import ConflictError, StaleError, TrackGoneError
from actors.messages import PurgeTrack, RemoveTrack, RestoreTrack
from actors.model.change import AddLocation, AddTrack, Content
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.removal import Removal

SOUND = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)
CONTENT = Content(stage=Stage.PENDING, probe=Probe(audio_hash="h", sound=SOUND, tags=Tags(title="A")))


@attrs.define
class Desk:
    """One track with two files in one root."""

    removal: Removal
    store: object
    folder: object
    root: object
    paths: list

    async def remove(self, **more):
        given = {"track_id": "t", "version": None, "takes_files": True, "person_id": "local"}
        await self.removal.remove(RemoveTrack(**(given | more)))

    async def restore(self):
        return await self.removal.restore(RestoreTrack(track_id="t", person_id="local"))

    def listed(self):
        return sorted(path.name for path in self.folder.iterdir())

    def all_files(self):
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
async def desk(fresh_store, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    root = await fresh_store.roots.add(os.fsencode(folder))
    paths = [os.fsencode(folder / name) for name in ("a.mp3", "b.mp3")]
    for path in paths:
        with open(path, "wb") as file:  # noqa: ASYNC230  # small
            file.write(b"sound")
    await fresh_store.changes.apply(
        [
            AddTrack(track_id="t", reading=filing.read(root.id, paths[0]), content=CONTENT),
            AddLocation(track_id="t", reading=filing.read(root.id, paths[1]), content=CONTENT),
        ]
    )
    return Desk(Removal(store=fresh_store), fresh_store, folder, root, paths)


async def test_files_go_into_the_hidden_trash_of_their_root_and_come_back(desk):
    await desk.remove()
    assert desk.listed() == [".rookery"]
    assert desk.all_files() == ["a.mp3", "b.mp3"]
    track = await desk.restore()

    assert desk.listed() == ["a.mp3", "b.mp3"]
    assert [location.path for location in track.locations] == desk.paths
    assert track.presence == "present"


async def test_without_files_nothing_on_the_disk_is_touched(desk):
    await desk.remove(takes_files=False)
    assert desk.listed() == ["a.mp3", "b.mp3"]
    assert len((await desk.restore()).locations) == 2


async def test_if_one_file_cannot_be_moved_nothing_is_changed(desk, monkeypatch):
    before = await desk.store.tracks.find("t")
    newest = await desk.store.events.bounds()
    real = os.rename

    def rename(source, target):
        if os.path.basename(source) == b"b.mp3":
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(ConflictError, match=r"b\.mp3 cannot be moved: Permission denied"):
        await desk.remove()

    assert desk.listed() == ["a.mp3", "b.mp3"]
    assert await desk.store.tracks.find("t") == before
    assert await desk.store.events.bounds() == newest
    assert await desk.store.trash.unfinished() == []


async def test_a_file_that_is_not_there_hinders_nothing(desk):
    (desk.folder / "a.mp3").unlink()
    await desk.remove()
    track = await desk.restore()

    assert desk.listed() == ["b.mp3"]
    assert desk.paths[1] in [location.path for location in track.locations]


async def test_a_stale_or_unknown_track_moves_nothing(desk):
    with pytest.raises(StaleError):
        await desk.remove(version=77)
    with pytest.raises(TrackGoneError):
        await desk.remove(track_id="unknown")
    with pytest.raises(TrackGoneError):
        await desk.restore()

    assert desk.listed() == ["a.mp3", "b.mp3"]


async def test_a_removal_that_broke_off_is_undone(desk):
    track = await desk.store.tracks.find("t")
    files = await desk.removal._files_of("t")
    await desk.store.trash.intend("t", files, version=None)
    filing.move_out(files[0].path, files[0].trashed_path)
    _, descriptor = filing.create(desk.root.path, "left")
    os.close(descriptor)
    await desk.removal.recover()

    assert desk.listed() == ["a.mp3", "b.mp3"]
    assert desk.all_files() == ["a.mp3", "b.mp3"]
    assert await desk.store.trash.unfinished() == []
    assert await desk.store.tracks.find("t") == track


async def test_a_restore_that_broke_off_can_be_done_again(desk):
    await desk.remove()
    for file in (await desk.store.trash.find("t")).files:
        filing.move_back(file.trashed_path, file.path)
    track = await desk.restore()

    assert [location.path for location in track.locations] == desk.paths
    assert desk.listed() == ["a.mp3", "b.mp3"]


async def test_a_restored_file_never_overwrites_another(desk):
    await desk.remove()
    (desk.folder / "a.mp3").write_bytes(b"another")
    track = await desk.restore()

    assert desk.listed() == ["a (2).mp3", "a.mp3", "b.mp3"]
    assert (desk.folder / "a.mp3").read_bytes() == b"another"
    assert sorted(os.path.basename(location.path) for location in track.locations) == [b"a (2).mp3", b"b.mp3"]


async def test_what_is_purged_leaves_nothing_on_the_disk(desk):
    await desk.remove()
    with pytest.raises(StaleError):
        await desk.removal.purge(PurgeTrack(track_id="t", version=77))
    assert desk.all_files() == ["a.mp3", "b.mp3"]
    await desk.removal.purge(PurgeTrack(track_id="t", version=None))

    assert desk.listed() == []
    assert await desk.store.trash.find("t") is None
    with pytest.raises(TrackGoneError):
        await desk.removal.purge(PurgeTrack(track_id="t", version=None))


async def test_while_its_folder_is_away_nothing_is_taken_for_lost(desk):
    await desk.remove()
    trashed = await desk.store.trash.find("t")
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    for call in (desk.restore, partial(desk.removal.purge, PurgeTrack(track_id="t", version=None))):
        with pytest.raises(ConflictError, match="is not there at the moment"):
            await call()
    desk.folder.mkdir()
    sql = "UPDATE root SET device = 1"
    await desk.store.pool.write(lambda connection: connection.execute(sql))
    for call in (desk.restore, partial(desk.removal.purge, PurgeTrack(track_id="t", version=None))):
        with pytest.raises(ConflictError, match="is not there at the moment"):
            await call()
    assert desk.listed() == []
    assert await desk.store.trash.find("t") == trashed
    desk.folder.rmdir()
    away.rename(desk.folder)
    sql_known = "UPDATE root SET device = NULL"
    await desk.store.pool.write(lambda connection: connection.execute(sql_known))

    assert len((await desk.restore()).locations) == 2


async def test_while_its_folder_is_away_a_track_is_not_removed_with_its_file(desk):
    track = await desk.store.tracks.find("t")
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    with pytest.raises(ConflictError):
        await desk.remove()

    assert await desk.store.tracks.find("t") == track
    assert await desk.store.trash.unfinished() == []


async def test_what_broke_off_on_a_disk_that_is_away_waits_for_it(desk):
    files = await desk.removal._files_of("t")
    await desk.store.trash.intend("t", files, version=None)
    for file in files:
        filing.move_out(file.path, file.trashed_path)
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    await desk.removal.recover()
    assert await desk.store.trash.unfinished() == files
    away.rename(desk.folder)
    await desk.removal.recover()

    assert desk.listed() == ["a.mp3", "b.mp3"]
    assert await desk.store.trash.unfinished() == []
