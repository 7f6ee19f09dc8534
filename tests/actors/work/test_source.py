"""The inside of a source, run as the real process."""

import contextlib
import os
import resource
import signal
import subprocess
import sys

import msgspec
import psutil
import pytest

from actors.model.delivery import Encoding
from actors.work.frames import Chunk, Errand, Failed, Finished, Frames, Report, Terms
from actors.work.source import CPU_LIMIT_S

MIB = 1024 * 1024
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))}
REAL = (sys.executable, "-P", "-m", "actors.work.source")
MP3 = Encoding(form="mp3", bit_rate=128_000)


def started(path, order=MP3, *, task="encode", parent=None):
    """The real process, with an errand for a file; nobody reads of it yet."""
    terms = Terms(task=task, parent=parent or os.getpid(), memory_bytes=1024 * MIB, niceness=3)
    with open(path, "rb") as file:
        process = subprocess.Popen(
            [*REAL, msgspec.json.encode(terms).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            pass_fds=(file.fileno(),),
        )
        errand = Errand(path=os.fsencode(path), descriptor=file.fileno(), order=msgspec.Raw(msgspec.json.encode(order)))
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(msgspec.json.encode(errand))
    process.stdin = None
    return process


def reports(data):
    frames = Frames()
    frames.add(data)
    told = []
    while (body := frames.take()) is not None:
        told.append(msgspec.msgpack.decode(body, type=Report))
    return told


def test_it_hands_out_the_file_in_pieces_and_ends(recording):
    data, said = started(recording).communicate(timeout=60)
    *chunks, last = reports(data)

    assert said == b""
    assert isinstance(last, Finished)
    assert all(isinstance(chunk, Chunk) for chunk in chunks)
    assert b"".join(chunk.data for chunk in chunks).startswith(b"ID3")


def test_what_is_no_recording_is_told_before_any_byte(tmp_path):
    (tmp_path / "text.mp3").write_text("words")
    data, _ = started(tmp_path / "text.mp3").communicate(timeout=60)

    assert [type(report) for report in reports(data)] == [Failed]


def test_an_order_that_nobody_understands_ends_the_process(recording):
    process = started(recording, task="sing")

    assert process.communicate(timeout=60)[1].endswith(b"KeyError: 'sing'\n")


def test_it_does_nothing_for_a_parent_that_has_gone(recording):
    process = started(recording, parent=os.getppid())

    assert process.communicate(timeout=60) == (b"", b"")


def test_it_waits_while_nobody_reads_is_bounded_and_ends_when_its_reader_goes(recording):
    process = started(recording)
    try:
        assert process.stdout.read(8)
        child = psutil.Process(process.pid)

        assert child.nice() == min(19, psutil.Process().nice() + 3)
        assert resource.prlimit(process.pid, resource.RLIMIT_CPU) == (CPU_LIMIT_S, CPU_LIMIT_S)
        assert resource.prlimit(process.pid, resource.RLIMIT_AS)[0] < 8 * 1024 * MIB
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        process.stdout.close()
        assert process.wait(timeout=20) == -signal.SIGPIPE
    finally:
        process.kill()
        process.stderr.close()
        process.wait()
