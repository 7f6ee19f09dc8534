"""Orders, and what comes back."""

import pytest
import trio

from actors.errors import ConflictError, StaleError, TrackGoneError
from actors.librarian import Librarian
from actors.messages import EditTrack, ShelveUpload
from actors.model.change import Content, Reading
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.nudge import Nudge


@pytest.fixture
async def librarian(fresh_store):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ('t', 'pending', 'A')"
    await fresh_store.pool.write(lambda connection: connection.execute(sql))
    return Librarian(store=fresh_store, work_waits=Nudge())


def edit(**more):
    given = {"track_id": "t", "version": None, "change": {"title": "B"}, "is_whole": False, "person_id": "local"}
    return EditTrack(**(given | more))


async def test_an_edit_is_answered_by_the_track_as_its_asker_sees_it(librarian):
    track = await librarian.receive(edit())

    assert track.title == "B"
    assert track.mine is not None


async def test_what_cannot_be_done_is_answered_not_raised(librarian):
    assert isinstance(await librarian.receive(edit(version=7)), StaleError)
    assert isinstance(await librarian.receive(edit(track_id="unknown")), TrackGoneError)


async def test_an_upload_is_a_track_at_once_and_its_sound_is_only_ever_one(fresh_store, tmp_path):
    root = await fresh_store.roots.add(bytes(tmp_path))
    nudge = Nudge()
    librarian = Librarian(store=fresh_store, work_waits=nudge)
    sound = Sound(container="mp3", codec="mp3", duration_s=1.0, rate_hz=44_100, channels=2)
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash="h", sound=sound, tags=Tags(title="Up")))

    async def shelve(name):
        path = bytes(tmp_path) + name
        reading = Reading(root_id=root.id, path=path, size_bytes=1, mtime_ns=1, device=1, inode=1)
        return await librarian.receive(ShelveUpload(reading=reading, content=content, person_id="local"))

    first, again, copy = await shelve(b"/a"), await shelve(b"/a"), await shelve(b"/b")

    assert first.id == again.id == copy.id
    assert (first.title, len(copy.locations)) == ("Up", 2)
    with trio.fail_after(1):
        await nudge.take()


async def test_an_upload_under_a_root_that_is_gone_is_no_track(librarian):
    reading = Reading(root_id="gone", path=b"/a", size_bytes=1, mtime_ns=1, device=1, inode=1)
    content = Content(stage=Stage.PENDING)

    assert isinstance(
        await librarian.receive(ShelveUpload(reading=reading, content=content, person_id="local")), ConflictError
    )
