"""TriOTP: generic servers below a supervisor, on the Trio of its day, so in an environment of their own."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import trio
import trio.testing
from figure import answer, resident_bytes, typical
from logbook import NullHandler
from triotp import gen_server, mailbox, supervisor

ENDLESS = supervisor.options(max_restarts=10**9, max_seconds=1)


async def init(ready: Callable[[], None]) -> None:
    """A server has started."""
    ready()


async def handle_call(message: object, _caller: object, state: None) -> Any:
    """Answer with the message."""
    return gen_server.Reply(message), state


async def handle_cast(message: object, state: None) -> Any:
    """Crash on request."""
    if message == "crash":
        raise ValueError(message)
    return gen_server.NoReply(), state


async def terminate(_reason: object, _state: None) -> None:
    """Say nothing."""


SINK: Any = SimpleNamespace(
    __name__="sink", init=init, handle_call=handle_call, handle_cast=handle_cast, terminate=terminate
)


async def below_supervisor(servers: int, function: Callable[[float], Awaitable[float]]) -> float:
    """Run the function when that many servers have started; it is given the time at which their start began."""
    mailbox._init()  # what `node.run` does first
    up = trio.Event()
    waiting = servers

    def ready() -> None:
        nonlocal waiting
        waiting -= 1
        if waiting <= 0:
            up.set()

    specs = [
        supervisor.child_spec(id=f"c{n}", task=gen_server.start, args=[SINK, ready, f"c{n}"]) for n in range(servers)
    ]
    async with trio.open_nursery() as nursery:
        began = time.perf_counter()
        nursery.start_soon(supervisor.start, specs, ENDLESS)
        await up.wait()
        figure = await function(began)
        nursery.cancel_scope.cancel()
    return figure


async def tell(count: int) -> float:
    """Casts per second, drained."""

    async def cast(_: float) -> float:
        began = time.perf_counter()
        for number in range(count):
            await gen_server.cast("c0", number)
        await gen_server.call("c0", "last", timeout=60)
        return count / (time.perf_counter() - began)

    return await below_supervisor(1, cast)


async def ask(count: int) -> float:
    """Calls per second, one at a time."""

    async def call(_: float) -> float:
        began = time.perf_counter()
        for number in range(count):
            await gen_server.call("c0", number, timeout=60)
        return count / (time.perf_counter() - began)

    return await below_supervisor(1, call)


async def start(count: int) -> float:
    """Servers per second until all have run their `init`; no supervisor waits for that, so it is counted there."""

    async def speed(began: float) -> float:
        return count / (time.perf_counter() - began)

    return await below_supervisor(count, speed)


async def crash(count: int) -> float:
    """Microseconds from the crash to the answer of the next server. Its name is gone meanwhile: the asker has to try until it is back."""

    async def restarts(_: float) -> float:
        times = []
        for _ in range(count):
            began = time.perf_counter()
            await gen_server.cast("c0", "crash")
            while True:
                try:
                    await gen_server.call("c0", "up?", timeout=60)
                    break
                except (mailbox.MailboxDoesNotExist, trio.BrokenResourceError, trio.ClosedResourceError):
                    await trio.lowlevel.checkpoint()
            times.append(time.perf_counter() - began)
        return typical(times)

    return await below_supervisor(1, restarts)


async def idle(count: int) -> float:
    """Bytes of a server that waits, its place below the supervisor included."""
    before = resident_bytes()

    async def size(_: float) -> float:
        await trio.testing.wait_all_tasks_blocked()
        return (resident_bytes() - before) / count

    return await below_supervisor(count, size)


with NullHandler().applicationbound():
    answer({function.__name__: partial(trio.run, function) for function in (tell, ask, start, crash, idle)})
