"""Where children are in their life."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    ActorState,
    AlreadyRunningError,
    Backoff,
    Child,
    EscalatedError,
    Intensity,
    Restart,
    Supervisor,
    run,
)
from supervision.node import How
from supervision.testing import Probe


def crash(message: object) -> None:
    raise ValueError(message)


def test_ways_of_stopping_are_the_words_of_stop_child() -> None:
    assert [how.value for how in How] == ["stop", "drain", "kill"]


async def test_children_that_wait_for_their_turn_are_starting(autojump_clock) -> None:
    async def first(context) -> None:
        await trio.sleep(1)
        seen.append(context.running.status().find("r/second").state)
        context.ready()
        await context.stopping.wait()

    seen = []
    async with run(Supervisor("r", children=[Child("first", first), Probe().child("second")])):
        pass

    assert seen == [ActorState.STARTING]


async def test_crash_for_good_is_failed_and_a_normal_end_stopped(autojump_clock) -> None:
    async def ends(context) -> None: ...

    tree = Supervisor(
        "r",
        children=[Child("done", ends, restart=Restart.TRANSIENT), Probe(crash).child("broken")],
        intensity=Intensity(restarts=0),
    )
    with pytest.raises(EscalatedError):
        async with run(tree) as running:
            await crash_and_wait(running)
    states = {child.path: child.state for child in running.status().root.children}

    assert states == {"r/done": ActorState.STOPPED, "r/broken": ActorState.FAILED}
    assert running.status().root.state is ActorState.FAILED


async def crash_and_wait(running) -> None:
    await wait_all_tasks_blocked()
    running.ref("r/broken").tell_nowait("no")
    await trio.sleep_forever()


async def test_refusal_says_whether_the_child_runs_or_will(autojump_clock) -> None:
    async with run(Supervisor("r", backoff=Backoff(first_s=5), children=[Probe(crash).child("a")])) as running:
        with pytest.raises(AlreadyRunningError, match="r/a is running"):
            await running.remove_child("r/a")
        running.ref("r/a").tell_nowait("no")
        await wait_all_tasks_blocked()
        with pytest.raises(AlreadyRunningError, match="r/a is about to be started"):
            await running.restart_child("r/a")
