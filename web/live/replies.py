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
        self._waiting: deque[str] = deque()
        self._is_sending = False
        self._nursery: trio.Nursery | None = None

    def begin(self, nursery: trio.Nursery) -> None:
        """Send in this nursery, which stays open until all is out."""
        self._nursery = nursery

    def put(self, text: str) -> bool:
        """Let an answer wait for its turn; False when too many wait: then all are given up."""
        assert self._nursery is not None
        if len(self._waiting) >= REPLIES_WAITING:
            self._waiting.clear()
            return False
        self._waiting.append(text)
        if not self._is_sending:
            self._is_sending = True
            self._nursery.start_soon(self._send_all)
        return True

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting.popleft())
        finally:
            self._is_sending = False
