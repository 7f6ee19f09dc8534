"""The speeds of the actor engine, beside raw Trio channels and whichever rivals can be imported, in one run.

Each figure is the median of several rounds; the rounds of the engine and of its rivals alternate, so that a busy machine is busy for both.
"""

import gc
import importlib.util
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import trio
import trio.testing

from supervision import Actor, Child, Intensity, Mailbox, Running, Strategy, Supervisor, run
from tests.benchmarks import rivals

Row = tuple[str, float, str, str, float, float]
"""Name, value, unit, rival ("" for none), the rival's value, value / the rival's value."""

ROUNDS = 5
TELLS = 50_000
ASKS = 5_000
CRASHES = 300
STARTS = 2_000
IDLE = 10_000
PAGE_BYTES = 4096
ENDLESS = Intensity(restarts=10**9, within_s=1.0)


class Sink(Actor[object]):
    """Takes everything, answers with it, crashes on request."""

    async def receive(self, message: object) -> object:
        if message == "crash":
            raise ValueError(message)
        return message


def measure() -> list[Row]:
    """All rows; takes about half a minute."""
    logging.disable(logging.CRITICAL)
    try:
        return [*_tells(), *_asks(), *_starts(), *_restarts(), *_idle(), *_scaling()]
    finally:
        logging.disable(logging.NOTSET)


def _row(name: str, unit: str, values: list[float], rival: str = "", others: list[float] | None = None) -> Row:
    value = median(values)
    other = median(others) if others else 0.0
    return name, value, unit, rival, other, value / other if other else 0.0


def _beside(name: str, unit: str, own: Callable[[], float], others: dict[str, Callable[[], float]]) -> list[Row]:
    """One row for each rival; without any, one row for the engine alone."""
    figures: dict[str, list[float]] = {rival: [] for rival in ("", *others)}
    for _ in range(ROUNDS):
        for rival, figure in {"": own, **others}.items():
            gc.collect()
            figures[rival].append(figure())
    if not others:
        return [_row(name, unit, figures[""])]
    return [_row(name, unit, figures[""], rival, figures[rival]) for rival in others]


def _per_s(count: int, began: float) -> float:
    return count / (time.perf_counter() - began)


def _tree(count: int = 1) -> Supervisor:
    return Supervisor("r", intensity=ENDLESS, children=[Child(f"c{n}", Sink) for n in range(count)])


def _in_tree(function: Callable[[Running], Awaitable[float]], tree: Supervisor | None = None) -> float:
    async def main() -> float:
        async with run(tree or _tree()) as running:
            return await function(running)

    return trio.run(main)


# tell


async def _tell(running: Running) -> float:
    ref = running.ref("r/c0")
    began = time.perf_counter()
    for number in range(TELLS):
        await ref.tell(number)
    await ref.ask("last", timeout_s=60)
    return _per_s(TELLS, began)


async def _channel_tell() -> float:
    send, receive = trio.open_memory_channel[int](100)

    async def drain() -> None:
        async for _ in receive:
            pass

    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(drain)
        async with send:
            for number in range(TELLS):
                await send.send(number)
    return _per_s(TELLS, began)


def _tells() -> list[Row]:
    others: dict[str, Callable[[], float]] = {"raw Trio channel": partial(trio.run, _channel_tell)}
    if importlib.util.find_spec("pykka"):
        others["Pykka"] = partial(rivals.pykka_tell, TELLS)
    return _beside("tell, drained", "messages/s", partial(_in_tree, _tell), others)


# ask


async def _ask(running: Running) -> float:
    ref = running.ref("r/c0")
    began = time.perf_counter()
    for number in range(ASKS):
        await ref.ask(number, timeout_s=60)
    return _per_s(ASKS, began)


async def _channel_ask() -> float:
    """Question and answer over channels, with the time-out that an ask has."""
    send, receive = trio.open_memory_channel[Any](100)

    async def answer() -> None:
        async for number, back in receive:
            await back.send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        async with send:
            began = time.perf_counter()
            for number in range(ASKS):
                back, there = trio.open_memory_channel[int](1)
                with trio.fail_after(60):
                    await send.send((number, back))
                    await there.receive()
            return _per_s(ASKS, began)


def _asks() -> list[Row]:
    others: dict[str, Callable[[], float]] = {"raw Trio channels": partial(trio.run, _channel_ask)}
    if importlib.util.find_spec("pykka"):
        others["Pykka"] = partial(rivals.pykka_ask, ASKS)
    if importlib.util.find_spec("xoscar"):
        others["xoscar"] = partial(rivals.xoscar_ask, ASKS)
    return _beside("ask, one at a time", "answers/s", partial(_in_tree, _ask), others)


# start, restart


async def _start() -> float:
    tree = _tree(STARTS)
    gc.collect()
    began = time.perf_counter()
    async with run(tree):
        return _per_s(STARTS, began)


async def _nursery_start() -> float:
    async def task(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep_forever()

    gc.collect()
    async with trio.open_nursery() as nursery:
        began = time.perf_counter()
        for _ in range(STARTS):
            await nursery.start(task)
        speed = _per_s(STARTS, began)
        nursery.cancel_scope.cancel()
    return speed


def _starts() -> list[Row]:
    return _beside(
        "start to ready", "children/s", partial(trio.run, _start), {"nursery.start": partial(trio.run, _nursery_start)}
    )


async def _restart(running: Running) -> float:
    """Microseconds from the crash to the answer of the next incarnation."""
    ref, times = running.ref("r/c0"), []
    for _ in range(CRASHES):
        began = time.perf_counter()
        ref.tell_nowait("crash")
        await ref.ask("up?", timeout_s=60)
        times.append((time.perf_counter() - began) * 1e6)
    return median(times)


def _restarts() -> list[Row]:
    return _beside("crash to answering again, median", "µs", partial(_in_tree, _restart), {})


# many


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES / 1e6


async def _rest(running: Running) -> float:
    gc.collect()
    return _resident_mb()


async def _raw_rest() -> float:
    async def wait(receive: "trio.MemoryReceiveChannel[int]") -> None:
        await receive.receive()

    sends = []
    async with trio.open_nursery() as nursery:
        for _ in range(IDLE):
            send, receive = trio.open_memory_channel[int](100)
            sends.append(send)
            nursery.start_soon(wait, receive)
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        size = _resident_mb()
        nursery.cancel_scope.cancel()
    return size


async def _look(running: Running) -> float:
    began = time.perf_counter()
    running.status()
    return (time.perf_counter() - began) * 1e3


def _idle() -> list[Row]:
    before = _resident_mb()
    own = _in_tree(_rest, _tree(IDLE)) - before
    gc.collect()
    before = _resident_mb()
    # Freed memory is used again first, so the second of two is measured too small: the ratio flatters the rival.
    raw = max(trio.run(_raw_rest) - before, 0.0)
    looks = [_in_tree(_look, _tree(IDLE)) for _ in range(ROUNDS)]
    return [
        (
            "10,000 idle actors",
            own,
            "MB",
            "idle tasks on channels" if raw > 1 else "",
            raw,
            own / raw if raw > 1 else 0.0,
        ),
        _row("status of 10,000 actors", "ms", looks),
    ]


def _scaling() -> list[Row]:
    """Microseconds for the start and the stop of one child, among ever more."""

    async def life(count: int) -> float:
        tree = Supervisor(
            "r",
            strategy=Strategy.ONE_FOR_ONE,
            children=[Child(f"c{n}", Sink, mailbox=Mailbox(capacity=1)) for n in range(count)],
        )
        began = time.perf_counter()
        async with run(tree):
            pass
        return (time.perf_counter() - began) / count * 1e6

    few = trio.run(life, 1_000)
    rows = [("start and stop of one among 1,000", few, "µs", "", 0.0, 0.0)]
    for count in (10_000, 100_000):
        each = trio.run(life, count)
        rows.append((f"start and stop of one among {count:,}", each, "µs", "one among 1,000", few, each / few))
    return rows
