"""Where a client's frames can go at once, without its task being woken. A form only; connections have it."""

from typing import Protocol


class Outlet(Protocol):
    """The way out to one client."""

    @property
    def owed_bytes(self) -> int:
        """What was given and did not go out yet."""
        ...

    def give(self, frames: bytes) -> bool:
        """Take whole frames without waiting: all of them, of which some may be owed; or none, False, so that they have to wait elsewhere."""
        ...

    async def send(self, frames: bytes) -> None:
        """Send whole frames behind what is owed; waits as `settle` does."""
        ...

    async def settle(self) -> None:
        """Send what is owed. Waits while the peer takes less; whoever owns the connection cuts it when that lasts too long, and then nothing
        is owed any more.
        """
        ...
