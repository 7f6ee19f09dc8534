"""One child process, seen from outside."""

import os
import signal
import sys
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import pytest
import trio
import trio.testing

from actors.errors import FileGoneError, LimitExceededError, UnreadableError
from actors.work.frames import LONGEST_FRAME, Begun, Failed, Finished, Progressed, Ready, Terms, frame
from actors.work.process import END_LIMIT_S
from actors.work.worker import START_LIMIT_S, WorkerLostError, WorkerStartError, start_worker

TERMS = Terms(task="act", parent=os.getpid(), memory_bytes=256 * 1024 * 1024, niceness=0)
RESULT = Finished(result=msgspec.Raw(msgspec.msgpack.encode("done")))
SAYING = """
import os
os.write(1, {ready})
while os.read(0, 65_536):
    os.write(1, {answer})
    {then}
"""

PYTHON = (sys.executable, "-I", "-S", "-c")
STUBBORN = (*PYTHON, f"import os, signal; os.write(1, {frame(Ready())!r}); signal.pause()")
SILENT = (*PYTHON, "import signal; signal.pause()")


def ignore(done):
    """Nobody follows."""


def saying(*reports, then="pass"):
    """The command of a child that answers every order with the same bytes, whatever they are."""
    code = SAYING.format(ready=frame(Ready()), answer=b"".join(reports), then=then)
    return (*PYTHON, code)


@asynccontextmanager
async def working(command):
    """A started worker that is killed at the end."""
    worker = await start_worker(TERMS, command=command)
    try:
        yield worker
    finally:
        await worker.kill()


async def test_an_order_gives_its_result_and_the_worker_takes_another(mishaps):
    async with working(mishaps) as worker:
        for _ in range(2):
            assert msgspec.msgpack.decode(await worker.carry_out(b"one.mp3", ignore)) == worker.process.pid

        assert worker.served == 2
        assert worker.is_usable


async def test_a_report_of_failure_is_the_error_of_its_kind():
    for kind, error in [("gone", FileGoneError), ("changed", FileGoneError), ("memory_limit", LimitExceededError)]:
        async with working(saying(frame(Begun()), frame(Failed(kind=kind, message="so it is")))) as worker:
            with pytest.raises(error, match="so it is") as raised:
                await worker.carry_out(b"one.mp3", ignore)

            assert raised.value.kind == kind
            assert worker.is_usable


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff" * 64,
        (LONGEST_FRAME + 1).to_bytes(4, "big"),
        (0).to_bytes(4, "big"),
        (3).to_bytes(4, "big") + b"abc",
        frame(Progressed(done=7.0)),
    ],
    ids=["no frame", "too long", "empty", "no report", "progress beyond its range"],
)
async def test_a_worker_that_talks_nonsense_is_ended(nonsense):
    async with working(saying(frame(Begun()), nonsense)) as worker:
        with pytest.raises(UnreadableError) as crash:
            await worker.carry_out(b"one.mp3", ignore)

        assert crash.value.kind == "decoder_crashed"
        assert not worker.is_usable
        assert worker.process.returncode == -signal.SIGKILL


async def test_a_worker_that_ends_after_it_began_has_crashed_on_the_file(mishaps):
    async with working(mishaps) as worker:
        with pytest.raises(UnreadableError, match="signal 11") as crash:
            await worker.carry_out(b"crash.mp3", ignore)

        assert crash.value.kind == "decoder_crashed"
        assert worker.process.returncode == -signal.SIGSEGV


async def test_a_worker_that_was_gone_before_it_began_is_lost_with_no_blame_on_the_file(mishaps):
    async with working(mishaps) as worker:
        os.kill(worker.process.pid, signal.SIGKILL)
        await trio.lowlevel.wait_readable(worker.process.exit_fd)

        with pytest.raises(WorkerLostError, match="signal 9"):
            await worker.carry_out(b"one.mp3", ignore)


@pytest.mark.parametrize("words", ["MemoryError", "numpy: Cannot allocate memory", "terminate called: std::bad_alloc"])
async def test_memory_that_runs_out_is_told_from_other_crashes(words):
    then = f"os.write(2, b'loading\\n{words}\\n'); os.abort()"

    async with working(saying(frame(Begun()), then=then)) as worker:
        with pytest.raises(LimitExceededError) as limit:
            await worker.carry_out(b"one.mp3", ignore)

        assert limit.value.kind == "memory_limit"


async def test_an_exception_is_told_as_itself(mishaps):
    async with working(mishaps) as worker:
        with pytest.raises(UnreadableError) as crash:
            await worker.carry_out(b"raise.mp3", ignore)

        assert crash.value.message == "its decoder crashed: RuntimeError: nobody thought of this"
        assert worker.process.returncode == 1


async def test_an_exception_is_told_even_when_its_process_does_not_go(mock_clock):
    words = b"Traceback (most recent call last):\n  File x\nValueError: no such sound\n"
    then = f"os.write(2, {words!r}); os.close(1); import signal; signal.pause()"
    raised = []

    async def order(worker):
        with pytest.raises(UnreadableError) as crash:
            await worker.carry_out(b"one.mp3", ignore)
        raised.append(crash.value.message)

    async with working(saying(frame(Begun()), then=then)) as worker, trio.open_nursery() as nursery:
        nursery.start_soon(order, worker)
        while trio.lowlevel.current_statistics().seconds_to_next_deadline > END_LIMIT_S:
            await trio.testing.wait_all_tasks_blocked()
        # Once: the process that is killed then has its real time to go.
        mock_clock.jump(END_LIMIT_S)

    assert raised == ["its decoder crashed: ValueError: no such sound"]
    assert worker.process.returncode == -signal.SIGKILL


async def test_words_about_one_file_explain_no_crash_on_the_next(mishaps):
    async with working(mishaps) as worker:
        await worker.carry_out(b"shout.mp3", ignore)
        with pytest.raises(UnreadableError, match=r"signal 11$") as crash:
            await worker.carry_out(b"crash.mp3", ignore)

        assert crash.value.kind == "decoder_crashed"


async def test_what_follows_the_progress_may_fail_without_harm_to_the_process(mishaps):
    def stumble(done):
        raise RuntimeError("the follower fell")

    async with working(mishaps) as worker:
        with pytest.raises(RuntimeError, match="the follower fell"):
            await worker.carry_out(b"loop.mp3", stumble)


async def test_a_program_that_is_not_there_is_the_fault_of_no_file():
    with pytest.raises(WorkerStartError, match="No such file"):
        await start_worker(TERMS, command=("/nowhere/worker",))


async def test_a_child_that_ends_at_once_tells_its_last_words():
    command = (*PYTHON, "raise SystemExit('no library')")

    with pytest.raises(WorkerStartError, match="status 1, no library"):
        await start_worker(TERMS, command=command)


async def test_a_child_that_is_never_ready_is_given_up(mock_clock, nursery):
    async def start():
        with pytest.raises(WorkerStartError, match="signal 9"):
            await start_worker(TERMS, command=SILENT)

    nursery.start_soon(start)
    await trio.testing.wait_all_tasks_blocked()
    mock_clock.jump(START_LIMIT_S)


async def test_a_start_that_is_cancelled_leaves_neither_process_nor_descriptor():
    before = set(os.listdir("/proc/self/fd"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(start_worker, TERMS, command=SILENT))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert set(os.listdir("/proc/self/fd")) == before


async def test_the_end_is_left_to_the_child_and_leaves_no_descriptor(mishaps):
    before = set(os.listdir("/proc/self/fd"))
    worker = await start_worker(TERMS, command=mishaps)

    await worker.end()

    assert worker.process.returncode == 0
    assert set(os.listdir("/proc/self/fd")) == before


async def test_a_child_that_does_not_end_is_killed(mock_clock):
    worker = await start_worker(TERMS, command=STUBBORN)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker.end)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(END_LIMIT_S)

    assert worker.process.returncode == -signal.SIGKILL


async def test_an_end_that_is_cancelled_still_ends_the_process():
    worker = await start_worker(TERMS, command=STUBBORN)

    with trio.CancelScope() as scope:
        scope.cancel()
        await worker.end()

    assert worker.process.returncode == -signal.SIGKILL


async def test_killing_twice_is_harmless(mishaps):
    worker = await start_worker(TERMS, command=mishaps)

    await worker.kill()
    await worker.kill()

    assert not worker.is_usable
