"""What one writes and what it is given."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, EventKind, Supervisor, run
from supervision.testing import Probe


def test_actor_must_say_how_it_receives() -> None:
    with pytest.raises(TypeError):
        Actor()


async def test_context_knows_its_place(autojump_clock) -> None:
    seen = []

    async def task(context) -> None:
        seen.append((context.path, context.incarnation, context.ref, context.running, context.reason))
        if context.incarnation == 1:
            raise ValueError("once")
        await context.stopping.wait()

    async with run(Supervisor("r", children=[Child("t", task)])) as running:
        await wait_all_tasks_blocked()
        ref = running.ref("r/t")

    assert seen == [("r/t", 1, ref, running, None), ("r/t", 2, ref, running, None)]


async def test_stopping_is_set_also_for_one_who_looks_late(autojump_clock) -> None:
    looked = []

    async def late(context) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(3)
        looked.append(context.stopping.is_set())

    async with run(Supervisor("r", children=[Child("t", late)])) as running:
        await wait_all_tasks_blocked()

    assert looked == [True]
    assert running.status().find("r/t").state == "stopped"


async def test_task_that_ends_before_it_was_ready_has_started_all_the_same(autojump_clock) -> None:
    async def short(context) -> None:
        if context.incarnation > 5:
            context.ready()
        await trio.sleep(1)

    async with run(Supervisor("r", children=[Child("t", short), Probe().child("next")])) as running:
        kinds = [event.kind for event in running.recent_events() if event.path == "r/t"]

        assert kinds[:2] == [EventKind.STARTED, EventKind.EXITED]


async def test_being_ready_twice_is_being_ready(autojump_clock) -> None:
    async def eager(context) -> None:
        context.ready()
        context.ready()
        await context.stopping.wait()

    async with run(Supervisor("r", children=[Child("t", eager)])) as running:
        kinds = [event.kind for event in running.recent_events() if event.path == "r/t"]

        assert kinds == [EventKind.STARTED]
