"""The inside of a source: one process that makes bytes of one open file, hands them out piece by piece, and ends."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping

import msgspec

from actors.config import HOURS
from actors.errors import UnreadableError
from actors.media.recording import Recording
from actors.work.child import bound, die_with, private_output, send
from actors.work.frames import Chunk, Errand, Failed, Finished, Terms

CPU_LIMIT_S = int(1 * HOURS)
"""Of computing: more than a day of sound takes. How long the client takes is the client's affair."""

Write = Callable[[bytes], None]
Task = Callable[[Recording, msgspec.Raw, Write], None]


def encoding() -> Task:
    """The recording in another form."""
    from actors.media.encode import encode  # noqa: PLC0415 — only this task's processes pay for it
    from actors.model.delivery import Encoding  # noqa: PLC0415

    def deliver(recording: Recording, order: msgspec.Raw, write: Write) -> None:
        encode(recording, msgspec.json.decode(order, type=Encoding), write)

    return deliver


def picturing() -> Task:
    """The recording's picture; the order is how many pixels its longer side may have."""
    from actors.media.picture import picture  # noqa: PLC0415 — only this task's processes pay for it

    def deliver(recording: Recording, order: msgspec.Raw, write: Write) -> None:
        write(picture(recording, size_px=msgspec.json.decode(order, type=int)))

    return deliver


SOURCES: Mapping[str, Callable[[], Task]] = {"encode": encoding, "picture": picturing}


def main(tasks: Mapping[str, Callable[[], Task]] = SOURCES) -> None:
    """Make what the `Errand` on standard input says, as fast as somebody takes it: a full pipe makes it wait.

    The last argument of the command holds the `Terms` as JSON. What is no UnreadableError ends the process with a traceback;
    the service reads it there.
    """
    terms = msgspec.json.decode(sys.argv[-1], type=Terms)
    die_with(terms.parent)
    reports = private_output()
    os.nice(terms.niceness)
    task = tasks[terms.task]()
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    bound(terms.memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    size_bytes = os.fstat(errand.descriptor).st_size
    recording = Recording(path=errand.path, descriptor=errand.descriptor, size_bytes=size_bytes)
    try:
        task(recording, errand.order, lambda data: send(reports, Chunk(data=bytes(data))))
    except UnreadableError as error:
        send(reports, Failed(kind=error.kind, message=error.message))
    else:
        send(reports, Finished(result=msgspec.Raw(msgspec.msgpack.encode(None))))


if __name__ == "__main__":
    main()
