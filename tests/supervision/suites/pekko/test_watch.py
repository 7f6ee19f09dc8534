"""Pekko's cases of watching: who is told of an end, and of which."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Child, Intensity, Restart, Supervisor, run
from tests.supervision.suites.pekko.counter import Counter, ask, crash, tree

CASES = {
    "watch: get notified of graceful actor termination": "test_watcher_is_told_how_it_ended",
    "watch: notify a parent of child termination because of failure": "test_watcher_is_told_how_it_ended",
    "watch: notify a parent of child termination because of failure with a supervisor": (
        "test_watcher_hears_of_no_restart_but_of_the_end",
        "test_watcher_hears_when_the_supervisor_gives_up",
    ),
    "watch: allow idempotent invocations of watch": "test_any_number_may_watch_before_and_after_the_end",
}


async def end(actor: Counter) -> None:
    """A message: that is all."""
    actor.context.stop()


@pytest.mark.parametrize("message,reason", [(end, "normal"), (ValueError("crash"), "crashed")], ids=["end", "crash"])
async def test_watcher_is_told_how_it_ended(message, reason, autojump_clock) -> None:
    async with run(tree([], Restart.TEMPORARY)) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(message)
        assert await ref.watch() == reason


async def test_any_number_may_watch_before_and_after_the_end(autojump_clock) -> None:
    told = []
    async with run(tree([], Restart.TEMPORARY)) as running:
        ref = running.ref("r/a")

        async def watch() -> None:
            told.append(await ref.watch())

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(watch)
            await wait_all_tasks_blocked()
            await running.stop_child("r/a")
        await watch()
    assert told == ["stopped"] * 4


async def test_watcher_hears_of_no_restart_but_of_the_end(autojump_clock) -> None:
    told = []
    async with run(tree([], Restart.TRANSIENT)) as running, trio.open_nursery() as nursery:

        async def watch() -> None:
            told.append(await running.ref("r/a").watch())

        nursery.start_soon(watch)
        await crash(running, 3)
        assert told == []
        await ask(running, end)
    assert told == ["normal"]


async def test_watcher_hears_when_the_supervisor_gives_up(autojump_clock) -> None:
    brief = Supervisor(
        "brief",
        restart=Restart.TEMPORARY,
        intensity=Intensity(restarts=1),
        children=[Child("a", lambda: Counter([]))],
    )
    async with run(Supervisor("top", children=[brief])) as running:
        ref = running.ref("top/brief/a")
        for _ in range(2):
            ref.tell_nowait(ValueError("crash"))
        assert await ref.watch() == "escalated"
