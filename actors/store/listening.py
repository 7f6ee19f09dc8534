"""LISTEN on a connection of its own, kept up over every loss."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import attrs
import structlog
import trio

from actors.config import SECONDS
from actors.nudge import Nudge
from actors.store.pool import Pool
from actors.store.refusal import DRIVER_ERRORS, reason

HEARTBEAT_S = 15 * SECONDS
"""A connection that does not answer so often is given up, so a silent loss costs no more than this."""
ANSWER_LIMIT_S = 5 * SECONDS
FIRST_PAUSE_S = 0.05 * SECONDS
LONGEST_PAUSE_S = 0.5 * SECONDS
STOP_LIMIT_S = 3 * SECONDS

log = structlog.get_logger(__name__)


@attrs.define(eq=False)
class Listening:
    """What a listener holds."""

    connections: int = 0
    """Made so far; more than one means that the connection was lost and found again."""
    _nudge: Nudge = attrs.field(factory=Nudge)
    _error: BaseException | None = None

    async def take(self) -> None:
        """Wait until something was notified or may have been missed. Cancellation: the signal stays for the next take."""
        await self._nudge.take()
        if self._error is not None:
            raise self._error

    def connected(self) -> None:
        """For the task that listens: there is a connection."""
        self.connections += 1
        self._nudge.give()

    def notified(self) -> None:
        """For the task that listens: somebody notified."""
        self._nudge.give()

    def failed(self, error: BaseException) -> None:
        """For the task that listens: it has ended by an error, which the taker gets."""
        self._error = error
        self._nudge.give()


@asynccontextmanager
async def listen(pool: Pool, channel: str) -> AsyncIterator[Listening]:
    """Listen on a channel until the end of the block. It fires at each connection too, the first included.

    Owns: one connection beside the pool's, and the task that keeps it. The server's absence is waited out.
    """
    listening = Listening()
    token = trio.lowlevel.current_trio_token()

    def tell(fn: Callable[..., None], *args: object) -> None:
        with suppress(trio.RunFinishedError):  # nobody is left to hear it
            token.run_sync_soon(fn, *args)

    async def start() -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(_keep(pool, channel, listening, tell))
        task.add_done_callback(lambda ended: _report(ended, listening, tell))
        return task

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    task = await pool.bridge.run(start)
    try:
        yield listening
    finally:
        await pool.bridge.finish(stop, limit_s=STOP_LIMIT_S)


def _report(ended: "asyncio.Task[None]", listening: Listening, tell: Callable[..., None]) -> None:
    error = None if ended.cancelled() else ended.exception()
    if error is not None:
        tell(listening.failed, error)


async def _keep(pool: Pool, channel: str, listening: Listening, tell: Callable[..., None]) -> None:
    """On the asyncio side: connect, attend, and do so again whatever happens to the server."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            async with pool.own_connection() as connection:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(channel, lambda *_: tell(listening.notified))
                tell(listening.connected)
                pause_s = FIRST_PAUSE_S
                await _attend(connection, lost)
            why = "the connection ended"
        except DRIVER_ERRORS as error:
            why = reason(error)
        log.info("database.listening_again", reason=why, pause_s=pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


async def _attend(connection: asyncpg.Connection, lost: asyncio.Event) -> None:
    """Return when the connection is lost; ask it now and then, because a dead network says nothing."""
    while not lost.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await lost.wait()
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=ANSWER_LIMIT_S)
