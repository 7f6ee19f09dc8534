"""The fault injector."""

import pytest
import trio
import trio.lowlevel

from supervision import Actor, Child, Supervisor, run
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

    assert injector.struck == "a"


@pytest.mark.parametrize("at", [0, 1])
async def test_raises_in_the_start(at, autojump_clock) -> None:
    from supervision import StartError

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
