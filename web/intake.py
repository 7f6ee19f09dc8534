"""A body that is taken piece by piece: however long it is, no more of it waits in memory than there is room for."""

from collections import deque

import trio

from actors.config import KIB

ROOM_BYTES = 256 * KIB


class Intake:
    """Stands where a framework gathers a body. One side appends, when there is room; the other iterates."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_complete = False
        self._changed = trio.Event()

    def append(self, data: bytes) -> None:
        """One more piece; call `room` before."""
        if data:
            self._pieces.append(data)
            self._waiting_bytes += len(data)
            self._tell()

    def set_complete(self) -> None:
        """There is no more."""
        self._is_complete = True
        self._tell()

    def clear(self) -> None:
        """Nobody wants the rest."""
        self._pieces.clear()
        self._waiting_bytes = 0
        self._tell()

    async def room(self) -> None:
        """Wait until another piece may come."""
        while self._waiting_bytes >= ROOM_BYTES:
            await self._changed.wait()

    def __aiter__(self) -> "Intake":
        return self

    async def __anext__(self) -> bytes:
        """The next piece. Cancellation: it stays for the next call."""
        while not self._pieces:
            if self._is_complete:
                raise StopAsyncIteration
            await self._changed.wait()
        piece = self._pieces.popleft()
        self._waiting_bytes -= len(piece)
        self._tell()
        return piece

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
