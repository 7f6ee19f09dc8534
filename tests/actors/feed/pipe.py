"""A way out to one client that takes as much as a test lets it."""

import msgspec
import trio
from wsproto.connection import Connection, ConnectionType


class Pipe:
    """Takes whatever there is room for, as a socket does, and keeps what it took."""

    def __init__(self, room_bytes: int = 1 << 40) -> None:
        self.room_bytes = room_bytes
        self.taken = bytearray()
        self.directly = 0
        """So often frames were given without waiting."""
        self._owed = b""
        self._widened = trio.Event()

    @property
    def owed_bytes(self) -> int:
        """What was given and did not go out yet."""
        return len(self._owed)

    def widen(self, bytes_: int) -> None:
        """Let it take so much more."""
        self.room_bytes += bytes_
        self._widened.set()

    def give(self, frames: bytes) -> bool:
        """Take all of it, some owed; or none, without room."""
        if self._owed or not self.room_bytes:
            return False
        self.directly += 1
        self._owed = frames
        self._take()
        return True

    async def send(self, frames: bytes) -> None:
        """Take all of it, behind what is owed."""
        await self.settle()
        self._owed = frames
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is owed."""
        self._take()
        while self._owed:
            self._widened = trio.Event()
            await self._widened.wait()
            self._take()
        await trio.lowlevel.checkpoint()

    def messages(self) -> list[dict]:
        """The whole messages that it took."""
        client = Connection(ConnectionType.CLIENT)
        client.receive_data(bytes(self.taken))
        return [msgspec.json.decode(event.data) for event in client.events() if event.message_finished]

    def _take(self) -> None:
        taken, self._owed = self._owed[: self.room_bytes], self._owed[self.room_bytes :]
        self.room_bytes -= len(taken)
        self.taken += taken


async def write(subscription, pipe) -> None:
    """A client's task: what it is given goes into the pipe, to the end of the subscription."""
    while frames := await subscription.take():
        await pipe.send(b"".join(frame.framed for frame in frames))
