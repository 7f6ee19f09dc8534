"""Supervisors: start, stop, order, deadlines."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    ActorStoppedError,
    AutoShutdown,
    Backoff,
    Child,
    EscalatedError,
    EventKind,
    Intensity,
    RefusedError,
    Restart,
    Shutdown,
    StartError,
    Strategy,
    Supervisor,
    run,
)


class Noted(Actor[object]):
    """Notes its start and its stop, and crashes on request."""

    def __init__(self, name: str, notes: list, stop_s: float = 0) -> None:
        self.name = name
        self.notes = notes
        self.stop_s = stop_s

    async def started(self, context) -> None:
        self.notes.append(f"+{self.name}")

    async def receive(self, message: object) -> object:
        if isinstance(message, Exception):
            raise message
        return message

    async def stopped(self) -> None:
        await trio.sleep(self.stop_s)
        self.notes.append(f"-{self.name}")


def noted(name: str, notes: list, stop_s: float = 0, **options) -> Child:
    return Child(name, lambda: Noted(name, notes, stop_s), **options)


async def crash_and_wait(running, path: str, error: object) -> None:
    running.ref(path).tell_nowait(error)
    await trio.sleep_forever()


async def test_start_left_to_right_and_stop_right_to_left_through_the_tree(autojump_clock) -> None:
    notes = []
    tree = Supervisor(
        "r",
        children=[
            noted("a", notes),
            Supervisor("s", children=[noted("b", notes), noted("c", notes)]),
            noted("d", notes),
        ],
    )
    async with run(tree):
        notes.append("up")

    assert notes == ["+a", "+b", "+c", "+d", "up", "-d", "-c", "-b", "-a"]


async def test_stops_one_at_a_time(autojump_clock) -> None:
    notes = []
    tree = Supervisor("r", children=[noted(name, notes, stop_s=2) for name in "abc"])
    async with run(tree):
        began = trio.current_time()
    assert trio.current_time() == began + 6


async def test_roots_grace_is_the_deadline_of_all(autojump_clock) -> None:
    notes = []
    tree = Supervisor(
        "r",
        shutdown=Shutdown(grace_s=3),
        children=[noted(name, notes, stop_s=2, shutdown=Shutdown(grace_s=100)) for name in "abc"],
    )
    async with run(tree) as running:
        began = trio.current_time()

    assert trio.current_time() == began + 3
    assert notes == ["+a", "+b", "+c", "-c"]
    ends = [(event.path, event.reason) for event in running.recent_events() if event.kind is EventKind.EXITED]
    assert dict(ends) == {"r/a": "killed", "r/b": "killed", "r/c": "stopped", "r": "killed"}


async def test_roots_deadline_reaches_supervisors_whose_turn_had_not_come(autojump_clock) -> None:
    notes = []
    below = Supervisor("s", children=[noted("a", notes), Supervisor("t", children=[noted("b", notes)])])
    slow = noted("c", notes, stop_s=9, shutdown=Shutdown(grace_s=100))
    async with run(Supervisor("r", shutdown=Shutdown(grace_s=3), children=[below, slow])) as running:
        began = trio.current_time()

    assert trio.current_time() == began + 3
    assert notes == ["+a", "+b", "+c"]
    ends = {event.path: event.reason for event in running.recent_events() if event.kind is EventKind.EXITED}
    assert ends == dict.fromkeys(["r", "r/c", "r/s", "r/s/a", "r/s/t", "r/s/t/b"], "killed")


async def test_children_are_refused_while_the_supervisor_ends(autojump_clock) -> None:
    notes = []
    below = Supervisor("s", children=[noted("a", notes, stop_s=2), noted("b", notes)])
    async with run(Supervisor("r", children=[below])) as running, trio.open_nursery() as nursery:
        await running.stop_child("r/s/b")
        nursery.start_soon(running.stop_child, "r/s")
        await wait_all_tasks_blocked()
        with pytest.raises(RefusedError):
            await running.start_child("r/s", noted("x", notes))
        with pytest.raises(RefusedError):
            await running.restart_child("r/s/b")


async def test_dynamic_child_stopped_during_its_backoff_is_forgotten(autojump_clock) -> None:
    async with run(Supervisor("r", strategy=Strategy.DYNAMIC, backoff=Backoff(first_s=10))) as running:
        ref = await running.start_child("r", noted("a", []))
        ref.tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")
        assert running.status().root.children == ()
        with pytest.raises(ActorStoppedError):
            ref.tell_nowait("hello")


async def test_grace_of_a_supervisor_covers_all_below(autojump_clock) -> None:
    notes = []
    below = Supervisor("s", shutdown=Shutdown(grace_s=1), children=[noted("a", notes, stop_s=9), noted("b", notes)])
    async with run(Supervisor("r", children=[below])) as running:
        began = trio.current_time()
        await running.stop_child("r/s")

        assert trio.current_time() == began + 1
        assert notes == ["+a", "+b", "-b"]


async def test_dynamic_children_are_stopped_in_parallel(autojump_clock) -> None:
    notes = []
    async with run(Supervisor("r", strategy=Strategy.DYNAMIC)) as running:
        for name in "abc":
            await running.start_child("r", noted(name, notes, stop_s=2))
        began = trio.current_time()
    assert trio.current_time() == began + 2


async def test_escalation_restarts_the_supervisor_and_its_static_children_keep_refs_and_messages(
    autojump_clock,
) -> None:
    notes = []
    below = Supervisor("s", intensity=Intensity(restarts=0), children=[noted("a", notes), noted("b", notes)])
    async with run(Supervisor("r", children=[below])) as running:
        a, b = running.ref("r/s/a"), running.ref("r/s/b")
        added = await running.start_child("r/s", noted("x", notes))
        a.tell_nowait(ValueError("no"))
        a.tell_nowait("queued")
        assert await b.ask("hello", timeout_s=1) == "hello"
        assert await a.ask("hello", timeout_s=1) == "hello"

        assert running.ref("r/s/a") is a
        assert running.status().find("r/s/a").handled == 2
        assert running.status().find("r/s/x") is None
        with pytest.raises(ActorStoppedError):
            added.tell_nowait(1)
        assert running.status().find("r/s").restarts_in_window == 0
    assert notes == ["+a", "+b", "+x", "-a", "-x", "-b", "+a", "+b", "-b", "-a"]


async def test_budget_starts_anew_with_its_supervisor(autojump_clock) -> None:
    below = Supervisor("s", intensity=Intensity(restarts=2, within_s=100), children=[noted("a", [])])
    async with run(Supervisor("r", children=[below], intensity=Intensity(restarts=1))) as running:
        for remaining, incarnation in [(1, 1), (0, 1), (2, 2), (1, 2), (0, 2)]:
            running.ref("r/s/a").tell_nowait(ValueError("no"))
            await wait_all_tasks_blocked()
            status = running.status().find("r/s")
            assert (status.restarts_remaining, status.incarnation) == (remaining, incarnation)


async def test_escalation_reaches_the_root_with_the_last_crash_and_no_nesting(autojump_clock) -> None:
    tree = Supervisor("a", intensity=Intensity(restarts=0), children=[noted("x", [])])
    for name in "bcd":
        tree = Supervisor(name, intensity=Intensity(restarts=0), children=[tree])
    crash = ValueError("the last")
    with pytest.raises(EscalatedError) as raised:
        async with run(tree) as running:
            await crash_and_wait(running, "d/c/b/a/x", crash)

    assert raised.value.path == "d"
    assert raised.value.__cause__ is crash
    assert str(crash) == "the last"


async def test_failed_start_far_below_is_named_and_stops_all_started(autojump_clock) -> None:
    notes = []

    class Bad(Noted):
        async def started(self, context) -> None:
            raise KeyError("bad")

    tree = Supervisor(
        "r",
        children=[
            noted("a", notes),
            Supervisor("s", children=[noted("b", notes), Child("bad", lambda: Bad("bad", notes)), noted("c", notes)]),
        ],
    )
    with pytest.raises(StartError) as raised:
        async with run(tree):
            pass

    assert raised.value.path == "r/s/bad"
    assert isinstance(raised.value.__cause__, KeyError)
    assert notes == ["+a", "+b", "-b", "-a"]


async def test_temporary_and_removed_children_come_back_when_their_supervisor_starts_anew(autojump_clock) -> None:
    notes = []
    below = Supervisor(
        "s",
        intensity=Intensity(restarts=0),
        children=[noted("a", notes, restart=Restart.TEMPORARY), noted("b", notes), noted("c", notes)],
    )
    async with run(Supervisor("r", children=[below])) as running:
        await running.stop_child("r/s/a")
        await running.stop_child("r/s/b")
        await running.remove_child("r/s/b")
        assert [child.path for child in running.status().find("r/s").children] == ["r/s/c"]
        running.ref("r/s/c").tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()

        assert [child.path for child in running.status().find("r/s").children] == ["r/s/a", "r/s/b", "r/s/c"]
        assert all(child.state == "running" for child in running.status().find("r/s").children)


@pytest.mark.parametrize(
    "rule,first_ends,both_end",
    [
        (AutoShutdown.ANY_SIGNIFICANT, True, True),
        (AutoShutdown.ALL_SIGNIFICANT, False, True),
    ],
    ids=str,
)
async def test_significant_children_end_their_supervisor(rule, first_ends, both_end, autojump_clock) -> None:
    async def task(context) -> None:
        await context.stopping.wait()

    def significant(name: str, end: trio.Event) -> Child:
        async def task(context) -> None:
            await end.wait()

        return Child(name, task, restart=Restart.TRANSIENT, significant=True, shutdown=Shutdown(grace_s=0))

    first, second = trio.Event(), trio.Event()
    below = Supervisor(
        "s",
        restart=Restart.TEMPORARY,
        auto_shutdown=rule,
        children=[significant("a", first), significant("b", second), Child("c", task)],
    )
    async with run(Supervisor("r", children=[below])) as running:
        first.set()
        await wait_all_tasks_blocked()
        assert (running.status().find("r/s") is None) is first_ends
        second.set()
        await wait_all_tasks_blocked()
        assert (running.status().find("r/s") is None) is both_end


async def test_root_that_ends_by_itself_cancels_the_body_silently(autojump_clock) -> None:
    async def soon(context) -> None:
        await trio.sleep(5)

    tree = Supervisor(
        "r",
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        children=[Child("a", soon, restart=Restart.TEMPORARY, significant=True)],
    )
    began = trio.current_time()
    async with run(tree):
        await trio.sleep_forever()
    assert trio.current_time() == began + 5
