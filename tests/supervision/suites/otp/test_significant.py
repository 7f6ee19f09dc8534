"""OTP's cases of significant children: whose end ends its supervisor."""

import pytest
import trio

from supervision import AutoShutdown, Child, Intensity, Restart, Strategy, Supervisor, run
from tests.supervision.suites.otp.worker import children, tell, tree, worker

CASES = {
    "nonsignificant_temporary": "test_child_that_is_not_significant_ends_nobody",
    "nonsignificant_transient": "test_child_that_is_not_significant_ends_nobody",
    "significant_temporary": (
        "test_end_of_one_of_two_significant_children",
        "test_stop_of_a_significant_child_by_hand_ends_nobody",
    ),
    "significant_transient": (
        "test_end_of_one_of_two_significant_children",
        "test_stop_of_a_significant_child_by_hand_ends_nobody",
    ),
    "significant_simple": "test_significant_dynamic_children_end_their_supervisor",
    "significant_bystander": "test_significant_child_that_ends_with_its_group_ends_nobody",
    "significant_escalation": (
        "test_supervisor_that_shut_itself_down_ends_the_one_above_if_it_is_significant",
        "test_permanent_supervisor_that_shut_itself_down_is_started_again",
    ),
}

RULES = pytest.mark.parametrize("rule", [AutoShutdown.ANY_SIGNIFICANT, AutoShutdown.ALL_SIGNIFICANT], ids=str)
KINDS = pytest.mark.parametrize("restart", [Restart.TRANSIENT, Restart.TEMPORARY], ids=str)


def significant(name: str, restart: Restart = Restart.TRANSIENT) -> Child:
    return worker(name, restart=restart, significant=True)


@KINDS
@pytest.mark.parametrize("rule", AutoShutdown, ids=str)
@pytest.mark.parametrize("how", ["stop", "kill", "crash", "end"])
async def test_child_that_is_not_significant_ends_nobody(rule, restart, how, autojump_clock) -> None:
    async with run(tree(worker("a", restart=restart), worker("b"), auto_shutdown=rule)) as running:
        if how in {"stop", "kill"}:
            await running.stop_child("r/a", how=how)
        else:
            await tell(running, "a", how)
        assert children(running)["b"] == ("running", 1)
        assert running.status().root.state == "running"


@pytest.mark.parametrize(
    "rule,restart,message,ends",
    [
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, "end", True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TRANSIENT, "crash", False),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, "end", True),
        (AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY, "crash", True),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TRANSIENT, "end", False),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TEMPORARY, "end", False),
        (AutoShutdown.ALL_SIGNIFICANT, Restart.TEMPORARY, "crash", False),
    ],
)
async def test_end_of_one_of_two_significant_children(rule, restart, message, ends, autojump_clock) -> None:
    below = Supervisor(
        "s",
        auto_shutdown=rule,
        restart=Restart.TRANSIENT,
        children=[significant("a", restart), significant("b", restart), worker("c")],
    )
    async with run(tree(below)) as running:
        await tell(running, "s/a", message)
        assert children(running) == {"s": ("stopped" if ends else "running", 1)}
        assert children(running, "r/s")["c"] == ("stopped" if ends else "running", 1)
        if rule is AutoShutdown.ALL_SIGNIFICANT:
            await tell(running, "s/b", message)
            assert children(running) == {"s": ("stopped", 1)}


@KINDS
@RULES
async def test_stop_of_a_significant_child_by_hand_ends_nobody(rule, restart, autojump_clock) -> None:
    async with run(tree(significant("a", restart), worker("b"), auto_shutdown=rule)) as running:
        await running.stop_child("r/a")
        assert children(running)["b"] == ("running", 1)
        assert running.status().root.state == "running"


@RULES
async def test_significant_dynamic_children_end_their_supervisor(rule, autojump_clock) -> None:
    dynamic = Supervisor("s", strategy=Strategy.DYNAMIC, auto_shutdown=rule, restart=Restart.TRANSIENT)
    async with run(tree(dynamic)) as running:
        for name in "ab":
            await running.start_child("r/s", significant(name, Restart.TEMPORARY))
        await tell(running, "s/a", "end")
        assert children(running)["s"][0] == ("stopped" if rule is AutoShutdown.ANY_SIGNIFICANT else "running")
        if rule is AutoShutdown.ALL_SIGNIFICANT:
            await tell(running, "s/b", "end")
        assert children(running)["s"] == ("stopped", 1)


@RULES
@pytest.mark.parametrize(
    "strategy,again",
    [(Strategy.ONE_FOR_ONE, "b"), (Strategy.ONE_FOR_ALL, "abc"), (Strategy.REST_FOR_ONE, "bc")],
    ids=str,
)
async def test_significant_child_that_ends_with_its_group_ends_nobody(rule, strategy, again, autojump_clock) -> None:
    group = tree(
        significant("a"),
        worker("b"),
        significant("c"),
        strategy=strategy,
        auto_shutdown=rule,
        intensity=Intensity(restarts=5),
    )
    async with run(group) as running:
        await tell(running, "b", "crash")
        assert children(running) == {name: ("running", 2 if name in again else 1) for name in "abc"}


@pytest.mark.parametrize("climbs", [True, False])
async def test_supervisor_that_shut_itself_down_ends_the_one_above_if_it_is_significant(climbs, autojump_clock) -> None:
    low = Supervisor(
        "low",
        restart=Restart.TRANSIENT,
        significant=climbs,
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        children=[significant("x")],
    )
    with trio.move_on_after(10) as patience:
        async with run(tree(low, worker("b"), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)) as running:
            running.ref("r/low/x").tell_nowait("end")
            await trio.sleep_forever()
    assert patience.cancelled_caught is not climbs
    assert children(running, "r/low") == {"x": ("stopped", 1)}
    assert running.status().root.state == "stopped"


async def test_permanent_supervisor_that_shut_itself_down_is_started_again(autojump_clock) -> None:
    low = Supervisor("low", auto_shutdown=AutoShutdown.ANY_SIGNIFICANT, children=[significant("x")])
    async with run(tree(low)) as running:
        await tell(running, "low/x", "end")
        assert children(running) == {"low": ("running", 2)}
        assert children(running, "r/low") == {"x": ("running", 2)}
