"""Asking the disk, and not waiting for ever."""

import threading

import pytest
import trio

from actors.disk import Disk
from actors.errors import DiskSilentError


async def test_an_answer_is_given_and_an_error_raised():
    disk = Disk()

    assert await disk.ask(len, b"abc") == 3
    with pytest.raises(FileNotFoundError):
        await disk.ask(open, "/nowhere/at/all")


async def test_what_hangs_is_given_up_and_keeps_only_its_own_place(monkeypatch):
    free = threading.Event()
    hanging, other = Disk(), Disk()
    monkeypatch.setattr("actors.disk.ANSWER_S", 0.05)
    try:
        with pytest.raises(DiskSilentError, match="did not answer"):
            await hanging.ask(free.wait)
        with pytest.raises(DiskSilentError):
            await hanging.ask(len, b"")
        monkeypatch.setattr("actors.disk.ANSWER_S", 30)
        assert await other.ask(len, b"") == 0
    finally:
        free.set()
    assert await hanging.ask(len, b"") == 0


async def test_cancellation_does_not_wait_for_the_disk():
    free = threading.Event()
    started = threading.Event()

    def hang():
        started.set()
        free.wait()

    async def ask():
        await Disk().ask(hang)

    try:
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask)
                await trio.to_thread.run_sync(started.wait)
                nursery.cancel_scope.cancel()
    finally:
        free.set()
