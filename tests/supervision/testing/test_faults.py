"""The fault injector."""

import attrs
import pytest
import trio
import trio.lowlevel

from supervision import Actor, Backoff, Child, Intensity, Restart, Shutdown, StartError, Strategy, Supervisor, run
from supervision.testing import FaultInjector, InjectedError


class Steps(Actor[object]):
    """Waits in each of its three methods."""

    async def started(self, context) -> None:
        await trio.lowlevel.checkpoint()

    async def receive(self, message: object) -> str:
        await trio.sleep(1)
        try:
            await trio.sleep(1)
        except InjectedError:
            return "met it"
        return "did not"

    async def stopped(self) -> None:
        await trio.lowlevel.checkpoint()


async def scenario(injector: FaultInjector) -> tuple:
    async with run(Supervisor("r", children=[injector.child(Child("a", Steps))])) as running:
        answer = await running.ref("r/a").ask("go", timeout_s=10)
        return answer, running.status().find("r/a").incarnation


async def test_counts_the_checkpoints(autojump_clock) -> None:
    injector = FaultInjector()
    assert await scenario(injector) == ("did not", 1)

    assert injector.seen == 7
    assert injector.struck is None


async def test_raises_at_the_chosen_one_inside_the_wait(autojump_clock) -> None:
    injector = FaultInjector(at=4)
    assert await scenario(injector) == ("met it", 1)

    assert injector.struck == "r/a"


@pytest.mark.parametrize("at", [0, 1])
async def test_raises_in_the_start(at, autojump_clock) -> None:
    with pytest.raises(StartError) as raised:
        await scenario(FaultInjector(at=at, error=KeyError))

    assert isinstance(raised.value.__cause__, KeyError)


async def test_tasks_have_faults_too(autojump_clock) -> None:
    async def task(context) -> None:
        for _ in range(20):
            await trio.sleep(1)

    injector = FaultInjector(at=3)
    async with run(Supervisor("r", children=[injector.child(Child("t", task))])) as running:
        await trio.sleep(10)
        assert running.status().find("r/t").incarnation == 2
        await running.stop_child("r/t", how="kill")


async def test_cancellation_passes_through(autojump_clock) -> None:
    injector = FaultInjector()
    async with run(Supervisor("r", children=[injector.child(Child("a", Steps))])) as running:
        running.ref("r/a").tell_nowait("go")
        await trio.sleep(0.5)
        await running.stop_child("r/a", how="kill")

        assert running.status().find("r/a").state == "stopped"


def declared() -> Supervisor:
    async def task(context) -> None:
        await trio.sleep(1)

    child = Child("a", Steps, restart=Restart.TRANSIENT, shutdown=Shutdown(grace_s=3), significant=False)
    low = Supervisor("low", backoff=Backoff(first_s=2), children=[child, Child("t", task)])
    return Supervisor("r", strategy=Strategy.REST_FOR_ONE, intensity=Intensity(restarts=7), children=[low, child])


def without_factories(spec: Supervisor | Child) -> object:
    if isinstance(spec, Child):
        return attrs.evolve(spec, factory=print)
    return attrs.evolve(spec, children=[without_factories(child) for child in spec.children])


def test_tree_with_faults_is_declared_as_it_was() -> None:
    assert without_factories(FaultInjector().tree(declared())) == without_factories(declared())


async def test_tree_has_faults_in_all_its_children(autojump_clock) -> None:
    struck, refused = [], []
    for at in range(7):
        injector = FaultInjector(at)
        try:
            async with run(injector.tree(declared())):
                await trio.sleep(0.5)
        except StartError as error:
            refused.append(error.path)
        struck.append(injector.struck)

    # Two in each start, one for the task that goes on too late, and one in each stop.
    assert struck == ["r/low/a", "r/low/a", "r/low/t", "r/a", "r/a", "r/a", "r/a"]
    assert refused == ["r/low/a", "r/low/a", "r/a", "r/a"]


@pytest.mark.parametrize("says", [True, False])
async def test_task_with_faults_is_ready_when_it_was_without(says, autojump_clock) -> None:
    async def slow(context) -> None:
        await trio.sleep(5)
        if says:
            context.ready()
        await context.stopping.wait()

    async def quick(context) -> None:
        await trio.sleep(5)
        await context.stopping.wait()

    task = Child("t", slow if says else quick)
    took_s = []
    for child in (task, FaultInjector().child(task)):
        began = trio.current_time()
        async with run(Supervisor("r", children=[child])):
            took_s.append(trio.current_time() - began)

    assert took_s == [5 if says else 0] * 2
