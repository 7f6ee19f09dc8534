"""One root, watched: what is told of what happens in a real folder."""

import os
from contextlib import asynccontextmanager

import attrs
import pytest
import structlog
import trio

from actors.messages import FileGrowing, FilesBack, FilesGone, FilesMoved, FilesSettled, FilesUnverified, RootSeen
from actors.model.change import AddTrack, Content, LoseLocations, Reading
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Sound, Stage, Tags
from actors.patrol import Patrol

SOUND = Sound(container="wav", codec="pcm_s16le", duration_s=1.0, rate_hz=44_100, channels=2)


class Listener:
    """Stands where the cataloger's ref does; keeps what it was told."""

    def __init__(self):
        self.told = []
        self._changed = trio.Condition()

    async def tell(self, message):
        async with self._changed:
            self.told.append(message)
            self._changed.notify_all()

    async def until(self, wanted):
        """The first message for which `wanted` holds, now or later."""
        with trio.fail_after(30):
            async with self._changed:
                while True:
                    for message in self.told:
                        if wanted(message):
                            return message
                    await self._changed.wait()


@attrs.define
class Watched:
    """A patrol at work, and what it told."""

    patrol: Patrol
    listener: Listener
    folder: object
    root: object
    store: object

    async def settled(self, name: str) -> Reading:
        path = os.fsencode(self.folder / name)
        message = await self.listener.until(
            lambda one: isinstance(one, FilesSettled) and path in [reading.path for reading in one.readings]
        )
        return next(reading for reading in message.readings if reading.path == path)

    async def catalogued(self, reading: Reading) -> None:
        """Do the cataloger's part, so that the next whole look knows the file."""
        probe = Probe(audio_hash=reading.path.hex(), sound=SOUND, tags=Tags())
        content = Content(stage=Stage.PENDING, probe=probe)
        await self.store.changes.apply([AddTrack(track_id=reading.path.hex(), reading=reading, content=content)])

    async def calm(self):
        await self.listener.until(lambda one: isinstance(one, RootSeen) and one.state is RootState.WATCHED)


@pytest.fixture
def watching(store, store_config, tmp_path):
    config = attrs.evolve(store_config, settle_s=0.1, reconcile_s=3600)
    folder = tmp_path / "music"
    folder.mkdir()

    @asynccontextmanager
    async def watch():
        root = await store.roots.add(os.fsencode(folder))
        listener = Listener()
        patrol = Patrol(root, store=store, config=config, cataloger=listener)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(patrol.run)
            yield Watched(patrol, listener, folder, root, store)
            nursery.cancel_scope.cancel()

    watch.folder = folder
    return watch


async def test_what_lies_there_at_the_start_is_settled(watching):
    (watching.folder / "x").mkdir()
    (watching.folder / "x" / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.settled("x/a.mp3")
        await watched.calm()


async def test_the_end_of_a_whole_look_is_logged_with_what_it_found(watching):
    for name in ("same.mp3", "other.mp3", "gone.mp3"):
        (watching.folder / name).write_bytes(b"1")
    with structlog.testing.capture_logs() as logs:
        async with watching() as watched:
            for name in ("same.mp3", "other.mp3", "gone.mp3"):
                await watched.catalogued(await watched.settled(name))
            await watched.calm()
        (watching.folder / "other.mp3").write_bytes(b"22")
        (watching.folder / "new.mp3").write_bytes(b"3")
        (watching.folder / "gone.mp3").unlink()
        async with watching() as watched:
            await watched.settled("new.mp3")
            await watched.calm()
    first, second = ({**log} for log in logs if log["event"] == "scan_finished")

    assert (first["log_level"], first["root"]) == ("info", str(watching.folder))
    assert (first["found"], first["added"], first["changed"], first["missing"]) == (3, 3, 0, 0)
    assert (second["found"], second["added"], second["changed"], second["missing"]) == (3, 1, 1, 1)
    assert second["seconds"] > 0


async def test_a_file_that_appears_is_settled(watching):
    async with watching() as watched:
        await watched.calm()
        (watched.folder / "new.mp3").write_bytes(b"123")

        assert (await watched.settled("new.mp3")).size_bytes == 3


async def test_a_folder_that_appears_full_is_looked_into(watching, tmp_path):
    ready = tmp_path / "ready" / "deep"
    ready.mkdir(parents=True)
    (ready / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.calm()
        ready.parent.rename(watched.folder / "moved in")

        await watched.settled("moved in/deep/a.mp3")


async def test_a_renamed_file_is_one_move(watching):
    (watching.folder / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.settled("a.mp3")
        await watched.calm()
        (watched.folder / "a.mp3").rename(watched.folder / "b.mp3")
        message = await watched.listener.until(lambda one: isinstance(one, FilesMoved))

        [(before, reading)] = message.moves
        assert before == os.fsencode(watched.folder / "a.mp3")
        assert reading.path == os.fsencode(watched.folder / "b.mp3")


async def test_a_removed_file_is_gone(watching):
    (watching.folder / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.settled("a.mp3")
        await watched.calm()
        (watched.folder / "a.mp3").unlink()
        message = await watched.listener.until(lambda one: isinstance(one, FilesGone))

        assert message.paths == (os.fsencode(watched.folder / "a.mp3"),)


async def test_a_file_that_is_written_on_is_growing_and_then_settles(watching):
    async with watching() as watched:
        await watched.calm()
        with (watched.folder / "live.wav").open("wb") as file:
            grown = trio.Event()

            async def write():
                while not grown.is_set():
                    file.write(b"x" * 100)
                    file.flush()
                    await trio.sleep(0.02)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(write)
                await watched.listener.until(lambda one: isinstance(one, FileGrowing))
                grown.set()
        reading = await watched.settled("live.wav")

        assert reading.size_bytes == (watched.folder / "live.wav").stat().st_size


async def test_a_root_that_is_away_is_unavailable_and_comes_back(watching, tmp_path, monkeypatch):
    monkeypatch.setattr("actors.patrol.RETRY_S", 0.05)
    (watching.folder / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.catalogued(await watched.settled("a.mp3"))
        await watched.calm()
        watched.folder.rename(tmp_path / "away")
        watched.patrol.scan()
        await watched.listener.until(lambda one: isinstance(one, RootSeen) and one.state is RootState.UNAVAILABLE)
        watched.listener.told.clear()
        (tmp_path / "away").rename(watched.folder)
        await watched.calm()
        (watched.folder / "b.mp3").write_bytes(b"2")
        await watched.settled("b.mp3")

        assert not [one for one in watched.listener.told if isinstance(one, FilesGone)]


async def test_a_folder_that_cannot_be_read_is_unverified(watching):
    folder = watching.folder / "x"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.mp3").write_bytes(b"%d" % number)
    async with watching() as watched:
        for number in range(3):
            await watched.settled(f"x/{number}.mp3")
        await watched.calm()
        for file in folder.iterdir():
            file.unlink()
        message = await watched.listener.until(lambda one: isinstance(one, FilesUnverified))

        assert message.folder == os.fsencode(folder)


async def test_a_missing_file_that_lies_there_again_is_back(watching):
    path = watching.folder / "a.mp3"
    path.write_bytes(b"1")
    async with watching() as watched:
        reading = await watched.settled("a.mp3")
        await watched.catalogued(reading)
        await watched.calm()
        await watched.store.changes.apply([LoseLocations(paths=(reading.path,))])
        watched.patrol.scan()
        message = await watched.listener.until(lambda one: isinstance(one, FilesBack))

        assert message.readings == (reading,)


async def test_a_whole_look_finds_what_no_event_told(watching):
    async with watching() as watched:
        await watched.calm()
        watched.patrol._ear.root_is_another()
        (watched.folder / "quiet.mp3").write_bytes(b"1")
        watched.patrol.scan()

        await watched.settled("quiet.mp3")


async def test_left_out_inside_are_left_to_their_own_patrol(watching):
    inside = watching.folder / "inside"
    inside.mkdir()
    (inside / "a.mp3").write_bytes(b"1")
    (watching.folder / "b.mp3").write_bytes(b"1")
    async with watching() as watched:
        watched.patrol.left_out = frozenset({os.fsencode(inside)})
        await watched.settled("b.mp3")
        await watched.calm()

        paths = {
            reading.path for one in watched.listener.told if isinstance(one, FilesSettled) for reading in one.readings
        }
        assert paths == {os.fsencode(watching.folder / "b.mp3")}


async def test_a_growing_file_that_goes_away_is_gone(watching):
    async with watching() as watched:
        await watched.calm()
        path = watched.folder / "live.wav"
        with path.open("wb") as file:
            grown = trio.Event()

            async def write():
                while not grown.is_set():
                    file.write(b"x" * 100)
                    file.flush()
                    await trio.sleep(0.02)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(write)
                await watched.listener.until(lambda one: isinstance(one, FileGrowing))
                path.unlink()
                grown.set()
        message = await watched.listener.until(lambda one: isinstance(one, FilesGone))

        assert message.paths == (os.fsencode(path),)


async def test_losses_that_follow_each_other_are_told_as_one(watching):
    names = [f"{number}.mp3" for number in range(8)]
    for name in names:
        (watching.folder / name).write_bytes(name.encode())
    async with watching() as watched:
        for name in names:
            await watched.settled(name)
        await watched.calm()
        for name in names:
            (watched.folder / name).unlink()
            await trio.sleep(0.05)
        await watched.listener.until(lambda one: isinstance(one, FilesGone))

        [told] = [one for one in watched.listener.told if isinstance(one, FilesGone)]
        assert len(told.paths) == 8


async def test_a_whole_look_says_how_much_it_did_not_find(watching):
    (watching.folder / "a.mp3").write_bytes(b"1")
    (watching.folder / "b.mp3").write_bytes(b"2")
    async with watching() as watched:
        await watched.catalogued(await watched.settled("a.mp3"))
        await watched.calm()
        (watching.folder / "a.mp3").unlink()
        watched.listener.told.clear()
        watched.patrol.scan()

        await watched.listener.until(
            lambda one: isinstance(one, RootSeen) and one.state is RootState.WATCHED and one.lost == 1
        )


async def test_a_file_system_that_does_not_answer_makes_a_root_unavailable_and_nothing_else(watching, monkeypatch):
    monkeypatch.setattr("actors.patrol.RETRY_S", 0.05)
    (watching.folder / "a.mp3").write_bytes(b"1")
    async with watching() as watched:
        await watched.settled("a.mp3")
        await watched.calm()
        monkeypatch.setattr("actors.disk.ANSWER_S", 0.0)
        watched.patrol.scan()
        await watched.listener.until(lambda one: isinstance(one, RootSeen) and one.state is RootState.UNAVAILABLE)
        monkeypatch.undo()
        watched.listener.told.clear()
        await watched.calm()


async def test_a_folder_that_went_bare_is_looked_at_again_until_its_files_are_back(watching, tmp_path, monkeypatch):
    monkeypatch.setattr("actors.patrol.RETRY_S", 0.05)
    folder = watching.folder / "x"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.mp3").write_bytes(b"%d" % number)
    async with watching() as watched:
        for number in range(3):
            await watched.catalogued(await watched.settled(f"x/{number}.mp3"))
        await watched.calm()
        for number in range(3):
            (folder / f"{number}.mp3").rename(tmp_path / f"{number}.mp3")
        await watched.listener.until(lambda one: isinstance(one, FilesUnverified))
        watched.patrol._ear.root_is_another()
        for number in range(3):
            (tmp_path / f"{number}.mp3").rename(folder / f"{number}.mp3")

        # Whether or not an event told of it.
        await watched.settled("x/0.mp3")
