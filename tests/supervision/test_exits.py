"""What a supervisor does when one of its children has ended."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    ActorStoppedError,
    Backoff,
    Child,
    EscalatedError,
    EventKind,
    Intensity,
    Restart,
    Strategy,
    Supervisor,
    run,
)
from supervision.testing import Probe


def explode(message: object) -> object:
    if isinstance(message, Exception):
        raise message
    return message


def tree_of(names: str, **options) -> Supervisor:
    restart = options.pop("restart", Restart.PERMANENT)
    return Supervisor("r", children=[Probe(explode).child(name, restart=restart) for name in names], **options)


def incarnations(running) -> dict:
    return {child.path[2:]: child.incarnation for child in running.status().root.children}


def kinds(running, kind) -> list:
    return [event.path for event in running.recent_events() if event.kind is kind]


async def crash_and_wait(running, path: str, error: object) -> None:
    running.ref(path).tell_nowait(error)
    await trio.sleep_forever()


async def test_normal_end_restarts_permanent_ones_only(autojump_clock) -> None:
    async def once(context) -> None:
        if context.incarnation > 2:
            await trio.sleep_forever()

    children = [Child(restart.value, once, restart=restart) for restart in Restart]
    async with run(Supervisor("r", children=children)) as running:
        await wait_all_tasks_blocked()
        states = {child.path: (child.state, child.incarnation) for child in running.status().root.children}

        assert states == {"r/permanent": ("running", 3), "r/transient": ("stopped", 1)}
        assert running.status().root.restarts_in_window == 2


async def test_many_siblings_dying_at_once_are_one_group_restart(autojump_clock) -> None:
    for strategy in (Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE):
        async with run(tree_of("abcd", strategy=strategy, intensity=Intensity(restarts=1))) as running:
            for name in "abcd":
                running.ref(f"r/{name}").tell_nowait(ValueError(name))
            await wait_all_tasks_blocked()

            assert incarnations(running) == dict.fromkeys("abcd", 2)
            assert running.status().root.restarts_in_window == 1


async def test_siblings_dying_at_once_are_each_a_restart_one_for_one(autojump_clock) -> None:
    async with run(tree_of("abc", intensity=Intensity(restarts=3))) as running:
        for name in "abc":
            running.ref(f"r/{name}").tell_nowait(ValueError(name))
        await wait_all_tasks_blocked()

        assert running.status().root.restarts_in_window == 3
        assert running.status().root.restarts_remaining == 0


async def test_window_slides(autojump_clock) -> None:
    async with run(tree_of("a", intensity=Intensity(restarts=1, within_s=5))) as running:
        for _ in range(10):
            running.ref("r/a").tell_nowait(ValueError("no"))
            await trio.sleep(5.5)

        assert incarnations(running) == {"a": 11}


async def test_backoff_grows_and_starts_again_after_a_steady_time(autojump_clock) -> None:
    backoff = Backoff(first_s=1, factor=2, jitter=0, reset_after_s=100)
    async with run(tree_of("a", backoff=backoff, intensity=Intensity(restarts=50))) as running:
        for pause in (0, 0, 0, 100, 99):
            running.ref("r/a").tell_nowait(ValueError("no"))
            await running.ref("r/a").ask("up again", timeout_s=100)
            await trio.sleep(pause)
        delays = [event.delay_s for event in running.recent_events() if event.kind is EventKind.BACKOFF]

        assert delays == [1, 2, 4, 8, 1]
        running.ref("r/a").tell_nowait(ValueError("no"))
        await running.ref("r/a").ask("up again", timeout_s=100)
        assert running.status().find("r/a").failures_in_row == 2


class LateError(Exception):
    """Makes c crash a while after the others."""


async def test_second_crash_during_a_group_backoff_joins_it(autojump_clock) -> None:
    async def late(context) -> None:
        await trio.sleep(0.5 if context.incarnation == 1 else 1000)
        raise LateError

    tree = Supervisor(
        "r",
        strategy=Strategy.REST_FOR_ONE,
        backoff=Backoff(first_s=1, jitter=0),
        children=[Child("late", late), *(Probe(explode).child(name) for name in "bc")],
    )
    async with run(tree) as running:
        began = trio.current_time()
        running.ref("r/c").tell_nowait(ValueError("no"))
        await trio.sleep(0.25)
        assert running.status().find("r/c").state == "backoff"
        assert running.status().find("r/b").state == "running"
        await running.ref("r/c").ask("up again", timeout_s=10)

        assert trio.current_time() == began + 1.5
        assert incarnations(running) == {"late": 2, "b": 2, "c": 2}
        assert running.status().root.restarts_in_window == 2


async def test_joining_crash_does_not_bring_the_due_time_forward(autojump_clock) -> None:
    async def late(context) -> None:
        await trio.sleep(10.5 if context.incarnation == 1 else 1000)
        raise LateError

    tree = Supervisor(
        "r",
        strategy=Strategy.REST_FOR_ONE,
        intensity=Intensity(restarts=10),
        backoff=Backoff(first_s=1, factor=4, jitter=0),
        children=[Child("late", late), Probe(explode).child("b")],
    )
    async with run(tree) as running:
        for _ in range(2):
            running.ref("r/b").tell_nowait(ValueError("no"))
            await trio.sleep(5)
        running.ref("r/b").tell_nowait(ValueError("third: due after 16 s"))
        began = trio.current_time()
        await running.ref("r/b").ask("up again", timeout_s=100)

        assert trio.current_time() == began + 16
        assert incarnations(running) == {"late": 2, "b": 4}


async def test_status_and_stop_answer_at_once_during_backoff_and_the_restart_is_off_for_good(autojump_clock) -> None:
    async with run(tree_of("a", backoff=Backoff(first_s=10, jitter=0))) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(ValueError("no"))
        ref.tell_nowait("queued")
        await wait_all_tasks_blocked()
        assert running.status().find("r/a").state == "backoff"
        assert running.status().find("r/a").mailbox_depth == 1
        began = trio.current_time()
        await running.stop_child("r/a")
        assert trio.current_time() == began
        assert running.status().find("r/a").state == "stopped"
        await trio.sleep(100)

        assert incarnations(running) == {"a": 1}
        with pytest.raises(ActorStoppedError):
            ref.tell_nowait(1)
        assert [letter.message for letter in running.status().dead_letters][-1] == "queued"


async def test_shutdown_during_backoff_is_at_once(autojump_clock) -> None:
    async with run(tree_of("ab", strategy=Strategy.ONE_FOR_ALL, backoff=Backoff(first_s=10))) as running:
        running.ref("r/a").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()
        began = trio.current_time()
    assert trio.current_time() == began
    assert kinds(running, EventKind.RESTARTED) == []


async def test_stopped_by_hand_stays_stopped_through_a_group_restart(autojump_clock) -> None:
    async with run(tree_of("abc", strategy=Strategy.ONE_FOR_ALL)) as running:
        await running.stop_child("r/b")
        running.ref("r/c").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()

        assert incarnations(running) == {"a": 2, "b": 1, "c": 2}
        assert running.status().find("r/b").state == "stopped"


async def test_temporary_sibling_is_not_started_again_by_a_group(autojump_clock) -> None:
    tree = Supervisor(
        "r",
        strategy=Strategy.ONE_FOR_ALL,
        children=[Probe(explode).child("a"), Probe().child("b", restart=Restart.TEMPORARY)],
    )
    async with run(tree) as running:
        running.ref("r/a").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()

        assert incarnations(running) == {"a": 2}


async def test_sibling_that_had_ended_normally_is_started_again_with_its_group(autojump_clock) -> None:
    async def once(context) -> None: ...

    tree = Supervisor(
        "r",
        strategy=Strategy.ONE_FOR_ALL,
        children=[Probe(explode).child("a"), Child("done", once, restart=Restart.TRANSIENT)],
    )
    async with run(tree) as running:
        await wait_all_tasks_blocked()
        assert running.status().find("r/done").state == "stopped"
        running.ref("r/a").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()

        assert incarnations(running) == {"a": 2, "done": 2}


async def test_failing_start_on_a_restart_counts_and_escalates(autojump_clock) -> None:
    class Once(Probe):
        def actor(self):
            if self.context is not None:
                raise OSError("no more")
            return super().actor()

    with pytest.raises(EscalatedError) as raised:
        async with run(Supervisor("r", children=[Once(explode).child("a")])) as running:
            await crash_and_wait(running, "r/a", ValueError("no"))

    assert isinstance(raised.value.__cause__, OSError)
    assert kinds(running, EventKind.EXITED).count("r/a") == 4


async def test_crash_is_one_exit_and_restart_one_restarted(autojump_clock) -> None:
    async with run(tree_of("ab", strategy=Strategy.REST_FOR_ONE)) as running:
        before = len(running.recent_events())
        running.ref("r/a").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()
        seen = [(event.kind, event.path, event.reason, event.incarnation) for event in running.recent_events()[before:]]

        assert seen == [
            (EventKind.DEAD_LETTER, "r/a", "crashed", 1),
            (EventKind.EXITED, "r/a", "crashed", 1),
            (EventKind.EXITED, "r/b", "stopped", 1),
            (EventKind.RESTARTED, "r/a", None, 2),
            (EventKind.RESTARTED, "r/b", None, 2),
        ]


async def test_child_dying_by_itself_during_the_shutdown_is_not_restarted(autojump_clock) -> None:
    async def dies(context) -> None:
        await context.stopping.wait()
        raise ValueError("on the way out")

    async with run(Supervisor("r", children=[Child("a", dies), *(Probe().child(name) for name in "bc")])) as running:
        pass
    assert kinds(running, EventKind.RESTARTED) == []
    assert running.status().find("r/a").state == "failed"
