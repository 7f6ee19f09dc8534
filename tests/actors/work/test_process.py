"""One child process: started with what it needs, ended for certain, nothing left of it."""

import os
import signal
import sys

import psutil
import pytest
import trio

from actors.errors import LimitExceededError, UnreadableError
from actors.work.process import start_process

PYTHON = (sys.executable, "-I", "-S", "-c")
PATIENT = (*PYTHON, "import os, signal; os.write(1, b'here'); signal.pause()")


@pytest.fixture
async def patient():
    """A process that waits to be ended."""
    process = start_process(PATIENT)
    assert await process.output.receive_some() == b"here"
    yield process
    await process.kill()


async def lived(code, **more):
    """A process that has run some code to its end, and what it said."""
    process = start_process((*PYTHON, code), **more)
    said = b"".join([piece async for piece in process.output])
    await process.end()
    await process.kill()
    return process, said


async def test_it_belongs_to_the_main_thread_whose_death_ends_it(patient):
    children = await trio.Path(f"/proc/self/task/{os.getpid()}/children").read_text()

    assert str(patient.pid) in children.split()


async def test_it_is_in_no_terminal_and_told_to_use_one_thread(patient):
    assert os.getsid(patient.pid) == patient.pid
    assert psutil.Process(patient.pid).environ()["OPENBLAS_NUM_THREADS"] == "1"


async def test_killing_ends_it_and_leaves_no_descriptor():
    before = set(os.listdir("/proc/self/fd"))
    process = start_process(PATIENT)
    assert process.is_running
    with trio.CancelScope() as scope:
        scope.cancel()
        await process.kill()
    await process.kill()

    assert (process.is_running, process.returncode) == (False, -signal.SIGKILL)
    assert process.words == "signal 9"
    assert set(os.listdir("/proc/self/fd")) == before


async def test_a_program_that_is_not_there_leaves_no_descriptor():
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        start_process(("/nowhere/worker",))

    assert set(os.listdir("/proc/self/fd")) == before


async def test_it_has_the_open_files_that_it_was_given_and_no_others(tmp_path):
    (tmp_path / "given").write_bytes(b"here")
    given, kept = (os.open(tmp_path / "given", os.O_RDONLY) for _ in range(2))
    try:
        code = f"import os; os.write(1, os.read({given}, 9)); os.read({kept}, 9)"
        process, said = await lived(code, inherited=(given,))
    finally:
        os.close(given)
        os.close(kept)

    assert said == b"here"
    assert process.words == "OSError: [Errno 9] Bad file descriptor"


@pytest.mark.parametrize(
    "code, error, words",
    [
        ("raise MemoryError", LimitExceededError, "memory"),
        ("import os; os.write(2, b'std::bad_alloc'); os.abort()", LimitExceededError, "memory"),
        ("import os; os.abort()", UnreadableError, "crashed: signal 6"),
        ("raise SystemExit('no library')", UnreadableError, "crashed: status 1, no library"),
        ("raise ValueError('so')", UnreadableError, "crashed: ValueError: so"),
    ],
)
async def test_its_end_is_told_in_words(code, error, words):
    process, _ = await lived(code)

    assert type(process.crash()) is error
    assert words in str(process.crash())


async def test_what_it_said_can_be_forgotten():
    process = start_process((*PYTHON, "import os; os.write(2, b'loud'); os.write(1, b'.'); os.read(0, 9); os.abort()"))
    await process.output.receive_some()
    process.forget_words()
    process.input.close()
    await process.end()
    await process.kill()

    assert process.words == "signal 6"
