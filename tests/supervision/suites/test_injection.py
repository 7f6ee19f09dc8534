"""A crash at every checkpoint of a scenario, on several schedules: whatever breaks where, the tree comes up again or ends clean."""

import pytest
import trio

from supervision import (
    Actor,
    Backoff,
    Child,
    EventKind,
    InFlight,
    Intensity,
    Mailbox,
    StartError,
    Strategy,
    Supervisor,
    run,
)
from supervision.testing import FaultInjector, replay

pytestmark = pytest.mark.usefixtures("quiet")

ORDERS = 4


class Sink(Actor[int]):
    """Keeps what arrives."""

    def __init__(self, kept: list) -> None:
        self.kept = kept

    async def receive(self, message: int) -> int:
        await trio.sleep(0.1)
        self.kept.append(message)
        return message


class Relay(Actor[int]):
    """Asks the sink, and has a sub-task."""

    async def started(self, context) -> None:
        self.context = context
        context.start_soon(trio.sleep_forever)
        await trio.sleep(0.1)

    async def receive(self, message: int) -> int:
        return await self.context.ref_to("r/below/sink").ask(message, timeout_s=20)

    async def stopped(self) -> None:
        await trio.sleep(0.1)


class Source(Actor[int]):
    """Tells the relay, whose mailbox is small."""

    async def started(self, context) -> None:
        self.relay = context.ref_to("r/relay")

    async def receive(self, message: int) -> None:
        await self.relay.tell(message)
        await trio.sleep(0.05)


async def clock_task(context) -> None:
    context.ready()
    while not context.stopping.is_set():
        with trio.move_on_after(1):
            await context.stopping.wait()


def build(kept: list) -> Supervisor:
    redeliver = Mailbox(capacity=2, in_flight=InFlight.redeliver(times=2))
    below = Supervisor(
        "below",
        children=[
            Child("sink", lambda: Sink(kept), mailbox=redeliver),
            Child("clock", clock_task),
        ],
    )
    return Supervisor(
        "r",
        strategy=Strategy.REST_FOR_ONE,
        intensity=Intensity(restarts=5),
        backoff=Backoff(first_s=0.2),
        children=[
            below,
            Child("relay", Relay, mailbox=redeliver),
            Child("source", Source, mailbox=redeliver),
        ],
    )


async def scenario(injector: FaultInjector) -> None:
    kept: list[int] = []
    running = None
    try:
        async with run(injector.tree(build(kept)), seed=1) as running:
            for n in range(ORDERS):
                await running.ref("r/source").tell(n)
            await trio.sleep(30)
            states = {node.path: str(node.state) for node in running.status().walk()}
            assert set(states.values()) == {"running"}, states
            await running.ref("r/source").ask(ORDERS, timeout_s=10)
            await trio.sleep(30)
            # At most one crash, and every message is tried three times: none is lost, some may come twice.
            assert set(kept) == set(range(ORDERS + 1))
            assert [event for event in running.recent_events() if event.kind is EventKind.DEAD_LETTER] == []
    except StartError as error:
        where = error.path
    else:
        where = injector.struck
        engine = running._engine
        assert (engine._tasks, len(engine._timers), len(engine.waits)) == (0, 0, 0)
    assert injector.struck == where
    assert trio.lowlevel.current_statistics().tasks_living <= 3


def checkpoints(seed: int) -> int:
    injector = FaultInjector()
    replay(scenario, injector, seed=seed)
    return injector.seen


@pytest.mark.parametrize("seed", range(6))
def test_crash_at_every_checkpoint(seed) -> None:
    count = checkpoints(seed)
    assert count > 50
    struck = set()
    for at in range(count):
        injector = FaultInjector(at)
        replay(scenario, injector, seed=seed)
        struck.add(injector.struck)

    assert struck == {"r/below/sink", "r/below/clock", "r/relay", "r/source"}


def test_same_schedule_strikes_the_same_place() -> None:
    def places() -> list:
        injectors = [FaultInjector(at) for at in range(0, 60, 7)]
        for injector in injectors:
            replay(scenario, injector, seed=3)
        return [(injector.struck, injector.seen) for injector in injectors]

    assert places() == places()
