"""A running service that is ended in any way and begins again at its address."""

import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import attrs
import trio

from tests.flow.conftest import Rookery


@attrs.define(eq=False)
class Kept:
    """A server that begins again at its address whenever it has ended."""

    port: int
    start: Callable[[], AbstractAsyncContextManager[Rookery]]
    codes: list[int] = attrs.field(factory=list)
    """With which its processes ended."""
    is_up: trio.Event = attrs.field(factory=trio.Event)
    process: trio.Process | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            async with self.start() as rookery:
                self.process = rookery.process
                self.is_up.set()
                self.codes.append(await rookery.process.wait())
                self.is_up = trio.Event()

    async def restart(self, number: signal.Signals) -> None:
        """End its process by a signal, and wait until the next one answers."""
        await self.is_up.wait()
        assert self.process is not None
        self.process.send_signal(number)
        await self.process.wait()
        await trio.lowlevel.checkpoint()  # `run` notices it in the same moment
        await self.is_up.wait()


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
