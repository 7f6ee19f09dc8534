"""What goes out over one connection that many fill: in order, by one task, and no more of it waits than there is room for."""

import trio

from actors.config import KIB
from web.serving.line import Line

WAITING_BYTES = 64 * KIB
"""While so much waits, whoever asks for room gets none."""


class Outlet:
    """Bytes that are put in go out in their order; what is put in after its end, by a lost line say, is dropped."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting = bytearray()
        self._is_complete = False
        self.has_ended = False
        self._filled = trio.Event()
        self._emptied = trio.Event()

    def put(self, data: bytes) -> None:
        """Add bytes. Never waits: call `room` before what may be much."""
        if data and not self.has_ended:
            self._waiting += data
            self._filled.set()

    async def room(self) -> None:
        """Wait until there is room again, or the end of it all. No checkpoint where there is."""
        while len(self._waiting) >= WAITING_BYTES and not self.has_ended:
            await self._emptied.wait()

    def complete(self) -> None:
        """Nothing more comes: `run` ends when all is out."""
        self._is_complete = True
        self._filled.set()

    async def run(self) -> None:
        """Send, until all is out after `complete`, or the line is lost."""
        try:
            while self._waiting or not self._is_complete:
                if not self._waiting:
                    self._filled = trio.Event()
                    await self._filled.wait()
                    continue
                data = bytes(self._waiting)
                self._waiting.clear()
                await self._line.send_all(data)
                self._emptied.set()
                self._emptied = trio.Event()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            self.has_ended = True
            self._waiting.clear()
            self._emptied.set()
