"""OTP's cases of starting: what declines, what fails, and who hears of it."""

import pytest

from supervision import Child, Restart, SpecError, StartError, Strategy, Supervisor, run
from tests.supervision.suites.otp.worker import Declining, Failing, children, fails_later, tree, worker

CASES = {
    "sup_start_normal": "test_supervisor_starts_and_stops_normally",
    "sup_start_ignore_child": "test_child_that_declines_its_start_is_kept_and_the_others_start",
    "sup_start_ignore_temporary_child": "test_temporary_child_that_declines_its_start_is_forgotten",
    "sup_start_ignore_temporary_child_start_child": "test_added_child_that_declines_its_start_is_kept_unless_temporary",
    "sup_start_ignore_temporary_child_start_child_simple": "test_dynamic_child_that_declines_its_start_is_forgotten",
    "sup_start_ignore_permanent_child_start_child_simple": "test_dynamic_child_that_declines_its_start_is_forgotten",
    "sup_start_error_return": "test_what_is_no_supervisor_is_refused",
    "sup_start_child_returns_error": (
        "test_failing_start_of_a_child_fails_the_supervisor",
        "test_failing_start_of_an_added_child_is_told_and_the_child_forgotten",
    ),
    "sup_start_child_returns_error_simple": "test_failing_start_of_an_added_child_is_told_and_the_child_forgotten",
    "sup_start_restart_child_returns_error": "test_failing_restart_by_hand_is_told_and_the_child_stays_down",
    "faulty_application_shutdown": "test_failure_deep_in_the_tree_comes_out_with_its_cause",
}


async def test_supervisor_starts_and_stops_normally(autojump_clock) -> None:
    async with run(tree(worker("a"))) as running:
        assert running.status().root.state == "running"
    assert running.status().root.state == "stopped"


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT], ids=str)
async def test_child_that_declines_its_start_is_kept_and_the_others_start(restart, autojump_clock) -> None:
    async with run(tree(Child("a", Declining, restart=restart), worker("b"))) as running:
        assert children(running) == {"a": ("stopped", 1), "b": ("running", 1)}


async def test_temporary_child_that_declines_its_start_is_forgotten(autojump_clock) -> None:
    async with run(tree(Child("a", Declining, restart=Restart.TEMPORARY), worker("b"))) as running:
        assert children(running) == {"b": ("running", 1)}


async def test_added_child_that_declines_its_start_is_kept_unless_temporary(autojump_clock) -> None:
    async with run(tree()) as running:
        await running.start_child("r", Child("a", Declining))
        await running.start_child("r", Child("b", Declining, restart=Restart.TEMPORARY))
        await running.start_child("r", worker("c"))
        assert children(running) == {"a": ("stopped", 1), "c": ("running", 1)}


@pytest.mark.parametrize("restart", Restart, ids=str)
async def test_dynamic_child_that_declines_its_start_is_forgotten(restart, autojump_clock) -> None:
    async with run(tree(strategy=Strategy.DYNAMIC, max_children=1)) as running:
        await running.start_child("r", Child("a", Declining, restart=restart))
        assert children(running) == {}
        await running.start_child("r", worker("a"))
        assert children(running) == {"a": ("running", 1)}


@pytest.mark.parametrize("tree_", ["r", None, worker("a"), [worker("a")]], ids=["name", "nothing", "child", "children"])
async def test_what_is_no_supervisor_is_refused(tree_, autojump_clock) -> None:
    with pytest.raises(SpecError) as raised:
        async with run(tree_):
            pass
    assert raised.value.field == "tree"


async def test_failing_start_of_a_child_fails_the_supervisor(autojump_clock) -> None:
    with pytest.raises(StartError) as raised:
        async with run(tree(worker("a"), Child("b", Failing), worker("c"))):
            pass
    assert raised.value.path == "r/b"


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ONE, Strategy.DYNAMIC], ids=str)
async def test_failing_start_of_an_added_child_is_told_and_the_child_forgotten(strategy, autojump_clock) -> None:
    async with run(tree(strategy=strategy)) as running:
        with pytest.raises(StartError) as raised:
            await running.start_child("r", Child("b", Failing))
        assert isinstance(raised.value.__cause__, OSError)
        assert children(running) == {}
        assert running.status().root.restarts_in_window == 0


async def test_failing_restart_by_hand_is_told_and_the_child_stays_down(autojump_clock) -> None:
    async with run(tree(fails_later("a", True, False))) as running:
        await running.stop_child("r/a")
        with pytest.raises(StartError):
            await running.restart_child("r/a")
        assert children(running) == {"a": ("failed", 2)}
        await running.restart_child("r/a")
        assert children(running) == {"a": ("running", 3)}


async def test_failure_deep_in_the_tree_comes_out_with_its_cause(autojump_clock) -> None:
    low = Supervisor("low", children=[worker("x"), Child("y", Failing)])
    with pytest.raises(StartError) as raised:
        async with run(tree(worker("a"), Supervisor("high", children=[low]))):
            pass
    assert raised.value.path == "r/high/low/y"
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.__traceback__.tb_next is not None
