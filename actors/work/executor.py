"""Where a file is probed and analyzed, seen from outside: the contract that every kind of executor keeps."""

from collections.abc import Callable
from typing import Protocol

from actors.model.features import Features
from actors.model.probe import Probe


class Executor(Protocol):
    """Reads files away from the event loop, under limits of time and memory, a bounded number at once.

    Both methods wait while all places are taken. Cancellation: the work ends within a second and leaves nothing behind.

    Raises (both):
        FileGoneError: the file disappeared or changed while it was read.
        LimitExceededError: it was killed at a limit.
        UnreadableError: it is no recording, or its decoder failed or crashed; only this file is lost.
    """

    async def probe(self, path: bytes) -> Probe:
        """Tags, technical data and the payload's hash of one file, read to its end."""
        ...

    async def analyze(self, path: bytes, *, progress: Callable[[float], None]) -> Features:
        """Every measurement of one file from one decode; `progress` is called on the event loop with 0–1, at most 5 times a second."""
        ...
