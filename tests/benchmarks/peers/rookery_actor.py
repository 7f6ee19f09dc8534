"""Rookery's engine."""

import gc
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial

import trio
from figure import answer, resident_bytes, typical

from supervision import Actor, Child, Intensity, Mailbox, Running, Supervisor, incarnation, run

ENDLESS = Intensity(restarts=10**9, within_s=1.0)


class Sink(Actor[object]):
    """Takes everything, answers with it, crashes on request."""

    async def receive(self, message: object) -> object:
        """Answer with the message."""
        if message == "crash":
            raise ValueError(message)
        return message


def tree(count: int, *, mailbox: Mailbox | None = None) -> Supervisor:
    """That many actors below one supervisor."""
    children = [Child(f"c{n}", Sink, mailbox=mailbox or Mailbox()) for n in range(count)]
    return Supervisor("r", intensity=ENDLESS, children=children)


def beside_one(function: Callable[[Running, int], Awaitable[float]], count: int) -> float:
    """The figure, taken with one actor."""

    async def main() -> float:
        async with run(tree(1)) as running:
            return await function(running, count)

    return trio.run(main)


async def tell(running: Running, count: int) -> float:
    """Messages per second, drained."""
    ref = running.ref("r/c0")
    began = time.perf_counter()
    for number in range(count):
        await ref.tell(number)
    await ref.ask("last", timeout_s=60)
    return count / (time.perf_counter() - began)


def tell_untimed(count: int) -> float:
    """The same without histograms: only the first message is measured. Nobody can switch that off but here."""
    incarnation.TIMED_FIRST, incarnation.TIMED_EACH = 0, 2**62
    return beside_one(tell, count)


async def ask(running: Running, count: int) -> float:
    """Answers per second, one at a time."""
    ref = running.ref("r/c0")
    began = time.perf_counter()
    for number in range(count):
        await ref.ask(number, timeout_s=60)
    return count / (time.perf_counter() - began)


async def crash(running: Running, count: int) -> float:
    """Microseconds from the crash to the answer of the next incarnation."""
    ref, times = running.ref("r/c0"), []
    for _ in range(count):
        began = time.perf_counter()
        ref.tell_nowait("crash")
        await ref.ask("up?", timeout_s=60)
        times.append(time.perf_counter() - began)
    return typical(times)


async def start(count: int) -> float:
    """Children per second, each ready before the next."""
    wanted = tree(count)
    began = time.perf_counter()
    async with run(wanted):
        return count / (time.perf_counter() - began)


async def idle(count: int) -> float:
    """Bytes of an actor that waits, its specification and its place below the supervisor included."""
    before = resident_bytes()
    async with run(tree(count)):
        return (resident_bytes() - before) / count


async def status(count: int) -> float:
    """Milliseconds of processor time for one snapshot, in which it holds the loop; every actor has handled a message."""
    async with run(tree(count)) as running:
        for number in range(count):
            await running.ref(f"r/c{number}").ask("once", timeout_s=60)
        gc.collect()  # one that is due anyway is not the snapshot's
        began = time.process_time()
        running.status()
        return (time.process_time() - began) * 1e3


async def life(count: int) -> float:
    """Microseconds for the start and the stop of one child among so many."""
    wanted = tree(count, mailbox=Mailbox(capacity=1))
    began = time.perf_counter()
    async with run(wanted):
        pass
    return (time.perf_counter() - began) / count * 1e6


logging.disable(logging.CRITICAL)
answer(
    {function.__name__: partial(beside_one, function) for function in (tell, ask, crash)}
    | {function.__name__: partial(trio.run, function) for function in (start, idle, status, life)}
    | {"tell_untimed": tell_untimed}
)
