"""SIGTERM and Ctrl-C as an orderly stop of every running tree. Handlers stand while at least one tree runs, then the old ones are back."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import trio

HEEDED = (signal.SIGTERM, signal.SIGINT)

_stops: dict[object, tuple[trio.lowlevel.TrioToken, Callable[[], None]]] = {}
_before: dict[int, Any] = {}


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    for token, stop in list(_stops.values()):
        token.run_sync_soon(stop)


@contextmanager
def heed(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in Trio's thread for each signal, while the block runs. Outside the main thread it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    key = object()
    if not _stops:
        for number in HEEDED:
            _before[number] = signal.signal(number, _on_signal)
    _stops[key] = (trio.lowlevel.current_trio_token(), stop)
    try:
        yield
    finally:
        del _stops[key]
        if not _stops:
            for number in HEEDED:
                # None: the handler before was not set from Python, and cannot be set back from here.
                if _before[number] is not None:
                    signal.signal(number, _before[number])
