"""Analyses are pulled, claimed, reported and never lost, on a real catalogue."""

import os
import secrets

import attrs
import pytest
import trio

from actors.analyzer import Analyzer
from actors.errors import LimitExceededError
from actors.messages import AnalysisFailed, Analyzed, Progress
from actors.model.change import AddTrack, Content, SetFeatures
from actors.model.features import Features, Loudness
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.nudge import Nudge
from actors.watching import walk
from supervision import Child, Supervisor, run, testing
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
PROBE = Probe(audio_hash="h", sound=SOUND, tags=Tags())
FEATURES = Features(version=1, duration_s=1.0, loudness=SILENCE, tempo=None, key=None, peaks=b"\0\0")


@attrs.define
class Bench:
    """Counts how many analyses run at once in the executor behind it; files named `wait` begin when the gate opens."""

    executor: FakeExecutor = attrs.field(factory=FakeExecutor)
    most: int = 0
    _running: int = 0
    gate: trio.Event = attrs.field(factory=trio.Event)
    started: trio.Event = attrs.field(factory=trio.Event)

    def expect(self, path):
        """What becomes of a file is in its name."""
        name = path.rpartition(b"/")[2]
        if b"slow" in name:
            self.executor.answers[path] = LimitExceededError("time_limit", "longer than allowed")
        elif b"gone" not in name:
            self.executor.answers[path] = (PROBE, FEATURES)

    async def analyze(self, path, *, progress):
        """As the executor behind it, counted."""
        self._running += 1
        self.most = max(self.most, self._running)
        self.started.set()
        try:
            if b"wait" in path.rpartition(b"/")[2]:
                await self.gate.wait()
            return await self.executor.analyze(path, progress=progress)
        finally:
            self._running -= 1

    async def probe(self, path):
        """As the executor behind it."""
        return await self.executor.probe(path)


@pytest.fixture
async def analyzing(fresh_store, store_config, tmp_path):
    """The running analyzer, with what it tells; tracks are put by `put`."""
    store, bench, nudge = fresh_store, Bench(), Nudge()
    others = testing.Probe()
    config = attrs.evolve(store_config, workers=2)

    def analyzer():
        return Analyzer(
            store=store,
            config=config,
            executor=bench,
            work_waits=nudge,
            cataloger="test/others",
            broadcaster="test/others",
        )

    root = await store.roots.add(os.fsencode(tmp_path))

    async def put(name: str) -> str:
        track_id, path = secrets.token_hex(4), os.fsencode(tmp_path / name)
        (tmp_path / name).write_bytes(b"1")
        bench.expect(path)
        reading = next(
            one
            for one in walk.list_folder(root.id, os.fsencode(tmp_path), os.fsencode(tmp_path)).files
            if one.path == path
        )
        content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=f"h{track_id}", sound=SOUND, tags=Tags()))
        await store.changes.apply([AddTrack(track_id=track_id, reading=reading, content=content)])
        nudge.give()
        return track_id

    async def told(kind):
        return await others.next(lambda message: isinstance(message, kind), timeout_s=30)

    tree = Supervisor("test", children=[others.child("others"), Child("analyzer", analyzer)])
    async with run(tree, signals=False) as running:
        yield running, bench, put, told, store


async def test_what_waits_is_analyzed_and_told_with_its_bytes(analyzing):
    _, _, put, told, _ = analyzing
    track_id = await put("a.wav")
    message = await told(Analyzed)

    assert (message.track_id, message.audio_hash, message.features) == (track_id, f"h{track_id}", FEATURES)


async def test_progress_is_told_on_the_way(analyzing):
    _, _, put, told, _ = analyzing
    track_id = await put("a.wav")
    message = await told(Progress)

    assert (message.subject, message.done) == (f"track:{track_id}", 0.5)


async def test_a_failed_analysis_is_told_with_its_reason(analyzing):
    _, _, put, told, _ = analyzing
    track_id = await put("slow.wav")
    message = await told(AnalysisFailed)

    assert (message.track_id, message.failure.kind) == (track_id, "time_limit")


async def test_a_file_that_went_away_holds_up_nothing(analyzing):
    _, _, put, told, _ = analyzing
    await put("gone.wav")
    track_id = await put("a.wav")

    assert (await told(Analyzed)).track_id == track_id


async def test_no_more_run_at_once_than_there_are_workers(analyzing):
    _, bench, put, told, _ = analyzing
    for number in range(5):
        await put(f"wait{number}.wav")
    await bench.started.wait()
    bench.gate.set()
    for _ in range(5):
        await told(Analyzed)

    assert bench.most <= 2


async def test_a_restart_takes_up_what_was_under_way(analyzing):
    running, bench, put, told, _ = analyzing
    track_id = await put("wait.wav")
    await bench.started.wait()
    await running.stop_child("test/analyzer", how="kill")
    bench.gate.set()
    await running.restart_child("test/analyzer")

    assert (await told(Analyzed)).track_id == track_id


async def test_what_is_analyzed_is_not_claimed_again(analyzing):
    _, _, put, told, store = analyzing
    track_id = await put("a.wav")
    message = await told(Analyzed)
    await store.changes.apply([SetFeatures(track_id=track_id, audio_hash=message.audio_hash, features=FEATURES)])

    assert await store.features.claim() is None


async def test_a_file_that_is_not_the_catalogued_one_any_more_is_not_measured(analyzing, tmp_path):
    _, bench, put, told, store = analyzing
    first = await put("wait.wav")
    second = await put("wait too.wav")
    await bench.started.wait()
    other = await put("changed.wav")
    (tmp_path / "changed.wav").write_bytes(b"other bytes")
    last = await put("a.wav")
    bench.gate.set()
    analyzed = {(await told(Analyzed)).track_id for _ in range(3)}

    assert analyzed == {first, second, last}
    assert (await store.tracks.find(other)).stage is Stage.PENDING
