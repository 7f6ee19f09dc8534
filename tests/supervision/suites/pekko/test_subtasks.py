"""Pekko's cases of an actor's children. Here they are its sub-tasks, or children of a supervisor that it knows."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Backoff, Child, Intensity, Restart, StartError, Strategy, Supervisor, run
from tests.supervision.suites.pekko.counter import Counter, ask, crash, tree

CASES = {
    "stop children when restarting": "test_restart_waits_for_the_ends_of_the_subtasks",
    "stop children when backoff": "test_restart_waits_for_the_ends_of_the_subtasks",
    "optionally NOT stop children when restarting": "test_child_of_a_supervisor_outlives_the_actor_that_added_it",
    "optionally NOT stop children when backoff": "test_child_of_a_supervisor_outlives_the_actor_that_added_it",
    "stop children when restarting second time during unstash": "test_crash_by_a_message_that_had_waited_ends_the_new_subtasks",
    "stop children when backoff second time during unstash": "test_crash_by_a_message_that_had_waited_ends_the_new_subtasks",
    "stop children when restart (with limit) from exception in first setup": "test_subtasks_of_a_start_that_fails_end_with_it",
    "stop children when backoff from exception in first setup": "test_subtasks_of_a_start_that_fails_end_with_it",
    "stop children when restart (with limit) from exception in later setup": "test_subtasks_of_a_restart_that_fails_end_with_it",
    "stop children when backoff from exception in later setup": "test_subtasks_of_a_restart_that_fails_end_with_it",
    "apply supervision to adapter function": "test_error_in_a_subtask_is_a_crash",
    "be able to recover from a DeathPactException": "test_actor_that_cannot_live_without_another_crashes_at_its_end",
    "watch: fail the actor itself with DeathPact if it does not accept Terminated": "test_actor_that_cannot_live_without_another_crashes_at_its_end",
}  # fmt: skip

BACKOFFS = pytest.mark.parametrize("backoff", [None, Backoff(first_s=1, jitter=0)], ids=["at once", "backoff"])


class Subtasks:
    """Sub-tasks that note when they live, and take their time to end."""

    def __init__(self, *, ends_in_s: float = 0) -> None:
        self.alive = 0
        self.ended = 0
        self._ends_in_s = ends_in_s

    async def __call__(self) -> None:
        self.alive += 1
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(self._ends_in_s, shield=True):
                await trio.sleep_forever()
            self.alive -= 1
            self.ended += 1

    async def start(self, actor: Counter) -> None:
        """A message: have one more."""
        actor.context.start_soon(self)


@BACKOFFS
async def test_restart_waits_for_the_ends_of_the_subtasks(backoff, autojump_clock) -> None:
    subtasks, life = Subtasks(ends_in_s=5), []
    async with run(tree(life, backoff=backoff)) as running:
        for _ in range(2):
            await ask(running, subtasks.start)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        await crash(running)
        assert (subtasks.alive, life) == (2, ["started"])
        assert await ask(running, "add") == 1
        assert trio.current_time() - began == (5 if backoff is None else 6)
        assert (subtasks.alive, subtasks.ended) == (0, 2)
        assert life == ["started", "stopped: crashed", "started"]


@BACKOFFS
async def test_child_of_a_supervisor_outlives_the_actor_that_added_it(backoff, autojump_clock) -> None:
    async def add(actor: Counter) -> None:
        await actor.context.running.start_child("r/pool", Child("worker", lambda: Counter([])))

    children = [Supervisor("pool", strategy=Strategy.DYNAMIC), Child("a", lambda: Counter([]))]
    async with run(Supervisor("r", backoff=backoff, children=children)) as running:
        await ask(running, add)
        await crash(running)
        await ask(running, "count")
        status = running.status().find("r/pool/worker")
        assert (status.state, status.incarnation) == ("running", 1)


async def rest(_: Counter) -> None:
    """A message: let the sub-tasks begin."""
    await trio.sleep(1)


@BACKOFFS
async def test_crash_by_a_message_that_had_waited_ends_the_new_subtasks(backoff, autojump_clock) -> None:
    first, second = Subtasks(ends_in_s=5), Subtasks()
    async with run(tree([], backoff=backoff)) as running:
        await ask(running, first.start)
        await wait_all_tasks_blocked()
        for message in (ValueError("one"), second.start, rest, ValueError("two")):
            running.ref("r/a").tell_nowait(message)
        assert await ask(running, "count") == 0
        assert (first.ended, second.ended, second.alive) == (1, 1, 0)
        assert running.status().find("r/a").incarnation == 3


def unready(subtasks: Subtasks, incarnations: range) -> type[Counter]:
    """One that has a sub-task, and fails to start in these incarnations."""

    class Unready(Counter):
        async def started(self, context) -> None:
            context.start_soon(subtasks)
            await wait_all_tasks_blocked()
            if context.incarnation in incarnations:
                raise OSError("no")
            await super().started(context)

    return Unready


@BACKOFFS
async def test_subtasks_of_a_start_that_fails_end_with_it(backoff, autojump_clock) -> None:
    subtasks = Subtasks(ends_in_s=5)
    with pytest.raises(StartError):
        async with run(tree([], kind=unready(subtasks, range(1, 2)), backoff=backoff)):
            pass
    assert (subtasks.alive, subtasks.ended) == (0, 1)


@BACKOFFS
async def test_subtasks_of_a_restart_that_fails_end_with_it(backoff, autojump_clock) -> None:
    subtasks = Subtasks(ends_in_s=5)
    kind = unready(subtasks, range(2, 4))
    async with run(tree([], kind=kind, backoff=backoff, intensity=Intensity(restarts=5))) as running:
        await crash(running)
        assert await ask(running, "count") == 0
        assert running.status().find("r/a").incarnation == 4
        assert (subtasks.alive, subtasks.ended) == (1, 3)
    assert (subtasks.alive, subtasks.ended) == (0, 4)


async def test_error_in_a_subtask_is_a_crash(autojump_clock) -> None:
    async def fail(actor: Counter) -> None:
        async def later() -> None:
            await trio.sleep(1)
            raise ValueError("in the background")

        actor.context.start_soon(later)

    life = []
    async with run(tree(life)) as running:
        await ask(running, fail)
        assert await ask(running, "add") == 1
        await trio.sleep(2)
        assert life == ["started", "stopped: crashed", "started"]
        assert await ask(running, "add") == 1


async def test_actor_that_cannot_live_without_another_crashes_at_its_end(autojump_clock) -> None:
    async def depend(actor: Counter) -> None:
        async def on_it() -> None:
            raise LookupError(await actor.context.ref_to("r/other").watch())

        actor.context.start_soon(on_it)

    children = [
        Child("other", lambda: Counter([]), restart=Restart.TRANSIENT),
        Child("a", lambda: Counter([])),
    ]
    async with run(Supervisor("r", children=children)) as running:
        await ask(running, depend)
        running.ref("r/other").tell_nowait(ValueError("a restart is no end"))
        await wait_all_tasks_blocked()
        assert running.status().find("r/a").incarnation == 1
        await running.stop_child("r/other")
        await wait_all_tasks_blocked()
        assert running.status().find("r/a").incarnation == 2
        assert "LookupError: stopped" in running.status().find("r/a").last_error
