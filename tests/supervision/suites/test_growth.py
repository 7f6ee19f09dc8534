"""What many crashes and many children leave behind, and what they cost."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, InFlight, Intensity, Mailbox, Strategy, Supervisor, run
from supervision.testing import replay

pytestmark = pytest.mark.usefixtures("quiet")


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
                assert running.status().find("r/g/b").state == "running"
                figures.append((left_behind(running._engine), *memory()))
    return figures


def left_behind(engine) -> tuple:
    living = trio.lowlevel.current_statistics().tasks_living
    return living, len(engine.nodes), len(engine._timers), len(engine._timers._heap), len(engine.waits)


def memory() -> tuple[int, int]:
    """Objects, and blocks of memory of any size, of the whole process; counting them slows nothing down."""
    gc.collect()
    return len(gc.get_objects()), sys.getallocatedblocks()


def test_ten_thousand_crashes_leave_nothing() -> None:
    # Each cycle crashes two actors, one of them twice: more than 10,000 crashes and as many restarts of siblings.
    early, late = replay(cycles, 3400, seed=1)

    assert early[0] == late[0]
    # The thousand recent events are full at both times: what they hold is in the figures, and no more of it the second time.
    assert late[1] - early[1] < 200
    assert late[2] - early[2] < 1000


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """How many calls of functions the block makes: the work, whatever else the machine does."""
    calls = [0]

    def count(frame, event: str, argument) -> None:
        calls[0] += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


async def start_look_stop(count: int) -> float:
    """Calls per child."""
    tree = Supervisor("r", children=[Child(f"c{n}", Idle) for n in range(count)])
    with counted_calls() as calls:
        async with run(tree) as running:
            assert len(running.status().root.children) == count
            await running.stop()
    return calls[0] / count


def test_work_for_each_child_does_not_grow_with_their_number() -> None:
    few, more, many = (replay(start_look_stop, count, seed=1) for count in (1000, 10_000, 100_000))

    assert more < few * 1.1
    assert many < few * 1.1


async def all_crash(count: int, strategy: Strategy) -> int:
    """Calls that it takes to start many, look at them, crash all at once, and stop them."""
    kids = [Child(f"c{n}", Brittle) for n in range(count)]
    dynamic = strategy is Strategy.DYNAMIC
    below = Supervisor("s", strategy=strategy, intensity=Intensity(restarts=count), children=() if dynamic else kids)
    with counted_calls() as calls:
        async with run(Supervisor("r", children=[below])) as running:
            for kid in kids if dynamic else ():
                await running.start_child("r/s", kid)
            for kid in kids:
                running.ref(f"r/s/{kid.name}").tell_nowait("crash")
            await trio.sleep(1)
            assert {child.state for child in running.status().find("r/s").children} == {"running"}
    return calls[0]


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
