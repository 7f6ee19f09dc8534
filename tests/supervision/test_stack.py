"""Stuck children."""

import threading

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Child, EventKind, Intensity, Shutdown, StartError, Strategy, Supervisor, run
from supervision.stack import stack_of
from supervision.testing import Probe


def stubborn(release: trio.Event) -> Child:
    async def ignores_cancellation(context) -> None:
        with trio.CancelScope(shield=True):
            await release.wait()

    return Child("stuck", ignores_cancellation, shutdown=Shutdown(grace_s=2))


async def test_shutdown_goes_on_without_a_shielded_child_and_names_it_with_its_stack(autojump_clock) -> None:
    release, probe = trio.Event(), Probe()
    async with run(Supervisor("r", children=[probe.child("a"), stubborn(release), probe.child("c")])) as running:
        began = trio.current_time()
        await running.stop()
        assert trio.current_time() == began + 3
        status = running.status()
        assert [child.state for child in status.root.children] == ["stopped", "stuck", "stopped"]
        assert "ignores_cancellation" in status.find("r/stuck").stack
        stuck = next(event for event in running.recent_events() if event.kind is EventKind.STUCK)
        assert "release.wait()" in stuck.reason
        release.set()
    assert running.status().find("r/stuck").state == "stopped"
    assert running.recent_events()[-1].path == "r/stuck"


async def test_stop_child_returns_only_when_it_has_really_ended(autojump_clock) -> None:
    release = trio.Event()
    async with run(Supervisor("r", children=[stubborn(release)])) as running:
        began = trio.current_time()

        async def let_go() -> None:
            await trio.sleep(50)
            assert running.status().find("r/stuck").state == "stuck"
            release.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(let_go)
            await running.stop_child("r/stuck", how="kill")
        assert trio.current_time() == began + 50
        assert running.status().find("r/stuck").state == "stopped"


async def test_stopping_a_supervisor_with_a_stuck_child_waits_for_it_too(autojump_clock) -> None:
    release = trio.Event()
    async with run(Supervisor("r", children=[Supervisor("s", children=[stubborn(release)])])) as running:
        with trio.move_on_after(100) as scope:
            await running.stop_child("r/s")
        assert scope.cancelled_caught
        assert running.status().find("r/s").state == "stopped"
        release.set()
        await running.stop_child("r/s")
        await wait_all_tasks_blocked()
        assert running.status().find("r/s/stuck").state == "stopped"


async def test_siblings_go_on_while_one_is_stuck(autojump_clock) -> None:
    release = trio.Event()
    tree = Supervisor("r", children=[stubborn(release), Probe(str).child("b")])
    async with run(tree) as running, trio.open_nursery() as nursery:
        nursery.start_soon(running.stop_child, "r/stuck", "kill")
        await trio.sleep(5)
        assert await running.ref("r/b").ask(5, timeout_s=1) == "5"
        release.set()


async def test_group_restart_waits_for_a_stuck_member_before_it_starts_anything(autojump_clock) -> None:
    release, incarnations = trio.Event(), []

    async def stubborn_once(context) -> None:
        incarnations.append(context.incarnation)
        with trio.CancelScope(shield=context.incarnation == 1):
            await release.wait()
        await context.stopping.wait()

    def crash(message: object) -> None:
        raise ValueError(message)

    tree = Supervisor(
        "r",
        strategy=Strategy.ONE_FOR_ALL,
        children=[Probe(crash).child("a"), Child("stuck", stubborn_once, shutdown=Shutdown(grace_s=1))],
    )
    async with run(tree) as running:
        running.ref("r/a").tell_nowait("no")
        await trio.sleep(10)
        assert [child.state for child in running.status().root.children] == ["restarting", "stuck"]
        assert incarnations == [1]
        release.set()
        await trio.sleep(1)
        assert [child.state for child in running.status().root.children] == ["running", "running"]
        assert incarnations == [1, 2]


async def test_stuck_child_is_waited_for_before_its_supervisor_starts_it_again(autojump_clock) -> None:
    release, lives = trio.Event(), []

    async def stubborn_once(context) -> None:
        lives.append(context.incarnation)
        with trio.CancelScope(shield=context.incarnation == 1):
            await release.wait()
        await context.stopping.wait()

    def crash(message: object) -> None:
        raise ValueError(message)

    below = Supervisor(
        "s",
        intensity=Intensity(restarts=0),
        children=[Child("stuck", stubborn_once, shutdown=Shutdown(grace_s=0)), Probe(crash).child("b")],
    )
    async with run(Supervisor("r", children=[below])) as running:
        running.ref("r/s/b").tell_nowait("no")
        await trio.sleep(10)
        assert running.status().find("r/s").state == "restarting"
        assert lives == [1]
        release.set()
        await trio.sleep(1)
        assert running.status().find("r/s").state == "running"
        assert lives == [1, 2]


async def test_stack_shows_the_thread_that_is_waited_for(autojump_clock) -> None:
    release, entered = threading.Event(), trio.Event()

    def hold_the_thread() -> None:
        trio.from_thread.run_sync(entered.set)
        release.wait()

    async def in_a_thread(context) -> None:
        await trio.to_thread.run_sync(hold_the_thread)

    async with run(Supervisor("r", children=[Child("t", in_a_thread, shutdown=Shutdown(grace_s=0))])) as running:
        await entered.wait()
        await running.stop()
        try:
            text = running.status().find("r/t").stack
        finally:
            release.set()

        assert "in thread" in text
        assert "in hold_the_thread" in text


def test_no_task_has_no_stack() -> None:
    assert stack_of(None) == ""


@pytest.mark.parametrize("checkpoints", [1, 50])
async def test_busy_child_that_never_lets_itself_be_cancelled_is_stuck(checkpoints, autojump_clock) -> None:
    async def busy(context) -> None:
        with trio.CancelScope(shield=True):
            while not over.is_set():
                for _ in range(checkpoints):
                    await trio.lowlevel.checkpoint()
                await trio.sleep(0.1)

    over = trio.Event()
    async with run(Supervisor("r", children=[Child("busy", busy, shutdown=Shutdown(grace_s=0))])) as running:
        await running.stop()
        assert "busy" in running.status().find("r/busy").stack
        over.set()


async def test_program_is_told_once_when_nothing_but_stuck_children_is_left_after_the_grace(autojump_clock) -> None:
    release, told = trio.Event(), []

    def on_stuck(running) -> None:
        told.append((trio.current_time() - began, running.status().find("r/stuck").state))
        release.set()

    tree = Supervisor("r", shutdown=Shutdown(grace_s=10), children=[Probe().child("a"), stubborn(release)])
    began = trio.current_time()
    async with run(tree, on_stuck=on_stuck) as running:
        pass

    # Found stuck after its own 2 s and one more; told at the end of all that there is.
    assert told == [(10, "stuck")]
    assert running.status().find("r/stuck").state == "stopped"


async def test_program_is_told_of_children_that_are_stuck_when_another_one_fails_to_start(autojump_clock) -> None:
    release, told = trio.Event(), []

    def on_stuck(running) -> None:
        told.append(running.status().find("r/stuck").state)
        release.set()

    def fails() -> None:
        raise ValueError

    tree = Supervisor("r", shutdown=Shutdown(grace_s=1), children=[stubborn(release), Child("b", fails)])
    with pytest.raises(StartError):
        async with run(tree, on_stuck=on_stuck):
            pass

    assert told == ["stuck"]


async def test_program_is_not_told_of_a_child_that_lets_go_within_the_grace(autojump_clock) -> None:
    release, told = trio.Event(), []
    tree = Supervisor("r", shutdown=Shutdown(grace_s=10), children=[stubborn(release)])
    async with run(tree, on_stuck=told.append) as running:
        await running.stop()
        release.set()
        await trio.sleep(20)

    assert told == []
