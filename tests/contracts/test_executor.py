"""What every executor keeps, whether it has processes or is a fake: one file's harm is that file's alone."""

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.config import Config
from actors.errors import FileGoneError, LimitExceededError, UnreadableError
from actors.media.synthesis import Piece
from actors.media.writing import write_recording
from actors.model.features import Features, Loudness
from actors.model.probe import Probe
from actors.model.track import Sound, Tags
from actors.work.local import local_executor
from tests.contracts.fake_executor import FakeExecutor, Never

MISHAPS = Path(__file__).parents[1] / "actors" / "work" / "mishaps.py"
WORKERS = 2
LIMIT_S = 600.0
PROBE = Probe(
    audio_hash="0" * 64,
    sound=Sound(container="flac", codec="flac", duration_s=12.0, rate_hz=44_100, channels=2),
    tags=Tags(title="Rook"),
)
QUIET = Loudness(
    integrated_lufs=-14.0,
    range_lu=None,
    true_peak_dbtp=None,
    sample_peak_dbfs=None,
    max_momentary_lufs=None,
    max_short_term_lufs=None,
)
FEATURES = Features(version=1, duration_s=12.0, loudness=QUIET, tempo=None, key=None, peaks=b"\0\0")
BEFALLS = {
    "fail": UnreadableError("corrupt", "it is torn"),
    "crash": UnreadableError("decoder_crashed", "its decoder crashed"),
    "eat": LimitExceededError("memory_limit", "its decoder ran out of memory"),
    "vanish": FileGoneError("gone", "it is not there any more"),
    "grow": FileGoneError("changed", "it changed while it was read"),
    "loop": Never.ENDS,
}
"""What happens in the end, by the name of the file."""


def ignore(done):
    """Nobody follows."""


@pytest.fixture(scope="module")
def piece(tmp_path_factory):
    """The bytes of one recording."""
    path = tmp_path_factory.mktemp("piece") / "piece.flac"
    return write_recording(path, Piece(bpm=120), length_s=12.0, tags={"title": "Rook"}).read_bytes()


@asynccontextmanager
async def child_processes(folder, piece):
    """The executor of this machine, and how a file is put before it."""

    def put(stem):
        path = folder / f"{stem}.flac"
        path.write_bytes(piece)
        return os.fsencode(path)

    config = Config(
        workers=WORKERS, probe_limit_s=LIMIT_S, analysis_limit_s=LIMIT_S, worker_memory_bytes=512 * 1024 * 1024
    )
    async with local_executor(config, command=(sys.executable, "-P", str(MISHAPS))) as executor:
        yield executor, put


@asynccontextmanager
async def fake(folder, piece):
    """The fake, and how it is told of a file."""
    executor = FakeExecutor(workers=WORKERS, limit_s=LIMIT_S)

    def put(stem):
        path = os.fsencode(folder / stem)
        executor.answers[path] = BEFALLS.get(stem, (PROBE, FEATURES))
        return path

    yield executor, put


@pytest.fixture(params=[child_processes, fake], ids=["child processes", "fake"])
def opened(request, tmp_path, piece):
    """Opens an executor; gives it and a function that makes a file of a name."""
    return lambda: request.param(tmp_path, piece)


async def test_a_recording_is_named_and_known_again_under_another_name(opened):
    async with opened() as (executor, put):
        first, second = await executor.probe(put("one")), await executor.probe(put("two"))

    assert first.tags.title == "Rook"
    assert first.sound.duration_s == pytest.approx(12.0, abs=0.01)
    assert len(bytes.fromhex(first.audio_hash)) == 32
    assert second == first


async def test_a_recording_is_measured_with_progress_on_the_event_loop(opened):
    tasks, told = set(), []

    def follow(done):
        tasks.add(trio.lowlevel.current_task())
        told.append(done)

    async with opened() as (executor, put):
        features = await executor.analyze(put("one"), progress=follow)

    assert features.duration_s == pytest.approx(12.0, abs=0.01)
    assert features.loudness.integrated_lufs < 0
    assert all(0 <= done <= 1 for done in told)
    assert tasks <= {trio.lowlevel.current_task()}


async def test_a_file_that_is_not_there_is_gone(opened):
    async with opened() as (executor, _):
        for work in (executor.probe(b"/nowhere/one.mp3"), executor.analyze(b"/nowhere/one.mp3", progress=ignore)):
            with pytest.raises(FileGoneError) as gone:
                await work
            assert gone.value.kind == "gone"


async def test_every_mishap_is_told_by_its_kind_and_costs_one_file(opened):
    async with opened() as (executor, put):
        for stem in ("fail", "crash", "eat", "vanish", "grow"):
            with pytest.raises(type(BEFALLS[stem])) as raised:
                await executor.analyze(put(stem), progress=ignore)
            assert raised.value.kind == BEFALLS[stem].kind

            with pytest.raises(UnreadableError, match="it is torn"):
                await executor.analyze(put("fail"), progress=ignore)


async def test_what_never_ends_is_ended_at_the_time_limit(opened, mock_clock):
    async with opened() as (executor, put):
        with pytest.raises(LimitExceededError) as limit:
            await executor.analyze(put("loop"), progress=lambda _: mock_clock.jump(LIMIT_S))

        assert limit.value.kind == "time_limit"
        with pytest.raises(UnreadableError, match="it is torn"):
            await executor.analyze(put("fail"), progress=ignore)


async def test_cancelled_work_ends_and_gives_its_place_back(opened):
    async with opened() as (executor, put):
        for _ in range(WORKERS + 1):
            with trio.CancelScope() as scope:
                await executor.analyze(put("loop"), progress=lambda _, scope=scope: scope.cancel())
            assert scope.cancelled_caught


async def test_a_bounded_number_is_worked_on_at_once_and_probes_do_not_wait_for_analyses(opened):
    async with opened() as (executor, put), trio.open_nursery() as nursery:
        begun, full = set(), trio.Event()

        async def analyze(number):
            def follow(done):
                begun.add(number)
                if len(begun) == WORKERS:
                    full.set()

            await executor.analyze(put("loop"), progress=follow)

        for number in range(WORKERS + 2):
            nursery.start_soon(analyze, number)
        await full.wait()
        assert (await executor.probe(put("one"))).tags.title == "Rook"

        assert len(begun) == WORKERS
        nursery.cancel_scope.cancel()


async def test_a_follower_that_fails_harms_nobody_else(opened):
    def stumble(done):
        raise RuntimeError("the follower fell")

    async with opened() as (executor, put):
        with pytest.raises(RuntimeError, match="the follower fell"):
            await executor.analyze(put("loop"), progress=stumble)
        with pytest.raises(UnreadableError, match="it is torn"):
            await executor.analyze(put("fail"), progress=ignore)
