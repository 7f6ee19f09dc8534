"""What one client is answered, in order. A task exists only while something waits to be sent."""

from collections import deque
from collections.abc import Awaitable, Callable

import trio

REPLIES_WAITING = 1_000
"""A client that asks so much without reading the answers is too slow."""


class Replies:
    """Sends what is put, one after the other, in a task of the nursery that it is given before the first."""

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: deque[str] | None = None  # an empty one takes as much as the rest of this together
        self._nursery: trio.Nursery | None = None

    def begin(self, nursery: trio.Nursery) -> None:
        """Send in this nursery, which stays open until all is out."""
        self._nursery = nursery

    def put(self, text: str) -> bool:
        """Let an answer wait for its turn; False when too many wait: then all are given up."""
        assert self._nursery is not None
        if self._waiting is None:
            self._waiting = deque()
            self._nursery.start_soon(self._send_all, self._waiting)
        elif len(self._waiting) >= REPLIES_WAITING:
            self._waiting.clear()
            return False
        self._waiting.append(text)
        return True

    async def _send_all(self, waiting: deque[str]) -> None:
        try:
            while waiting:
                await self._send(waiting.popleft())
        finally:
            self._waiting = None
