"""Sources that speak, fall silent, crash and are left; each time their process is gone and their place free."""

import os
import sys
from contextlib import asynccontextmanager

import msgspec
import psutil
import pytest
import trio
import trio.testing

from actors.errors import FileGoneError, LimitExceededError, UnreadableError
from actors.model.delivery import Encoding
from actors.work.frames import Chunk, Failed, Finished, Ready, frame
from actors.work.stream import SILENCE_LIMIT_S, WAIT_LIMIT_S, PlacesTakenError, StreamBrokenError, Streams
from actors.work.worker import WorkerStartError

PYTHON = (sys.executable, "-I", "-S", "-c")
FIRST = frame(Chunk(data=b"first"))
SECOND = frame(Chunk(data=b"second"))
END = frame(Finished(result=msgspec.Raw(msgspec.msgpack.encode(None))))
MP3 = Encoding(form="mp3", bit_rate=320_000)


def saying(*said, then="pass"):
    """Sources that say these bytes, whatever the errand, and then do something."""
    return (*PYTHON, f"import os, signal; os.read(0, 65536); os.write(1, {b''.join(said)!r}); {then}")


@pytest.fixture
def nothing():
    """An open file for errands that do not matter."""
    with open(os.devnull, "rb") as file:
        yield file.fileno()


@asynccontextmanager
async def opened(command, descriptor, *, most=1):
    streams = Streams(most=most, memory_bytes=1 << 30, command=command)
    async with streams.open("act", path=b"one.mp3", descriptor=descriptor, order=None) as stream:
        yield stream


async def whole(stream):
    return b"".join([data async for data in stream])


async def test_what_a_source_gives_comes_in_order(nothing):
    async with opened(saying(FIRST, SECOND, END), nothing) as stream:
        assert await whole(stream) == b"firstsecond"
        assert await whole(stream) == b""


async def test_an_errand_reaches_the_source_with_its_open_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"sound")
    told = "import json, os, sys; errand = json.load(sys.stdin); sys.exit(f'{os.read(errand[\"descriptor\"], 9)} {errand}')"
    streams = Streams(most=1, memory_bytes=1 << 30, command=(*PYTHON, told))
    with open(path, "rb") as file, pytest.raises(UnreadableError, match="status 1") as crash:  # noqa: ASYNC230
        async with streams.open("act", path=b"\xff", descriptor=file.fileno(), order=MP3):
            pass

    assert "b'sound' {'path': '/w==', " in crash.value.message
    assert "'bit_rate': 320000" in crash.value.message


@pytest.mark.parametrize(
    "command, error, words",
    [
        (saying(frame(Failed(kind="no_audio", message="it is text"))), UnreadableError, "it is text"),
        (saying(frame(Failed(kind="changed", message="other"))), FileGoneError, "other"),
        (saying(then="os.abort()"), UnreadableError, "signal 6"),
        (saying(then="raise MemoryError"), LimitExceededError, "memory"),
        (saying(b"\xff" * 9, then="signal.pause()"), UnreadableError, "signal 9"),
        (saying(frame(Ready()), then="signal.pause()"), UnreadableError, "signal 9"),
        ((*PYTHON, "raise SystemExit('no library')"), UnreadableError, "no library"),
        (("/nowhere/source",), WorkerStartError, "No such file"),
    ],
    ids=["told", "changed", "crash", "memory", "nonsense", "other words", "no start", "no program"],
)
async def test_a_failure_before_the_first_byte_is_told_at_once(nothing, command, error, words):
    with pytest.raises(error, match=words):
        async with opened(command, nothing):
            pass


@pytest.mark.parametrize(
    "command, words",
    [
        (saying(FIRST, then="os.abort()"), "signal 6"),
        (saying(FIRST), "status 0"),
        (saying(FIRST, END[:3]), "status 0"),
        (saying(FIRST, b"\xff" * 9, then="signal.pause()"), "frame of"),
        (saying(FIRST, frame(Failed(kind="changed", message="it changed"))), "it changed"),
    ],
    ids=["crash", "no end", "half an end", "nonsense", "told"],
)
async def test_a_failure_behind_the_first_byte_breaks_the_stream(nothing, command, words):
    async with opened(command, nothing) as stream:
        assert await anext(stream) == b"first"
        with pytest.raises(StreamBrokenError, match=words):
            await anext(stream)


async def test_a_source_that_falls_silent_is_given_up(nothing, mock_clock):
    async def listen():
        async with opened(saying(FIRST, then="signal.pause()"), nothing) as stream:
            assert await anext(stream) == b"first"
            heard.set()
            with pytest.raises(StreamBrokenError, match="within 20 s"):
                await anext(stream)

    heard = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await heard.wait()
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(SILENCE_LIMIT_S)


async def test_time_in_which_nobody_reads_does_not_count(nothing, mock_clock):
    async with opened(saying(FIRST, SECOND, END), nothing) as stream:
        assert await anext(stream) == b"first"
        mock_clock.jump(10 * SILENCE_LIMIT_S)
        assert await whole(stream) == b"second"


async def test_leaving_ends_the_process_and_frees_the_place(recording, workers):
    streams = Streams(most=1, memory_bytes=1 << 30)
    before = set(os.listdir("/proc/self/fd"))
    with open(recording, "rb") as file:  # noqa: ASYNC230
        for _ in range(2):
            async with streams.open("encode", path=b"one.flac", descriptor=file.fileno(), order=MP3) as stream:
                assert (await anext(stream)).startswith(b"ID3")
                assert [child.pid for child in workers()] == [stream.pid]
                assert streams.statistics().running == 1
            assert not psutil.pid_exists(stream.pid)

    assert streams.statistics() == type(streams.statistics())(running=0, waiting=0, started=2, refused=0)
    assert set(os.listdir("/proc/self/fd")) == before


async def test_a_cancelled_start_leaves_nothing(nothing):
    before = psutil.Process().children()
    streams = Streams(most=1, memory_bytes=1 << 30, command=saying(then="signal.pause()"))

    async def open_():
        async with streams.open("act", path=b"one.mp3", descriptor=nothing, order=None):
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(open_)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert streams.statistics().running == 0
    assert psutil.Process().children() == before


async def test_more_than_there_are_places_wait_a_little_and_are_refused(nothing, mock_clock):
    streams = Streams(most=1, memory_bytes=1 << 30, command=saying(FIRST, then="signal.pause()"))
    refusals = []

    async def ask():
        try:
            async with streams.open("act", path=b"one.mp3", descriptor=nothing, order=None):
                pass
        except PlacesTakenError as error:
            refusals.append(str(error))

    async with streams.open("act", path=b"one.mp3", descriptor=nothing, order=None):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            assert streams.statistics().waiting == 1
            mock_clock.jump(WAIT_LIMIT_S)
        assert len(refusals) == 1
        assert streams.statistics().refused == 1
    await ask()

    assert len(refusals) == 1


async def test_a_place_may_be_given_back_by_another_task(nothing):
    streams = Streams(most=1, memory_bytes=1 << 30, command=saying(FIRST, END))
    opening = streams.open("act", path=b"one.mp3", descriptor=nothing, order=None)

    async def enter():
        await opening.__aenter__()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(enter)
    await opening.__aexit__(None, None, None)

    assert streams.statistics().running == 0


async def test_a_reader_that_pauses_stops_the_source(nothing):
    more = frame(Chunk(data=bytes(4_000)))
    code = f"import os, sys; os.read(0, 65536)\nfor n in range(10_000): sys.stderr.write('.'); sys.stderr.flush(); os.write(1, {more!r})"
    async with opened((*PYTHON, code), nothing) as stream:
        written = stream._process.words_fd
        while (size := os.fstat(written).st_size) < 16:
            await trio.lowlevel.checkpoint()
        with trio.fail_after(20):
            # Until it gets no further, which one look in two tells as soon as it is so.
            while not await stands_still(written, size):
                size = os.fstat(written).st_size
        before = size
        for _ in range(100):
            await anext(stream)

        assert before < 64
        with trio.fail_after(20):
            while os.fstat(written).st_size <= before:
                await trio.lowlevel.checkpoint()


async def stands_still(descriptor, size):
    for _ in range(2_000):
        await trio.lowlevel.checkpoint()
    return os.fstat(descriptor).st_size == size
