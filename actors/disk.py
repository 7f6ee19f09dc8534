"""Asking the disk in threads, with an answer or a limit: a file system that hangs holds up nobody but who asks it."""

from collections.abc import Callable
from typing import TypeVar

import trio

from actors.config import SECONDS
from actors.errors import DiskSilentError

T = TypeVar("T")

ANSWER_S = 60 * SECONDS


class Disk:
    """Somebody's way to the disk, at most `most` calls at once.

    A call that hangs keeps its place until the file system lets it go, so the threads that hang are bounded too.
    """

    def __init__(self, *, most: int = 1) -> None:
        self._limiter = trio.CapacityLimiter(most)

    async def ask(self, call: Callable[..., T], *args: object) -> T:
        """The result of a blocking call.

        Raises:
            DiskSilentError: no answer within `ANSWER_S`, the wait for a place included.
            OSError: whatever the call raises.

        Cancellation: at once; the thread ends by itself, and its result is dropped.
        """
        with trio.move_on_after(ANSWER_S):
            return await trio.to_thread.run_sync(call, *args, abandon_on_cancel=True, limiter=self._limiter)
        raise DiskSilentError(f"the file system did not answer within {ANSWER_S:g} s")
