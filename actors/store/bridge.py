"""One thread that runs an asyncio loop, so that asyncpg serves a Trio program. No SQL lives here.

A call costs one hop there and one back; both loops stay their own. Measured against running asyncio inside Trio's
loop, a query through the thread costs about a quarter.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, TypeVarTuple, Unpack

import attrs
import outcome
import structlog
import trio
import uvloop

from actors.config import SECONDS

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

CANCEL_LIMIT_S = 2 * SECONDS
"""A cancelled call that has not ended by then is left behind; the end of the bridge collects it."""
CLOSE_LIMIT_S = 1 * SECONDS
"""What calls left behind get to end themselves when the bridge closes."""
JOIN_LIMIT_S = 1 * SECONDS
"""What the thread gets to end; only a call that blocks its loop can exceed it."""

log = structlog.get_logger(__name__)


@attrs.define(eq=False)
class _Call:
    """One call in flight: the Trio task that waits and the asyncio task that works."""

    trio_task: trio.lowlevel.Task
    token: trio.lowlevel.TrioToken
    others: "set[_Call]"
    """All calls in flight, this one among them; touched on the asyncio side only."""
    task: "asyncio.Task[Any] | None" = None
    raise_cancel: Callable[[], Any] | None = None
    answered: bool = False

    def start(self, loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[Any]]) -> None:
        """Begin, on the asyncio side."""
        self.others.add(self)
        self.task = loop.create_task(_awaited(call))
        self.task.add_done_callback(self._done)

    def cancel(self, loop: asyncio.AbstractEventLoop, raise_cancel: Callable[[], Any]) -> None:
        """Ask the work to end, on the asyncio side; the waiting task goes on without it after `CANCEL_LIMIT_S`."""
        if self.task is None or self.task.done():
            return
        self.raise_cancel = raise_cancel
        self.task.cancel()
        loop.call_later(CANCEL_LIMIT_S, self._abandon)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled():
            error = task.exception()
            self._answer(outcome.Value(task.result()) if error is None else outcome.Error(error))
        elif self.raise_cancel is not None:
            self._answer(outcome.capture(self.raise_cancel))
        else:
            self.break_off()

    def break_off(self) -> None:
        """Let the waiting task go on with an error, because the bridge is closing."""
        self._answer(outcome.Error(trio.BrokenResourceError("the bridge was closed")))

    def _abandon(self) -> None:
        if not self.answered and self.raise_cancel is not None:
            log.warning("database.call_left_behind", task=repr(self.task))
            self._answer(outcome.capture(self.raise_cancel))

    def _answer(self, result: "outcome.Outcome[Any]") -> None:
        if self.answered:
            return
        self.answered = True
        self.others.discard(self)
        with suppress(trio.RunFinishedError):  # nobody is left to hear it
            self.token.run_sync_soon(trio.lowlevel.reschedule, self.trio_task, result)


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


@attrs.define(eq=False)
class Bridge:
    """The way from Trio tasks to one asyncio loop in a thread of its own."""

    _loop: asyncio.AbstractEventLoop
    _calls: set[_Call]
    _closed: bool = False

    async def run(self, async_fn: "Callable[[Unpack[Ts]], Awaitable[T]]", *args: "Unpack[Ts]") -> T:
        """Run `async_fn(*args)` on the asyncio loop and give its result or its error.

        Cancellation: the asyncio task is cancelled and waited for, `CANCEL_LIMIT_S` at most. If it finishes all the
        same, its result counts and nothing is cancelled.

        Raises:
            trio.ClosedResourceError: the bridge is closed.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._closed:
            raise trio.ClosedResourceError("the bridge is closed")
        loop = self._loop
        call = _Call(trio.lowlevel.current_task(), trio.lowlevel.current_trio_token(), self._calls)
        loop.call_soon_threadsafe(call.start, loop, lambda: async_fn(*args))

        def abort(raise_cancel: Callable[[], Any]) -> trio.lowlevel.Abort:
            with suppress(RuntimeError):  # the loop is closed, so every call has been answered
                loop.call_soon_threadsafe(call.cancel, loop, raise_cancel)
            return trio.lowlevel.Abort.FAILED

        result: T = await trio.lowlevel.wait_task_rescheduled(abort)
        return result

    async def finish(self, async_fn: Callable[[], Awaitable[None]], *, limit_s: float) -> None:
        """Run a clean-up even if the surrounding scope is cancelled, for `limit_s` at most; then it is cancelled."""

        async def bounded() -> None:
            try:
                async with asyncio.timeout(limit_s):
                    await async_fn()
            except TimeoutError:
                log.warning("database.clean_up_cut_short", limit_s=limit_s)

        with trio.CancelScope(shield=True):  # `bounded` keeps the deadline, in real time
            await self.run(bounded)

    def close(self) -> None:
        """Refuse further calls and end the loop's tasks; the owner waits for the thread."""
        if not self._closed:
            self._closed = True
            self._loop.call_soon_threadsafe(self._loop.stop)


def _serve(started: Callable[[asyncio.AbstractEventLoop], None], calls: set[_Call]) -> None:
    """The thread: one loop until it is stopped, then the end of whatever still runs, and an answer to every caller."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.call_soon(started, loop)
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=CLOSE_LIMIT_S))
        loop.run_until_complete(loop.shutdown_asyncgens())
        for call in tuple(calls):
            call.break_off()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@asynccontextmanager
async def open_bridge() -> AsyncIterator[Bridge]:
    """A running bridge, for this Trio run only.

    Owns: its thread and loop. At the end, calls still in flight are cancelled and the thread is joined, within
    `CLOSE_LIMIT_S` and `JOIN_LIMIT_S`, also when the surrounding scope is cancelled.
    """
    token = trio.lowlevel.current_trio_token()
    ready = trio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    calls: set[_Call] = set()

    def started(loop: asyncio.AbstractEventLoop) -> None:
        loops.append(loop)
        token.run_sync_soon(ready.set)

    # A daemon, so that a loop that some call blocks cannot keep the program from ending.
    thread = threading.Thread(target=_serve, args=(started, calls), name="rookery-database", daemon=True)
    thread.start()
    with trio.CancelScope(shield=True):  # the thread needs milliseconds, and only its loop can end it
        await ready.wait()
    bridge = Bridge(loops[0], calls)
    try:
        yield bridge
    finally:
        bridge.close()
        # The join has its own limit in real time, so the shield cannot outlast it.
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(thread.join, CLOSE_LIMIT_S + JOIN_LIMIT_S)
        if thread.is_alive():
            log.error("database.thread_left_behind", thread=thread.name)
