"""The inside of a worker: one process that reads one file after the other, and may crash without harm."""

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO

import msgspec

from actors.errors import UnreadableError
from actors.work.frames import Begun, Failed, Finished, Frames, Order, Progressed, Ready, Report, Terms, frame
from actors.work.tasks import TASKS, Task

PR_SET_PDEATHSIG = 1
SPOKEN_BYTES = 16 * 1024 * 1024
"""A worker writes no files; what it says on standard error ends here."""
PROGRESS_EVERY_S = 0.2
CHUNK_BYTES = 65_536


def main(tasks: Mapping[str, Callable[[], Task]] = TASKS) -> None:
    """Work until the pipe from the service closes. The last argument of the command holds the `Terms` as JSON.

    What is no UnreadableError ends the process with a traceback; the service reads it there.
    """
    terms = msgspec.json.decode(sys.argv[-1], type=Terms)
    die_with(terms.parent)
    reports = private_output()
    os.nice(terms.niceness)
    task = tasks[terms.task]()
    bound(terms.memory_bytes)
    send(reports, Ready())
    serve(task, reports)


def serve(task: Task, reports: BinaryIO) -> None:
    """Answer orders from standard input until it ends. Memory that runs out ends the process after saying so."""
    frames = Frames()
    while data := os.read(0, CHUNK_BYTES):
        frames.add(data)
        while (body := frames.take()) is not None:
            order = msgspec.msgpack.decode(body, type=Order)
            send(reports, Begun())
            try:
                result = task(order.path, paced(reports))
            except UnreadableError as error:
                send(reports, Failed(kind=error.kind, message=error.message))
            else:
                send(reports, Finished(result=msgspec.Raw(msgspec.msgpack.encode(result))))


def send(reports: BinaryIO, report: Report) -> None:
    """Put one report into the pipe."""
    reports.write(frame(report))
    reports.flush()


def paced(reports: BinaryIO) -> Callable[[float], None]:
    """A sink for progress that passes on at most five values a second."""
    told_at = time.monotonic()

    def tell(done: float) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= PROGRESS_EVERY_S:
            told_at = now
            send(reports, Progressed(done=min(1.0, max(0.0, done))))

    return tell


def die_with(parent: int) -> None:
    """Ask the kernel for SIGKILL when the service dies, however it dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        os._exit(1)


def private_output() -> BinaryIO:
    """Standard output for reports alone: what libraries print goes to standard error from here on."""
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return reports


def bound(memory_bytes: int) -> None:
    """Limit address space to so much above what is used now, core dumps to nothing, written files to little."""
    with open("/proc/self/statm", "rb") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory_bytes, used + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPOKEN_BYTES, SPOKEN_BYTES))


if __name__ == "__main__":
    main()
