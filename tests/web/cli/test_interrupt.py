"""Commands that run until somebody stops them."""

import os
import signal

import pytest
import trio

from web.cli.interrupt import Console, ReaderLeftError, run_until_interrupted, written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_good_end(number):
    ended = []

    async def command():
        os.kill(os.getpid(), number)
        try:
            await trio.sleep_forever()
        finally:
            ended.append(True)

    run_until_interrupted(command)

    assert ended == [True]


def test_a_command_may_end_by_itself():
    run_until_interrupted(trio.lowlevel.checkpoint)


def test_what_it_raises_comes_out_as_it_is():
    async def command():
        await trio.lowlevel.checkpoint()
        raise LookupError("nothing")

    with pytest.raises(LookupError, match="nothing"):
        run_until_interrupted(command)


def test_a_reader_that_leaves_is_a_good_end(capfd):
    async def command():
        await trio.lowlevel.checkpoint()
        raise ReaderLeftError

    kept = os.dup(1)
    try:
        run_until_interrupted(command)
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "w", buffering=1)


def test_a_closed_pipe_is_told_as_such(monkeypatch):
    pipe = closed_pipe()
    monkeypatch.setattr("sys.stdout", pipe)
    with pytest.raises(ReaderLeftError):
        written("hello")
    with pytest.raises(ReaderLeftError):
        Console(file=pipe).print("hello")
    monkeypatch.undo()
    with pytest.raises(BrokenPipeError):
        pipe.close()
