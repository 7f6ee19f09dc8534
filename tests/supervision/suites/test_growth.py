"""What many crashes and many children leave behind, and what they cost."""

import gc
import logging
import sys
import time

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, InFlight, Intensity, Mailbox, Strategy, Supervisor, run
from supervision.testing import replay


class Brittle(Actor[str]):
    """Crashes on request, with a sub-task and a clean-up to get rid of."""

    async def started(self, context) -> None:
        context.start_soon(trio.sleep_forever)

    async def receive(self, message: str) -> str:
        if message == "crash":
            raise ValueError(message)
        return message

    async def stopped(self) -> None:
        await trio.lowlevel.checkpoint()


class Idle(Actor[object]):
    """Waits."""

    async def receive(self, message: object) -> None: ...


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


async def cycles(times: int) -> list:
    endless = Intensity(restarts=10**9, within_s=0.001)
    below = Supervisor("s", intensity=Intensity(restarts=1, within_s=0.5), children=[Child("a", Brittle)])
    group = Supervisor(
        "g",
        strategy=Strategy.ONE_FOR_ALL,
        intensity=endless,
        children=[Child("a", Brittle, mailbox=Mailbox(in_flight=InFlight.redeliver(times=1))), Child("b", Brittle)],
    )
    figures = []
    async with run(Supervisor("r", intensity=endless, children=[below, group])) as running:
        for n in range(times):
            for path in ("r/s/a", "r/g/a"):
                running.ref(path).tell_nowait("crash")
            await wait_all_tasks_blocked()
            await trio.sleep(0.1)
            if n in {times // 10, times - 1}:
                engine = running._engine
                assert running.status().find("r/g/b").state == "running"
                figures.append(
                    (
                        trio.lowlevel.current_statistics().tasks_living,
                        len(engine.nodes),
                        len(engine._timers),
                        len(engine._timers._heap),
                        len(engine.waits),
                        objects(),
                    )
                )
                running._engine.hub.recent.clear()
                running._engine.dead_letters.clear()
    return figures


def test_ten_thousand_crashes_leave_nothing() -> None:
    # Each cycle crashes two actors, one of them twice: more than 10,000 crashes and as many restarts of siblings.
    (*early, objects_early), (*late, objects_late) = replay(cycles, 3400, seed=1)

    assert early == late
    assert objects_late - objects_early < 200


async def children(count: int) -> float:
    tree = Supervisor("r", children=[Child(f"c{n}", Idle) for n in range(count)])
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        async with run(tree) as running:
            running.status()
        return time.perf_counter() - began
    finally:
        gc.enable()


def test_cost_of_children_is_nearly_linear() -> None:
    small = min(replay(children, 500, seed=1) for _ in range(3))
    large = replay(children, 10_000, seed=1)

    # 20 times the children; a quadratic step anywhere would take 400 times as long.
    assert large < small * 60


async def all_crash(count: int, strategy: Strategy) -> int:
    """Calls of functions that it takes to start many, look at them, crash all at once, and stop them."""
    calls = 0

    def count_calls(frame, event: str, argument) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    kids = [Child(f"c{n}", Brittle) for n in range(count)]
    dynamic = strategy is Strategy.DYNAMIC
    below = Supervisor("s", strategy=strategy, intensity=Intensity(restarts=count), children=() if dynamic else kids)
    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        async with run(Supervisor("r", children=[below])) as running:
            for kid in kids if dynamic else ():
                await running.start_child("r/s", kid)
            for kid in kids:
                running.ref(f"r/s/{kid.name}").tell_nowait("crash")
            await trio.sleep(1)
            assert {child.state for child in running.status().find("r/s").children} == {"running"}
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("strategy", Strategy, ids=str)
def test_work_of_a_crash_of_all_at_once_is_nearly_linear(strategy) -> None:
    few, many = (replay(all_crash, count, strategy, seed=1) for count in (30, 600))

    # 20 times the children.
    assert many < few * 30


def test_idle_actor_is_small() -> None:
    async def weigh() -> float:
        async with run(Supervisor("r", children=[Child(f"c{n}", Idle) for n in range(2000)])) as running:
            leaf = running.ref("r/c0")._node
            return sum(
                sys.getsizeof(part) for part in (leaf, leaf.queue, leaf.queue.items, leaf.current, leaf.histogram)
            )

    assert replay(weigh, seed=1) < 2000
