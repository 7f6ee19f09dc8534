"""A worker for tests, to be run as a program: does what the name of a file says (`crash.wav` crashes), then the real task.

Besides the real tasks it knows `act`, which answers with the worker's process id.
"""

import contextlib
import ctypes
import os
import sys
import time
from functools import partial

from actors.errors import UnreadableError
from actors.work.child import PROGRESS_EVERY_S, main
from actors.work.tasks import TASKS

PIECE_BYTES = 64 * 1024 * 1024


def crash(path, progress):
    ctypes.string_at(0)


def loop(path, progress):
    while True:
        progress(0.5)


def stick(path, progress):
    """Tells of progress once, then holds the interpreter's lock, so that no signal handler of Python would ever run."""
    started = time.monotonic()
    while time.monotonic() - started <= PROGRESS_EVERY_S:
        pass
    progress(0.5)
    ctypes.PyDLL(None).pause()


def eat(path, progress):
    eaten = []
    while True:
        eaten.append(bytearray(PIECE_BYTES))


def shout(path, progress):
    for descriptor in (1, 2):
        os.write(descriptor, b"out of a library in C: Cannot allocate memory\n" * 1000)
    for stream in (sys.stdout, sys.stderr):
        stream.write("out of Python\n")
        stream.flush()


def fail(path, progress):
    raise UnreadableError("corrupt", "it is torn")


def raise_(path, progress):
    raise RuntimeError("nobody thought of this")


def vanish(path):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def grow(path):
    with open(path, "ab") as file:
        file.write(b"more")


def replace(path):
    with open(path, "rb") as file:
        whole = file.read()
    with open(path + b".new", "wb") as file:
        file.write(whole)
    os.replace(path + b".new", path)


FIRST = {"crash": crash, "loop": loop, "stick": stick, "eat": eat, "shout": shout, "fail": fail, "raise": raise_}
WHILE_READING = {"vanish": vanish, "grow": grow, "replace": replace}


def acting(prepare):
    real = None

    def work(path, progress):
        nonlocal real
        act = os.path.basename(path).partition(b".")[0].decode()
        if act in FIRST:
            FIRST[act](path, progress)
        # Late, so that those who never come here do not wait for its imports.
        real = real or prepare()
        hook = WHILE_READING.get(act)
        return real(path, progress if hook is None else lambda _: hook(path))

    return work


def naming():
    return lambda path, progress: os.getpid()


if __name__ == "__main__":
    main({name: partial(acting, prepare) for name, prepare in {**TASKS, "act": naming}.items()})
