"""SIGTERM and Ctrl-C as an orderly stop of every running tree. Handlers stand while at least one tree runs, then the old ones are back.

A child that ignores its cancellation cannot be abandoned inside the program, but the program can be ended: a signal that finds only such
children left does what it does by default. A program whose event loop is held by something that never yields cannot hear signals: the second
unheard one logs where it stands, the third does what the signal does by default.
"""

import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import trio

HEEDED = (signal.SIGTERM, signal.SIGINT)
PATIENCE = 3

log = logging.getLogger("supervision")


class _Handlers:
    """The process's handlers and the trees that listen. Used in the main thread only."""

    def __init__(self) -> None:
        self.stops: dict[object, tuple[trio.lowlevel.TrioToken, Callable[[], bool]]] = {}
        self.before: dict[int, Any] = {}
        self.unheard = 0

    def install(self) -> None:
        self.unheard = 0
        for number in HEEDED:
            self.before[number] = signal.signal(number, self.on_signal)

    def restore(self) -> None:
        for number in HEEDED:
            # None: the handler before was not set from Python, and cannot be set back from here.
            if self.before[number] is not None:
                signal.signal(number, self.before[number])

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Runs between any two steps of the main thread: hands over to the loops, which may never come to it."""
        self.unheard += 1
        if self.unheard == PATIENCE:
            _end(number)
        if self.unheard > 1:
            log.error("signal %d again, and the first is not heard yet; at:\n%s", number, _stack(frame))
        for token in {token: None for token, _ in self.stops.values()}:
            token.run_sync_soon(self.heard, number)

    def heard(self, number: int) -> None:
        self.unheard = 0
        can_stop = [stop() for _, stop in self.stops.values()]
        if can_stop and not any(can_stop):
            log.critical("signal %d: only children that ignore their cancellation are left; the process ends", number)
            _end(number)


def _end(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _stack(frame: FrameType | None) -> str:
    return "".join(traceback.format_stack(frame)) if frame is not None else ""


_handlers = _Handlers()


@contextmanager
def heed(stop: Callable[[], bool]) -> Iterator[None]:
    """Call `stop` in Trio's thread for each signal, while the block runs; if every one answers False, the process ends.

    Outside the main thread it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    key = object()
    if not _handlers.stops:
        _handlers.install()
    _handlers.stops[key] = (trio.lowlevel.current_trio_token(), stop)
    try:
        yield
    finally:
        del _handlers.stops[key]
        if not _handlers.stops:
            _handlers.restore()
