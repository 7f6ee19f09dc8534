"""Corners of the contract: two things at once, ends in the middle of starts, tasks that do not let go."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    ActorStoppedError,
    Backoff,
    Child,
    DeclineStart,
    EscalatedError,
    EventKind,
    Intensity,
    Restart,
    Shutdown,
    Supervisor,
    run,
)
from supervision.testing import Probe, replay
from tests.supervision.suites.busy import Slow

AT_ONCE = Shutdown(grace_s=0)


def crash(message: object) -> object:
    if isinstance(message, BaseException):
        raise message
    return message


def ends(running) -> list:
    return [(event.path, event.reason) for event in running.recent_events() if event.kind is EventKind.EXITED]


async def stubborn(context=None) -> None:
    """Ignores its cancellation for half a minute."""
    if context is not None:
        context.ready()
    with trio.CancelScope(shield=True):
        await trio.sleep(30)


# Renewal


async def test_renewal_of_one_that_declines_is_over_at_once(autojump_clock) -> None:
    class Once(Actor[object]):
        starts = 0

        async def started(self, context) -> None:
            Once.starts += 1
            if Once.starts > 1:
                raise DeclineStart

        async def receive(self, message: object) -> None: ...

    async with run(Supervisor("r", children=[Child("a", Once)])) as running:
        with trio.fail_after(1):
            await running.renew_child("r/a")


async def test_renewal_of_a_temporary_child_is_its_end(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe().child("a", restart=Restart.TEMPORARY)])) as running:
        with trio.fail_after(1), pytest.raises(ActorStoppedError):
            await running.renew_child("r/a")


async def test_renewal_is_given_up_when_the_child_is_stopped_by_hand(autojump_clock) -> None:
    tree = Supervisor("r", children=[Child("a", Slow), Probe().child("b")])
    refused = []
    async with run(tree) as running:
        running.ref("r/a").tell_nowait(2)
        await wait_all_tasks_blocked()

        async def renew() -> None:
            with pytest.raises(ActorStoppedError):
                await running.renew_child("r/a")
            refused.append(trio.current_time())

        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(renew)
            await trio.sleep(1)
            await running.stop_child("r/a")
    assert refused == [began + 2]


# Stops by hand


@pytest.mark.parametrize("then", ["restart_child", "remove_child"])
async def test_child_that_was_stopped_in_its_backoff_is_down_at_once(then, autojump_clock) -> None:
    async with run(Supervisor("r", backoff=Backoff(first_s=10), children=[Probe(crash).child("a")])) as running:
        running.ref("r/a").tell_nowait(ValueError())
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")
        await getattr(running, then)("r/a")

        assert len(running._engine._timers) == 0


async def test_stop_waits_for_the_stuck_child_of_a_supervisor_that_has_ended(autojump_clock) -> None:
    below = Supervisor("s", children=[Child("a", stubborn, shutdown=AT_ONCE)])
    async with run(Supervisor("r", children=[below])) as running:
        began = trio.current_time()
        with trio.move_on_after(3):
            await running.stop_child("r/s")
        assert running.status().find("r/s").state == "stopped"
        await running.stop_child("r/s")

        assert trio.current_time() == began + 30


# Ends in the middle of an end


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
async def test_nothing_is_restarted_anywhere_in_a_tree_that_is_ending(error, autojump_clock) -> None:
    starts = []

    class Late(Actor[object]):
        async def started(self, context) -> None:
            starts.append(1)

        async def receive(self, message: object) -> None:
            await trio.sleep(1)
            raise error

    below = Supervisor("s", children=[Child("a", Late)])
    try:
        async with run(Supervisor("r", children=[below, Child("b", Slow)]), signals=False) as running:
            running.ref("r/b").tell_nowait(3)
            running.ref("r/s/a").tell_nowait(1)
            await wait_all_tasks_blocked()
    except KeyboardInterrupt:
        pass

    assert starts == [1]
    assert [path for path, _ in ends(running)] == ["r/s/a", "r/b", "r/s", "r"]


async def test_restart_that_is_due_while_the_tree_ends_does_not_happen(autojump_clock) -> None:
    below = Supervisor("s", backoff=Backoff(first_s=1, jitter=0), children=[Probe(crash).child("a")])
    async with run(Supervisor("r", children=[below, Child("b", Slow)])) as running:
        running.ref("r/s/a").tell_nowait(ValueError())
        running.ref("r/b").tell_nowait(3)
        await wait_all_tasks_blocked()

    assert running.status().find("r/s/a").incarnation == 1


async def test_body_that_asks_while_the_root_gives_up_hears_of_that(autojump_clock) -> None:
    tree = Supervisor("r", intensity=Intensity(restarts=0), children=[Probe(crash).child("a")])
    error = ValueError("x")
    with pytest.raises(EscalatedError) as raised:
        async with run(tree) as running:
            await running.ref("r/a").ask(error, timeout_s=5)

    assert raised.value.__cause__ is error


async def test_error_of_the_body_itself_goes_before_that_of_the_tree(autojump_clock) -> None:
    tree = Supervisor("r", intensity=Intensity(restarts=0), children=[Probe(crash).child("a")])

    async def life() -> None:
        async with run(tree) as running:
            try:
                running.ref("r/a").tell_nowait(ValueError())
                await trio.sleep_forever()
            finally:
                raise KeyError("mine")

    with pytest.raises(KeyError):
        await life()


async def test_killed_task_that_swallows_its_cancellation_is_told_as_killed(autojump_clock) -> None:
    async def swallows(context) -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            return

    async with run(Supervisor("r", children=[Child("a", swallows, shutdown=Shutdown(grace_s=1))])) as running:
        pass

    assert ends(running)[0] == ("r/a", "killed")


# Tasks that do not let go


async def test_sub_task_that_outstays_a_crash_is_stuck_with_its_own_stack(autojump_clock) -> None:
    class Parent(Actor[object]):
        async def started(self, context) -> None:
            context.start_soon(stubborn)

        async def receive(self, message: object) -> None:
            raise ValueError(message)

    async with run(Supervisor("r", children=[Child("a", Parent)])) as running:
        await wait_all_tasks_blocked()
        running.ref("r/a").tell_nowait(1)
        await trio.sleep(2)
        status = running.status().find("r/a")
        assert status.state == "stuck"
        assert "in stubborn" in status.stack
        await trio.sleep(30)

        assert running.status().find("r/a").state == "running"
        assert running.status().find("r/a").stack is None


async def test_message_of_a_stuck_actor_has_one_fate_and_its_asker_does_not_wait_for_it(autojump_clock) -> None:
    done = []

    class Stuck(Actor[str]):
        async def receive(self, message: str) -> None:
            await stubborn()
            done.append(message)

    async with run(Supervisor("r", children=[Child("a", Stuck, shutdown=AT_ONCE)])) as running:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(ActorStoppedError):
                    await running.ref("r/a").ask("m", timeout_s=100)
                assert trio.current_time() == began + 1

            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            await running.stop()

    assert done == ["m"]
    assert running.status().dead_letters == ()
    assert running.status().find("r/a").late_answers == 1


async def test_everything_else_has_ended_and_is_told_while_the_block_waits_for_a_stuck_child(
    autojump_clock, caplog
) -> None:
    children = [Probe().child("a"), Child("b", stubborn, shutdown=AT_ONCE), Probe().child("c")]
    began = trio.current_time()
    async with run(Supervisor("r", shutdown=Shutdown(grace_s=3), children=children)) as running:
        events = running.events()
        await running.stop()
        assert trio.current_time() == began + 1
        assert ends(running) == [("r/c", "stopped"), ("r/a", "stopped"), ("r", "stopped")]
        states = {node.path: str(node.state) for node in running.status().walk()}
        assert states == {"r": "stopped", "r/a": "stopped", "r/b": "stuck", "r/c": "stopped"}
        (last,) = [record for record in caplog.records if record.levelname == "CRITICAL"]
        assert "r/b still ignores its cancellation" in last.getMessage()
        assert "in stubborn" in last.getMessage()

    assert trio.current_time() == began + 30
    assert ends(running)[-1] == ("r/b", "killed")
    assert [event.kind async for event in events].count(EventKind.STUCK) == 1


async def test_child_added_at_run_time_that_is_stuck_at_an_escalation_is_forgotten_when_it_ends(autojump_clock) -> None:
    below = Supervisor("s", intensity=Intensity(restarts=0), children=[Probe(crash).child("a")])
    async with run(Supervisor("r", children=[below])) as running:
        await running.start_child("r/s", Child("x", stubborn, shutdown=AT_ONCE))
        running.ref("r/s/a").tell_nowait(ValueError())
        await trio.sleep(60)

        assert [(child.path, child.state) for child in running.status().find("r/s").children] == [("r/s/a", "running")]


# Order


def log_of(schedule: int) -> list:
    async def main() -> list:
        below = [Supervisor(f"s{n}", children=[Probe(crash).child("a"), Probe(crash).child("b")]) for n in range(4)]
        backoff = Backoff(first_s=1, jitter=0.5)
        async with run(Supervisor("r", backoff=backoff, children=below), seed=1) as running:
            for _ in range(3):
                for node in running.status().walk():
                    if node.path.count("/") == 2:
                        running.ref(node.path).tell_nowait(ValueError())
                await trio.sleep(60)
        return [(event.kind, event.path, event.at_s, event.reason, event.delay_s) for event in running.recent_events()]

    return replay(main, seed=schedule)


def test_one_seed_gives_one_log_whatever_the_schedule_of_the_tasks() -> None:
    first = log_of(0)

    assert len(first) > 50
    assert all(log_of(schedule) == first for schedule in range(1, 20))
