"""The cases of OTP's supervisor_SUITE that have a meaning here; each docstring names the case. Through the public names only."""

import math

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    AlreadyPresentError,
    AlreadyRunningError,
    AutoShutdown,
    Backoff,
    Child,
    DeclineStart,
    EscalatedError,
    Intensity,
    NotFoundError,
    RefusedError,
    Restart,
    Running,
    Shutdown,
    SpecError,
    StartError,
    Strategy,
    Supervisor,
    run,
)


class Worker(Actor[str]):
    """Ends as it is told: normally, or by a crash."""

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: str) -> str:
        if message == "crash":
            raise ValueError(message)
        if message == "end":
            self.context.stop()
        return message


class Declining(Worker):
    """Does not want to run."""

    async def started(self, context) -> None:
        raise DeclineStart


class Failing(Worker):
    """Cannot start."""

    async def started(self, context) -> None:
        raise OSError("cannot")


class FailsLater(Worker):
    """Starts so many times, and cannot after that for a while."""

    def __init__(self, outcomes: list) -> None:
        self.outcomes = outcomes

    async def started(self, context) -> None:
        if self.outcomes and not self.outcomes.pop(0):
            raise OSError("cannot now")
        self.context = context


def worker(name: str, **options) -> Child:
    return Child(name, Worker, **options)


def tree(*children, **options) -> Supervisor:
    return Supervisor("r", children=children, **options)


async def tell(running: Running, name: str, message: str) -> None:
    running.ref(f"r/{name}").tell_nowait(message)
    await wait_all_tasks_blocked()


def children(running: Running) -> dict:
    return {child.path[2:]: (str(child.state), child.incarnation) for child in running.status().root.children}


async def tell_and_wait(running: Running, name: str, *messages: str) -> None:
    for message in messages:
        await tell(running, name, message)
    await trio.sleep_forever()


# Start and stop of the supervisor itself.


async def test_supervisor_starts_and_stops_normally(autojump_clock) -> None:
    """sup_start_normal."""
    async with run(tree(worker("a"))) as running:
        assert running.status().root.state == "running"
    assert running.status().root.state == "stopped"


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT], ids=str)
async def test_child_that_ignores_its_start_is_kept_and_the_others_start(restart, autojump_clock) -> None:
    """sup_start_ignore_child."""
    async with run(tree(Child("a", Declining, restart=restart), worker("b"))) as running:
        assert children(running) == {"a": ("stopped", 1), "b": ("running", 1)}


async def test_temporary_child_that_ignores_its_start_is_forgotten(autojump_clock) -> None:
    """sup_start_ignore_temporary_child."""
    async with run(tree(Child("a", Declining, restart=Restart.TEMPORARY), worker("b"))) as running:
        assert children(running) == {"b": ("running", 1)}


async def test_added_child_that_ignores_its_start_is_kept_unless_temporary(autojump_clock) -> None:
    """sup_start_ignore_temporary_child_start_child, sup_start_ignore_permanent_child_start_child_simple."""
    async with run(tree()) as running:
        await running.start_child("r", Child("a", Declining))
        await running.start_child("r", Child("b", Declining, restart=Restart.TEMPORARY))
        assert children(running) == {"a": ("stopped", 1)}


async def test_failing_start_of_a_child_fails_the_supervisor(autojump_clock) -> None:
    """sup_start_fail, sup_start_child_returns_error (in the first start)."""
    with pytest.raises(StartError) as raised:
        async with run(tree(worker("a"), Child("b", Failing), worker("c"))):
            pass
    assert raised.value.path == "r/b"


async def test_failing_start_of_an_added_child_is_told_and_the_child_forgotten(autojump_clock) -> None:
    """sup_start_child_returns_error."""
    async with run(tree(worker("a"))) as running:
        with pytest.raises(StartError) as raised:
            await running.start_child("r", Child("b", Failing))
        assert isinstance(raised.value.__cause__, OSError)
        assert children(running) == {"a": ("running", 1)}
        assert running.status().root.restarts_in_window == 0


async def test_failing_restart_by_hand_is_told_and_the_child_stays_down(autojump_clock) -> None:
    """sup_start_restart_child_returns_error."""
    outcomes = [True, False]
    async with run(tree(Child("a", lambda: FailsLater(outcomes)))) as running:
        await running.stop_child("r/a")
        with pytest.raises(StartError):
            await running.restart_child("r/a")
        assert children(running)["a"][0] in {"stopped", "failed"}
        await running.restart_child("r/a")
        assert children(running)["a"][0] == "running"


async def forever(context) -> None:
    await trio.sleep_forever()


async def slowly(context) -> None:
    await context.stopping.wait()
    await trio.sleep(100)


@pytest.mark.parametrize(
    "task,grace_s,took_s,reason",
    [
        (slowly, math.inf, 100, "stopped"),
        (slowly, 20, 20, "killed"),
        (forever, 20, 20, "killed"),
        (forever, 0, 0, "killed"),
    ],
    ids=["sup_stop_infinity", "sup_stop_timeout", "ignores", "sup_stop_brutal_kill"],
)
async def test_stop_takes_what_the_child_may_take(task, grace_s, took_s, reason, autojump_clock) -> None:
    """sup_stop_infinity, sup_stop_timeout, sup_stop_brutal_kill."""
    async with run(tree(Child("a", task, shutdown=Shutdown(grace_s=grace_s)))) as running:
        began = trio.current_time()
    assert trio.current_time() == began + took_s
    assert running.recent_events()[-2].reason == reason


async def test_dynamic_stop_is_parallel_with_each_childs_own_grace(autojump_clock) -> None:
    """sup_stop_brutal_kill_dynamic, simple_one_for_one_shutdown."""
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        for grace_s in (0, 3, 10):
            await running.start_child("r", Child(f"c{grace_s}", forever, shutdown=Shutdown(grace_s=grace_s)))
        began = trio.current_time()
    assert trio.current_time() == began + 10


# Administration.


async def test_administration_of_children(autojump_clock) -> None:
    """child_adm."""
    async with run(tree(worker("a"))) as running:
        with pytest.raises(AlreadyRunningError):
            await running.start_child("r", worker("a"))
        with pytest.raises(AlreadyRunningError):
            await running.restart_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.remove_child("r/a")
        await running.stop_child("r/a")
        await running.stop_child("r/a")
        with pytest.raises(AlreadyPresentError):
            await running.start_child("r", worker("a"))
        await running.restart_child("r/a")
        assert children(running)["a"][0] == "running"
        await running.stop_child("r/a")
        await running.remove_child("r/a")
        for change in (running.stop_child, running.restart_child, running.remove_child):
            with pytest.raises(NotFoundError):
                await change("r/a")
        await running.start_child("r", worker("a"))
        assert children(running) == {"a": ("running", 1)}


async def test_administration_of_dynamic_children(autojump_clock) -> None:
    """child_adm_simple."""
    async with run(tree(strategy=Strategy.DYNAMIC, max_children=2)) as running:
        await running.start_child("r", worker("a"))
        await running.start_child("r", worker("b"))
        with pytest.raises(RefusedError):
            await running.start_child("r", worker("c"))
        for change in (running.restart_child, running.remove_child):
            with pytest.raises(RefusedError):
                await change("r/a")
        await running.stop_child("r/a")
        assert children(running) == {"b": ("running", 1)}
        await running.start_child("r", worker("a"))
        assert set(children(running)) == {"a", "b"}


async def test_root_and_strangers_are_refused(autojump_clock) -> None:
    """child_adm: what OTP answers for wrong arguments."""
    async with run(tree(worker("a"))) as running:
        for change in (running.stop_child, running.restart_child, running.remove_child):
            with pytest.raises(RefusedError):
                await change("r")
            with pytest.raises(NotFoundError):
                await change("other/a")
        with pytest.raises(RefusedError):
            await running.start_child("r/a", worker("b"))
        with pytest.raises(NotFoundError):
            await running.start_child("nobody", worker("b"))


async def test_specification_of_an_added_child_is_checked(autojump_clock) -> None:
    """child_specs: start_child with a faulty specification."""
    async with run(tree()) as running:
        with pytest.raises(SpecError) as raised:
            await running.start_child("r", Child("a", Worker, restart=Restart.TRANSIENT, significant=True))
        assert raised.value.field == "significant"
        with pytest.raises(SpecError):
            await running.start_child("r", Worker)
        assert children(running) == {}


async def test_restart_pending_counts_as_running(autojump_clock) -> None:
    """child_adm: {error, restarting}."""
    async with run(tree(worker("a"), backoff=Backoff(first_s=10))) as running:
        await tell(running, "a", "crash")
        with pytest.raises(AlreadyRunningError):
            await running.restart_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.remove_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.start_child("r", worker("a"))


# Kinds of restart.


@pytest.mark.parametrize(
    "restart,message,expected",
    [
        (Restart.PERMANENT, "end", ("running", 2)),
        (Restart.TRANSIENT, "end", ("stopped", 1)),
        (Restart.TEMPORARY, "end", None),
        (Restart.PERMANENT, "crash", ("running", 2)),
        (Restart.TRANSIENT, "crash", ("running", 2)),
        (Restart.TEMPORARY, "crash", None),
    ],
    ids=[
        "permanent_normal",
        "transient_normal",
        "temporary_normal",
        "permanent_abnormal",
        "transient_abnormal",
        "temporary_abnormal",
    ],
)
async def test_kind_of_restart_and_of_exit(restart, message, expected, autojump_clock) -> None:
    """permanent_normal, transient_normal, temporary_normal, permanent_abnormal, transient_abnormal, temporary_abnormal."""
    async with run(tree(worker("a", restart=restart))) as running:
        await tell(running, "a", message)
        assert children(running).get("a") == expected


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_temporary_bystander_is_stopped_with_its_group_and_forgotten(strategy, autojump_clock) -> None:
    """temporary_bystander."""
    async with run(tree(worker("a"), worker("b", restart=Restart.TEMPORARY), strategy=strategy)) as running:
        await tell(running, "a", "crash")
        assert children(running) == {"a": ("running", 2)}


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_temporary_child_takes_nobody_with_it(strategy, autojump_clock) -> None:
    """temporary_bystander, the other way round."""
    async with run(tree(worker("a", restart=Restart.TEMPORARY), worker("b"), strategy=strategy)) as running:
        await tell(running, "a", "crash")
        assert children(running) == {"b": ("running", 1)}


# Strategies and escalation.


@pytest.mark.parametrize(
    "strategy,again",
    [(Strategy.ONE_FOR_ONE, "b"), (Strategy.ONE_FOR_ALL, "abc"), (Strategy.REST_FOR_ONE, "bc")],
    ids=str,
)
async def test_strategies(strategy, again, autojump_clock) -> None:
    """one_for_one, one_for_all, rest_for_one."""
    async with run(tree(worker("a"), worker("b"), worker("c"), strategy=strategy)) as running:
        await tell(running, "b", "crash")
        assert [name for name, (_, incarnation) in children(running).items() if incarnation == 2] == list(again)
        assert {state for state, _ in children(running).values()} == {"running"}


async def test_dynamic_strategy_restarts_the_one_that_died(autojump_clock) -> None:
    """simple_one_for_one."""
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        for name in "abc":
            await running.start_child("r", worker(name))
        await tell(running, "b", "crash")
        assert children(running) == {"a": ("running", 1), "b": ("running", 2), "c": ("running", 1)}


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_escalation(strategy, autojump_clock) -> None:
    """one_for_one_escalation, one_for_all_escalation, rest_for_one_escalation."""
    limited = tree(worker("a"), worker("b"), strategy=strategy, intensity=Intensity(restarts=4, within_s=3600))
    with pytest.raises(EscalatedError):
        async with run(limited) as running:
            await tell_and_wait(running, "a", *["crash"] * 5)
    assert running.status().find("r/b").state == "stopped"


async def start_and_crash(running: Running) -> None:
    await running.start_child("r", worker("a"))
    await tell_and_wait(running, "a", "crash", "crash")


async def test_dynamic_escalation(autojump_clock) -> None:
    """simple_one_for_one_escalation."""
    with pytest.raises(EscalatedError):
        async with run(tree(strategy=Strategy.DYNAMIC, intensity=Intensity(restarts=1))) as running:
            await start_and_crash(running)


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_other_child_failing_its_restart_is_tried_again(strategy, autojump_clock) -> None:
    """one_for_all_other_child_fails_restart, rest_for_one_other_child_fails_restart."""
    outcomes = [True, False, False, True]
    late = Child("b", lambda: FailsLater(outcomes))
    async with run(tree(worker("a"), late, worker("c"), strategy=strategy, intensity=Intensity(restarts=5))) as running:
        await tell(running, "a", "crash")
        assert {state for state, _ in children(running).values()} == {"running"}
        assert children(running)["b"] == ("running", 4)
        assert running.status().root.restarts_in_window == 3


# Restart loops that never succeed.


def hanging(strategy: Strategy) -> Supervisor:
    outcomes = [True, *[False] * 1000]
    return tree(
        Child("a", lambda: FailsLater(outcomes)),
        worker("b"),
        strategy=strategy,
        intensity=Intensity(restarts=10_000),
        backoff=Backoff(first_s=0.5, factor=1, jitter=0),
    )


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_supervisor_answers_while_a_restart_fails_again_and_again(strategy, autojump_clock) -> None:
    """hanging_restart_loop, hanging_restart_loop_rest_for_one, hanging_restart_loop_simple."""
    async with run(hanging(strategy)) as running:
        await tell(running, "a", "crash")
        await trio.sleep(10.25)
        assert children(running)["a"][0] == "backoff"
        with pytest.raises(AlreadyRunningError):
            await running.restart_child("r/a")
        await running.start_child("r", worker("c"))
        assert children(running)["c"] == ("running", 1)
        began = trio.current_time()
        await running.stop_child("r/a")
        assert trio.current_time() == began
        await trio.sleep(10)
        assert children(running)["a"][0] == "stopped"
        assert children(running)["b"][0] == "running"


async def test_shutdown_ends_a_restart_loop(autojump_clock) -> None:
    """hanging_restart_loop: the supervisor is stopped meanwhile."""
    async with run(hanging(Strategy.REST_FOR_ONE)) as running:
        await tell(running, "a", "crash")
        await trio.sleep(3.25)
        began = trio.current_time()
    assert trio.current_time() == began


# Trees.


async def test_tree_of_supervisors(autojump_clock) -> None:
    """tree: escalation climbs one level at a time."""
    low = Supervisor("low", intensity=Intensity(restarts=1), children=[worker("x")])
    high = Supervisor("high", intensity=Intensity(restarts=1), children=[low, worker("y")])
    with pytest.raises(EscalatedError):
        async with run(tree(high, intensity=Intensity(restarts=0))) as running:
            await climb(running)


async def climb(running: Running) -> None:
    for crashes, (low, high) in enumerate([(1, 1), (1, 1), (2, 1), (2, 1)]):
        status = running.status()
        assert (status.find("r/high/low").incarnation, status.find("r/high").incarnation) == (low, high), crashes
        await tell(running, "high/low/x", "crash")
    await trio.sleep_forever()


async def test_thousands_of_temporary_children_leave_nothing(autojump_clock) -> None:
    """simple_one_for_one_scale_many_temporary_children, do_not_save_child_specs_for_temporary_children."""
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        for n in range(2000):
            await running.start_child("r", worker(f"c{n}", restart=Restart.TEMPORARY))
        for n in range(2000):
            running.ref(f"r/c{n}").tell_nowait("end")
        await wait_all_tasks_blocked()
        assert children(running) == {}
        assert len(running._engine.nodes) == 1


# Significant children.


def significant(name: str, restart: Restart = Restart.TRANSIENT) -> Child:
    return worker(name, restart=restart, significant=True)


@pytest.mark.parametrize(
    "rule,restart,message,ends",
    [
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, "end", True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, "crash", False),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, "end", True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, "crash", True),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TRANSIENT, "end", False),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TEMPORARY, "crash", False),
    ],
)
async def test_end_of_one_of_two_significant_children(rule, restart, message, ends, autojump_clock) -> None:
    """any_significant_transient, any_significant_temporary, all_significant_transient, all_significant_temporary."""
    below = Supervisor(
        "s",
        auto_shutdown=rule,
        restart=Restart.TRANSIENT,
        children=[significant("a", restart), significant("b", restart), worker("c")],
    )
    async with run(tree(below)) as running:
        await tell(running, "s/a", message)
        assert (running.status().find("r/s").state == "stopped") is ends
        if rule is AutoShutdown.ALL_SIGNIFICANT:
            await tell(running, "s/b", message)
            assert running.status().find("r/s").state == "stopped"


@pytest.mark.parametrize("rule", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT], ids=str)
async def test_significant_bystander_of_a_group_restart_ends_nothing(rule, autojump_clock) -> None:
    """significant_bystander."""
    group = tree(worker("a"), significant("b"), strategy=Strategy.ONE_FOR_ALL, auto_shutdown=rule)
    async with run(group) as running:
        await tell(running, "a", "crash")
        assert children(running) == {"a": ("running", 2), "b": ("running", 2)}


async def test_stop_of_a_significant_child_by_hand_ends_nothing(autojump_clock) -> None:
    """significant: terminate_child is no exit of its own."""
    async with run(tree(significant("a"), worker("b"), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)) as running:
        await running.stop_child("r/a")
        assert children(running)["b"] == ("running", 1)


async def test_significant_supervisor_ends_the_one_above(autojump_clock) -> None:
    """nested_auto_shutdown: a chain of significant supervisors."""
    low = Supervisor(
        "low",
        restart=Restart.TRANSIENT,
        significant=True,
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        children=[significant("x")],
    )
    async with run(tree(low, worker("b"), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)) as running:
        running.ref("r/low/x").tell_nowait("end")
        await trio.sleep_forever()
    assert running.status().root.state == "stopped"


async def test_permanent_supervisor_that_shut_itself_down_is_started_again(autojump_clock) -> None:
    """Auto shutdown below a permanent supervisor: the reason is a normal one, permanent children restart on it all the same."""
    low = Supervisor("low", auto_shutdown=AutoShutdown.ANY_SIGNIFICANT, children=[significant("x")])
    async with run(tree(low)) as running:
        await tell(running, "low/x", "end")
        assert running.status().find("r/low").incarnation == 2
        assert running.status().find("r/low/x").state == "running"
