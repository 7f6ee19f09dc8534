"""The executor of this machine on real recordings; its contract is tested in tests/contracts."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from actors.config import Config
from actors.errors import FileGoneError
from actors.media.demo import make_demo
from actors.work.local import local_executor

SERVICE = """
import sys
import trio
from actors.config import Config
from actors.work.local import local_executor

async def main():
    async with local_executor(Config(workers=1), command=sys.argv[2:]) as executor:
        await executor.analyze(sys.argv[1].encode(), progress=lambda done: print("begun", flush=True))

trio.run(main)
"""


def ignore(done):
    """Nobody follows."""


async def test_real_workers_read_a_whole_demo_library(tmp_path):
    files = [os.fsencode(path) for path in make_demo(tmp_path, count=7, seconds=4.0)]
    told, probes, features = [], {}, {}

    async def read(executor, path):
        probes[path] = await executor.probe(path)
        features[path] = await executor.analyze(path, progress=told.append)

    async with local_executor(Config(workers=2)) as executor:
        async with trio.open_nursery() as nursery:
            for path in files:
                nursery.start_soon(read, executor, path)
        statistics = executor.statistics()

    assert len({probe.audio_hash for probe in probes.values()}) == 7
    assert {probe.tags.artists for probe in probes.values()} >= {("The Corvids",), ("Каркуша",)}
    assert all(found.duration_s == pytest.approx(4.0, abs=0.1) for found in features.values())
    assert all(0 <= done <= 1 for done in told)
    assert statistics.probe.started <= 2
    assert statistics.analysis.started <= 2
    assert statistics.probe.busy == statistics.analysis.busy == 0


async def test_a_probe_does_not_wait_for_analyses(named, mishaps):
    begun = trio.Event()

    async with local_executor(Config(workers=1), command=mishaps) as executor, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: executor.analyze(b"loop.mp3", progress=lambda _: begun.set()))
        await begun.wait()

        assert (await executor.probe(named("rook"))).tags.title == "Rook"
        assert executor.statistics().analysis.busy == 1
        nursery.cancel_scope.cancel()


async def test_a_file_that_goes_or_changes_while_it_is_measured_is_to_be_looked_at_again(named, mishaps):
    async with local_executor(Config(workers=1), command=mishaps) as executor:
        for mishap, kind in [("vanish", "gone"), ("grow", "changed"), ("replace", "changed")]:
            with pytest.raises(FileGoneError) as gone:
                await executor.analyze(named(mishap), progress=ignore)
            assert gone.value.kind == kind

        assert executor.statistics().analysis.started == 1
        assert executor.statistics().analysis.crashed == 0


async def test_what_a_decoder_prints_reaches_nobody_and_spoils_nothing(named, mishaps, capfd):
    async with local_executor(Config(workers=1), command=mishaps) as executor:
        assert (await executor.probe(named("shout"))).tags.title == "Rook"

    assert capfd.readouterr() == ("", "")


def test_no_orphan_outlives_a_service_that_is_killed(mishaps, workers):
    top = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", SERVICE, "stick.mp3", *mishaps]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": top}, stdout=subprocess.PIPE) as service:
        try:
            assert service.stdout.readline() == b"begun\n"
            (worker,) = workers(service.pid)
            pidfd = os.pidfd_open(worker.pid)
        finally:
            service.kill()

    try:
        # Not by its number, which stays in use until somebody waits for it.
        ended, _, _ = select.select([pidfd], [], [], 20)
        if not ended:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    finally:
        os.close(pidfd)
    assert ended
