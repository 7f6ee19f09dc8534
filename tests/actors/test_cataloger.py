"""What the cataloger makes of messages, on a real catalogue and real files."""

import os
from itertools import count

import attrs
import pytest

from actors.cataloger import Cataloger
from actors.errors import DatabaseAwayError, UnreadableError
from actors.messages import (
    AnalysisFailed,
    Analyzed,
    FileGrowing,
    FilesBack,
    FilesGone,
    FilesMoved,
    FilesSettled,
    FilesUnverified,
    RootSeen,
)
from actors.model.change import Reading
from actors.model.features import Features, Loudness
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Failure, Presence, Sound, Stage, Tags
from actors.nudge import Nudge
from tests.contracts.fake_executor import FakeExecutor

SOUND = Sound(container="wav", codec="pcm_s16le", duration_s=1.0, rate_hz=44_100, channels=2)
SILENCE = Loudness(
    integrated_lufs=None,
    range_lu=None,
    true_peak_dbtp=None,
    sample_peak_dbfs=None,
    max_momentary_lufs=None,
    max_short_term_lufs=None,
)
FEATURES = Features(version=1, duration_s=1.0, loudness=SILENCE, tempo=None, key=None, peaks=b"\0\0")
numbers = count(1)


class Answers(dict):
    """What the executor says of each path, as long as a file is there; keeps which paths it was asked about."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def get(self, path, default=None):
        """One answer."""
        self.asked.append(path)
        return super().get(path, default) if os.path.exists(path) else None


@attrs.define
class Desk:
    """A cataloger over a root of its own."""

    cataloger: Cataloger
    store: object
    answers: Answers
    nudge: Nudge
    root: str
    folder: object

    def put(self, name: str, content: str) -> Reading:
        """A file, and what reading it gives: `sound title`, or the kind of its failure."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        sound, _, title = content.partition(" ")
        if sound in {"no_audio", "corrupt", "unreadable"}:
            self.answers[os.fsencode(path)] = UnreadableError(sound, f"it is {sound}")
        else:
            self.answers[os.fsencode(path)] = (
                Probe(audio_hash=sound, sound=SOUND, tags=Tags(title=title or None)),
                FEATURES,
            )
        status = path.stat()
        return Reading(
            root_id=self.root,
            path=os.fsencode(path),
            size_bytes=status.st_size,
            mtime_ns=status.st_mtime_ns,
            device=status.st_dev,
            inode=status.st_ino,
        )

    async def settled(self, *readings: Reading):
        await self.cataloger.receive(FilesSettled(readings=readings))

    async def at(self, reading: Reading):
        known = await self.store.tracks.known([reading.path], [])
        holder = known.at.get(reading.path)
        return await self.store.tracks.find(holder.track_id) if holder else None

    async def told(self, since: int) -> list[str]:
        return [event.type for event in await self.store.events.after(since, 1000)]

    async def newest(self) -> int:
        return (await self.store.events.bounds())[1]


@pytest.fixture
async def desk(store, store_config, tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    root = await store.roots.add(os.fsencode(folder))
    answers, nudge = Answers(), Nudge()
    executor = FakeExecutor(answers=answers)
    cataloger = Cataloger(store=store, config=store_config, executor=executor, work_waits=nudge)
    return Desk(cataloger, store, answers, nudge, root.id, folder)


def fresh() -> str:
    return f"sound{next(numbers)}"


async def test_a_settled_file_is_catalogued_with_its_tags(desk):
    reading = desk.put("a.mp3", f"{fresh()} Blue")
    await desk.settled(reading)
    track = await desk.at(reading)

    assert (track.tags.title, track.stage, track.size_bytes) == ("Blue", Stage.PENDING, reading.size_bytes)


async def test_whoever_analyzes_is_nudged(desk):
    await desk.settled(desk.put("a.mp3", fresh()))

    await desk.nudge.take()


async def test_a_redelivered_message_changes_nothing(desk):
    reading = desk.put("a.mp3", fresh())
    await desk.settled(reading)
    since = await desk.newest()
    await desk.settled(reading)

    assert await desk.told(since) == []


async def test_a_moved_and_retagged_file_keeps_its_id_and_is_told_once(desk):
    sound = fresh()
    reading = desk.put("a.mp3", f"{sound} Before")
    await desk.settled(reading)
    track_id, since = (await desk.at(reading)).id, await desk.newest()
    (desk.folder / "a.mp3").unlink()
    moved = desk.put("b.mp3", f"{sound} After")
    await desk.settled(moved)
    await desk.cataloger.receive(FilesGone(root_id=desk.root, paths=(reading.path,)))

    assert await desk.told(since) == ["TRACK_MOVED"]
    track = await desk.at(moved)
    assert (track.id, track.tags.title, len(track.locations)) == (track_id, "After", 1)


async def test_a_copy_is_one_more_location(desk):
    sound = fresh()
    first, second = desk.put("a.mp3", sound), desk.put("b.mp3", sound)
    await desk.settled(first, second)

    assert (await desk.at(first)).id == (await desk.at(second)).id


async def test_a_bare_rename_reads_no_file_again(desk):
    reading = desk.put("a.mp3", fresh())
    await desk.settled(reading)
    track_id = (await desk.at(reading)).id
    (desk.folder / "a.mp3").rename(desk.folder / "b.mp3")
    moved = attrs.evolve(reading, path=os.fsencode(desk.folder / "b.mp3"))
    desk.answers.asked.clear()
    await desk.cataloger.receive(FilesMoved(moves=((reading.path, moved),)))

    assert desk.answers.asked == []
    assert (await desk.at(moved)).id == track_id


async def test_a_move_of_an_unknown_file_is_read_as_a_new_one(desk):
    reading = desk.put("b.mp3", fresh())
    await desk.cataloger.receive(FilesMoved(moves=((b"/never/seen", reading),)))

    assert (await desk.at(reading)).stage is Stage.PENDING


async def test_an_empty_file_costs_no_reader(desk):
    reading = desk.put("a.mp3", "")
    await desk.settled(reading)

    assert desk.answers.asked == []
    assert (await desk.at(reading)).stage is Stage.EMPTY


async def test_what_claims_to_be_audio_and_is_not_is_shown_as_failed(desk):
    reading = desk.put("a.mp3", "no_audio")
    await desk.settled(reading)
    track = await desk.at(reading)

    assert (track.stage, track.failure) == (Stage.FAILED, Failure(kind="no_audio", message="it is no_audio"))


async def test_what_claims_nothing_and_holds_no_audio_is_passed_over(desk):
    reading = desk.put("a.xyz", "no_audio")
    since = await desk.newest()
    await desk.settled(reading)

    assert await desk.at(reading) is None
    assert await desk.told(since) == []
    assert (await desk.store.tracks.known([reading.path], [])).at == {reading.path: None}


async def test_a_file_without_permission_is_looked_at_again_at_the_next_comparison(desk):
    reading = desk.put("a.mp3", "unreadable")
    await desk.settled(reading)
    track = await desk.at(reading)

    assert track.stage is Stage.FAILED
    assert track.locations[0].mtime_ns != reading.mtime_ns


async def test_a_file_that_went_away_while_read_changes_nothing(desk):
    reading = desk.put("a.mp3", fresh())
    (desk.folder / "a.mp3").unlink()
    await desk.settled(reading)

    assert await desk.at(reading) is None


async def test_one_bad_file_does_not_hold_up_the_others(desk):
    good, bad = desk.put("good.mp3", fresh()), desk.put("bad.mp3", "corrupt")
    await desk.settled(bad, good)

    assert (await desk.at(good)).stage is Stage.PENDING
    assert (await desk.at(bad)).failure.kind == "corrupt"


async def test_a_growing_file_is_shown_and_then_catalogued_under_its_id(desk):
    reading = desk.put("live.wav", fresh())
    await desk.cataloger.receive(FileGrowing(reading=reading))
    shown = await desk.at(reading)
    await desk.settled(reading)

    assert shown.stage is Stage.GROWING
    assert (await desk.at(reading)).id == shown.id
    assert (await desk.at(reading)).stage is Stage.PENDING


async def test_a_removed_file_is_missing_and_one_that_is_back_present(desk):
    kept, lost = desk.put("kept.mp3", fresh()), desk.put("lost.mp3", fresh())
    await desk.settled(kept, lost)
    await desk.cataloger.receive(FilesGone(root_id=desk.root, paths=(lost.path,)))

    assert (await desk.at(lost)).presence is Presence.MISSING
    await desk.cataloger.receive(FilesBack(readings=(lost,)))
    assert (await desk.at(lost)).presence is Presence.PRESENT


async def test_losing_too_much_is_held_until_confirmed(desk):
    readings = [desk.put(f"{number}.mp3", fresh()) for number in range(6)]
    await desk.settled(*readings)
    gone = FilesGone(root_id=desk.root, paths=tuple(reading.path for reading in readings[:3]))
    await desk.cataloger.receive(gone)

    assert (await desk.at(readings[0])).presence is Presence.PRESENT
    root = await desk.store.roots.find(desk.root)
    assert root.state is RootState.HELD
    assert "3 of 6" in root.reason

    await desk.cataloger.receive(attrs.evolve(gone, is_confirmed=True))
    assert (await desk.at(readings[0])).presence is Presence.MISSING


async def test_an_unreadable_folder_leaves_its_files_unverified(desk):
    reading = desk.put("a.mp3", fresh())
    await desk.settled(reading)
    await desk.cataloger.receive(FilesUnverified(root_id=desk.root, folder=os.fsencode(desk.folder)))

    assert (await desk.at(reading)).presence is Presence.UNVERIFIED


async def test_the_state_of_a_root_is_kept(desk):
    seen = RootSeen(root_id=desk.root, state=RootState.WATCHED, reason=None, device=7, found=3, done=3)
    await desk.cataloger.receive(seen)
    root = await desk.store.roots.find(desk.root)

    assert (root.state, root.device) == (RootState.WATCHED, 7)
    assert root.scanned_at is not None


async def test_results_of_analysis_are_kept(desk):
    sound = fresh()
    reading = desk.put("a.mp3", sound)
    await desk.settled(reading)
    track = await desk.at(reading)
    await desk.cataloger.receive(Analyzed(track_id=track.id, audio_hash=sound, features=FEATURES))

    assert (await desk.at(reading)).features is not None


async def test_failed_analyses_are_counted_up_to_quarantine(desk):
    sound = fresh()
    reading = desk.put("a.mp3", sound)
    await desk.settled(reading)
    track = await desk.at(reading)
    failed = AnalysisFailed(
        track_id=track.id, audio_hash=sound, failure=Failure(kind="time_limit", message="longer than 600 s")
    )
    for _ in range(desk.cataloger._config.quarantine_after):
        await desk.cataloger.receive(failed)

    assert (await desk.at(reading)).stage is Stage.QUARANTINED


async def test_a_hold_lasts_through_other_news_of_the_root_until_a_scan_finds_all(desk):
    readings = [desk.put(f"{number}.mp3", fresh()) for number in range(6)]
    await desk.settled(*readings)
    await desk.cataloger.receive(FilesGone(root_id=desk.root, paths=tuple(one.path for one in readings[:3])))
    seen = RootSeen(root_id=desk.root, state=RootState.WATCHED, reason=None, device=1, found=3, done=3, lost=3)
    await desk.cataloger.receive(attrs.evolve(seen, state=RootState.SCANNING, lost=0))
    await desk.cataloger.receive(seen)
    assert (await desk.store.roots.find(desk.root)).state is RootState.HELD

    await desk.cataloger.receive(attrs.evolve(seen, found=6, done=6, lost=0))
    assert (await desk.store.roots.find(desk.root)).state is RootState.WATCHED


async def test_confirming_a_loss_ends_the_hold(desk):
    readings = [desk.put(f"{number}.mp3", fresh()) for number in range(6)]
    await desk.settled(*readings)
    gone = FilesGone(root_id=desk.root, paths=tuple(one.path for one in readings[:3]))
    await desk.cataloger.receive(gone)
    await desk.cataloger.receive(attrs.evolve(gone, is_confirmed=True))

    assert (await desk.store.roots.find(desk.root)).state is RootState.WATCHED


async def test_a_file_said_to_be_back_that_nobody_knows_is_read(desk):
    reading = desk.put("a.mp3", fresh())
    await desk.cataloger.receive(FilesBack(readings=(reading,)))

    assert (await desk.at(reading)).stage is Stage.PENDING


async def test_a_file_that_loses_its_permission_keeps_its_track_as_it_is(desk):
    reading = desk.put("a.mp3", fresh())
    await desk.settled(reading)
    before = await desk.at(reading)
    await desk.settled(desk.put("a.mp3", "unreadable"))

    assert await desk.at(reading) == before


async def test_a_message_waits_until_the_database_is_back(desk, monkeypatch):
    monkeypatch.setattr("actors.cataloger.DATABASE_RETRY_S", 0.01)
    apply, tries = desk.store.changes.apply, count(1)

    async def away_twice(*given):
        if next(tries) < 3:
            raise DatabaseAwayError("PostgreSQL does not answer")
        return await apply(*given)

    reading = desk.put("a.mp3", fresh())
    monkeypatch.setattr(type(desk.store.changes), "apply", lambda _, *given: away_twice(*given))
    await desk.settled(reading)

    assert (await desk.at(reading)).stage is Stage.PENDING


async def test_an_empty_file_that_claims_nothing_is_passed_over(desk):
    reading = desk.put("a.lock", "")
    await desk.settled(reading)

    assert await desk.at(reading) is None
