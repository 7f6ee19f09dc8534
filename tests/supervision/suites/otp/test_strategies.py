"""OTP's cases of strategies: who is restarted together, how often, and what happens when that does not help."""

import pytest
import trio

from supervision import (
    AlreadyRunningError,
    Backoff,
    EscalatedError,
    Intensity,
    RefusedError,
    Running,
    Strategy,
    Supervisor,
    run,
)
from tests.supervision.suites.otp.worker import children, fails_later, tell, tell_and_wait, tree, worker

CASES = {
    "multiple_restarts": "test_crashes_that_are_far_enough_apart_never_escalate",
    "one_for_one": ("test_who_is_restarted_together", "test_crashes_of_different_children_are_counted_together"),
    "one_for_all": ("test_who_is_restarted_together", "test_crashes_of_different_children_are_counted_together"),
    "rest_for_one": ("test_who_is_restarted_together", "test_crashes_of_different_children_are_counted_together"),
    "simple_one_for_one": (
        "test_dynamic_strategy_restarts_the_one_that_died",
        "test_crashes_of_different_children_are_counted_together",
    ),
    "one_for_one_escalation": "test_child_that_cannot_come_back_ends_its_supervisor_and_the_siblings",
    "one_for_all_escalation": "test_child_that_cannot_come_back_ends_its_supervisor_and_the_siblings",
    "rest_for_one_escalation": "test_child_that_cannot_come_back_ends_its_supervisor_and_the_siblings",
    "simple_one_for_one_escalation": "test_child_that_cannot_come_back_ends_its_supervisor_and_the_siblings",
    "one_for_all_other_child_fails_restart": "test_other_child_that_fails_its_restart_restarts_its_group_again",
    "rest_for_one_other_child_fails_restart": "test_other_child_that_fails_its_restart_restarts_its_group_again",
    "hanging_restart_loop": (
        "test_supervisor_answers_while_a_restart_fails_again_and_again",
        "test_shutdown_ends_a_restart_loop",
    ),
    "hanging_restart_loop_rest_for_one": (
        "test_supervisor_answers_while_a_restart_fails_again_and_again",
        "test_shutdown_ends_a_restart_loop",
    ),
    "hanging_restart_loop_simple": "test_dynamic_supervisor_answers_while_a_restart_fails_again_and_again",
    "tree": ("test_crash_restarts_its_own_branch_only", "test_escalation_climbs_one_level_at_a_time"),
}

STRATEGIES = pytest.mark.parametrize(
    "strategy", [Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str
)
EVERY_STRATEGY = pytest.mark.parametrize("strategy", Strategy, ids=str)


async def add(running: Running, *added: object) -> None:
    for child in added:
        await running.start_child("r", child)


async def test_crashes_that_are_far_enough_apart_never_escalate(autojump_clock) -> None:
    async with run(tree(worker("a"), intensity=Intensity(restarts=1, within_s=1))) as running:
        for _ in range(5):
            await tell(running, "a", "crash")
            await trio.sleep(1.1)
        assert children(running) == {"a": ("running", 6)}


@pytest.mark.parametrize(
    "strategy,again",
    [(Strategy.ONE_FOR_ONE, "b"), (Strategy.ONE_FOR_ALL, "abc"), (Strategy.REST_FOR_ONE, "bc")],
    ids=str,
)
async def test_who_is_restarted_together(strategy, again, autojump_clock) -> None:
    async with run(tree(worker("a"), worker("b"), worker("c"), strategy=strategy)) as running:
        await tell(running, "b", "crash")
        assert children(running) == {name: ("running", 2 if name in again else 1) for name in "abc"}
        assert running.status().root.restarts_in_window == 1


async def test_dynamic_strategy_restarts_the_one_that_died(autojump_clock) -> None:
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        await add(running, *map(worker, "abc"))
        await tell(running, "b", "crash")
        assert children(running) == {"a": ("running", 1), "b": ("running", 2), "c": ("running", 1)}


@EVERY_STRATEGY
async def test_crashes_of_different_children_are_counted_together(strategy, autojump_clock) -> None:
    with pytest.raises(EscalatedError):
        async with run(tree(strategy=strategy, intensity=Intensity(restarts=2, within_s=3600))) as running:
            await crash_in_turn(running)
    assert running.status().root.state == "failed"


async def crash_in_turn(running: Running) -> None:
    await add(running, worker("a"), worker("b"))
    await tell(running, "a", "crash")
    await tell(running, "b", "crash")
    assert {state for state, _ in children(running).values()} == {"running"}
    await tell_and_wait(running, "a", "crash")


@EVERY_STRATEGY
async def test_child_that_cannot_come_back_ends_its_supervisor_and_the_siblings(strategy, autojump_clock) -> None:
    limited = tree(strategy=strategy, intensity=Intensity(restarts=4, within_s=3600))
    with pytest.raises(EscalatedError) as raised:
        async with run(limited) as running:
            await crash_for_good(running)
    assert isinstance(raised.value.__cause__, OSError)
    # One crash and its restart, and three more: the fifth failure was one too many.
    assert children(running)["a"] == ("failed", 5)
    assert children(running)["b"][0] == "stopped"


async def crash_for_good(running: Running) -> None:
    await add(running, fails_later("a", True, *[False] * 10), worker("b"))
    await tell_and_wait(running, "a", "crash")


@pytest.mark.parametrize(
    "strategy,expected",
    [(Strategy.ONE_FOR_ALL, {"a": 4, "b": 4, "c": 2}), (Strategy.REST_FOR_ONE, {"a": 2, "b": 4, "c": 2})],
    ids=str,
)
async def test_other_child_that_fails_its_restart_restarts_its_group_again(strategy, expected, autojump_clock) -> None:
    late = fails_later("b", True, False, False, True)
    async with run(tree(worker("a"), late, worker("c"), strategy=strategy, intensity=Intensity(restarts=5))) as running:
        await tell(running, "a", "crash")
        assert children(running) == {name: ("running", incarnation) for name, incarnation in expected.items()}
        assert running.status().root.restarts_in_window == 3


def hanging(strategy: Strategy) -> Supervisor:
    """Its child b comes up once, and never again."""
    return tree(
        worker("a"),
        fails_later("b", True, *[False] * 1000),
        worker("c"),
        strategy=strategy,
        intensity=Intensity(restarts=10_000),
        backoff=Backoff(first_s=0.5, factor=1, jitter=0),
    )


@STRATEGIES
async def test_supervisor_answers_while_a_restart_fails_again_and_again(strategy, autojump_clock) -> None:
    async with run(hanging(strategy)) as running:
        await tell(running, "b", "crash")
        await trio.sleep(10.25)
        assert children(running)["b"][0] == "backoff"
        for refused in (running.restart_child("r/b"), running.remove_child("r/b"), add(running, worker("b"))):
            with pytest.raises(AlreadyRunningError):
                await refused
        await add(running, worker("d"))
        assert children(running)["d"] == ("running", 1)
        began = trio.current_time()
        await running.stop_child("r/b")
        assert trio.current_time() == began
        await trio.sleep(10)
        # Unlike in OTP, those that waited for it to come up do not stay down with it.
        assert {name: state for name, (state, _) in children(running).items()} == {
            "a": "running",
            "b": "stopped",
            "c": "running",
            "d": "running",
        }


@STRATEGIES
async def test_shutdown_ends_a_restart_loop(strategy, autojump_clock) -> None:
    async with run(hanging(strategy)) as running:
        await tell(running, "b", "crash")
        await trio.sleep(3.25)
        began = trio.current_time()
    assert trio.current_time() == began


async def test_dynamic_supervisor_answers_while_a_restart_fails_again_and_again(autojump_clock) -> None:
    dynamic = tree(strategy=Strategy.DYNAMIC, intensity=Intensity(restarts=100), backoff=Backoff(first_s=0.5))
    async with run(dynamic) as running:
        await add(running, fails_later("a", True, *[False] * 1000))
        await tell(running, "a", "crash")
        await trio.sleep(10)
        for refused in (running.restart_child("r/a"), running.remove_child("r/a")):
            with pytest.raises(RefusedError):
                await refused
        assert children(running)["a"][0] == "backoff"
        await running.stop_child("r/a")
        assert children(running) == {}
        await add(running, fails_later("a", True, *[False] * 1000))
        await tell(running, "a", "crash")
        await trio.sleep(10)
        began = trio.current_time()
    assert trio.current_time() == began


async def test_crash_restarts_its_own_branch_only(autojump_clock) -> None:
    four = Intensity(restarts=4, within_s=3600)
    first = Supervisor("first", intensity=four, children=[worker("x"), worker("y")])
    second = Supervisor("second", intensity=four)
    third = Supervisor("third", intensity=four)
    async with run(tree(first, second, third, strategy=Strategy.ONE_FOR_ALL, intensity=four)) as running:
        await running.stop_child("r/third")
        await running.start_child("r/second", fails_later("v", True, *[False] * 10))
        await running.start_child("r/second", worker("w"))
        await tell(running, "second/w", "crash")
        assert children(running, "r/first") == {"x": ("running", 1), "y": ("running", 1)}
        assert children(running, "r/second") == {"v": ("running", 1), "w": ("running", 2)}

        await tell(running, "second/v", "crash")
        # Unlike in OTP, what was stopped by hand stays stopped.
        assert children(running) == {"first": ("running", 2), "second": ("running", 2), "third": ("stopped", 1)}
        assert children(running, "r/first") == {"x": ("running", 2), "y": ("running", 2)}
        assert children(running, "r/second") == {}


async def test_escalation_climbs_one_level_at_a_time(autojump_clock) -> None:
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
