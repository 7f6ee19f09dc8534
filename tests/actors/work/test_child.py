"""The inside of a worker, run as the real process, and the parts that need none."""

import io
import os
import resource
import subprocess
import sys
import time

import msgspec
import psutil

from actors.work.child import PROGRESS_EVERY_S, SPOKEN_BYTES, paced
from actors.work.frames import Begun, Failed, Finished, Frames, Order, Progressed, Ready, Report, Terms, frame

MIB = 1024 * 1024
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))}
REAL = (sys.executable, "-P", "-m", "actors.work.child")


def terms(task="act", parent=None, memory_bytes=256 * MIB, niceness=3):
    """The last argument of a worker that is a child of this process."""
    parent = os.getpid() if parent is None else parent
    return msgspec.json.encode(Terms(task=task, parent=parent, memory_bytes=memory_bytes, niceness=niceness)).decode()


def run(command, *paths, **of_terms):
    """A worker that gets orders for these paths and then no more, at its end."""
    orders = b"".join(frame(Order(path)) for path in paths)
    command = [*command, terms(**of_terms)]
    return subprocess.run(command, input=orders, capture_output=True, env=ENVIRONMENT, timeout=60, check=False)


def reports(data):
    """What frames hold."""
    frames = Frames()
    frames.add(data)
    told = []
    while (body := frames.take()) is not None:
        told.append(msgspec.msgpack.decode(body, type=Report))
    return told


def test_the_real_worker_says_that_it_is_ready_and_ends_with_its_orders():
    done = run(REAL, task="probe", memory_bytes=1024 * MIB)

    assert (done.returncode, done.stdout, done.stderr) == (0, frame(Ready()), b"")


def test_every_order_is_answered_in_turn_by_one_process(mishaps):
    done = run(mishaps, b"one.mp3", b"fail.mp3", b"two.mp3")
    ready, begun, first, again, failed, once_more, last = reports(done.stdout)

    assert (ready, begun, again, once_more) == (Ready(), Begun(), Begun(), Begun())
    assert failed == Failed(kind="corrupt", message="it is torn")
    assert isinstance(first, Finished)
    assert bytes(first.result) == bytes(last.result)
    assert done.returncode == 0


def test_what_libraries_print_does_not_come_between_reports(mishaps):
    done = run(mishaps, b"shout.mp3")

    assert [type(report) for report in reports(done.stdout)] == [Ready, Begun, Finished]
    assert done.stderr.count(b"out of a library in C") == 2000
    assert done.stderr.count(b"out of Python") == 2


def test_what_is_no_fault_of_the_file_ends_the_process_with_its_reason(mishaps):
    done = run(mishaps, b"raise.mp3", b"two.mp3")

    assert [type(report) for report in reports(done.stdout)] == [Ready, Begun]
    assert done.stderr.endswith(b"RuntimeError: nobody thought of this\n")
    assert done.returncode == 1


def test_memory_ends_at_its_limit(mishaps):
    done = run(mishaps, b"eat.mp3")

    assert done.stderr.endswith(b"MemoryError\n")
    assert done.returncode == 1


def test_a_task_that_nobody_knows_ends_the_process(mishaps):
    done = run(mishaps, b"one.mp3", task="sing")

    assert done.stdout == b""
    assert done.stderr.endswith(b"KeyError: 'sing'\n")


def test_a_child_whose_parent_has_gone_already_does_nothing(mishaps):
    done = run(mishaps, b"one.mp3", parent=os.getppid())

    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_the_process_is_nice_and_bounded(mishaps):
    command = [*mishaps, terms(niceness=3)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=ENVIRONMENT) as process:
        assert process.stdout.read(len(frame(Ready()))) == frame(Ready())
        child = psutil.Process(process.pid)
        limit, _ = resource.prlimit(process.pid, resource.RLIMIT_AS)

        assert child.nice() == min(19, psutil.Process().nice() + 3)
        assert 0 < limit - child.memory_info().vms <= 256 * MIB
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
        assert resource.prlimit(process.pid, resource.RLIMIT_FSIZE) == (SPOKEN_BYTES, SPOKEN_BYTES)
        process.stdin.close()


def test_progress_is_told_seldom_and_within_its_range():
    told = io.BytesIO()
    started = time.monotonic()
    tell = paced(told)

    while len(reports(told.getvalue())) < 2:
        tell(7.0)
    took_s = time.monotonic() - started

    assert reports(told.getvalue()) == [Progressed(done=1.0)] * 2
    assert took_s >= 2 * PROGRESS_EVERY_S
