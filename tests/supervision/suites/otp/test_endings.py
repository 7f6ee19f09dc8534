"""OTP's cases of ends: which kind of child comes back after which."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Child, Restart, Strategy, run
from tests.supervision.suites.otp.worker import children, tell, tree, worker

CASES = {
    "permanent_normal": "test_kind_of_restart_and_of_end",
    "transient_normal": "test_kind_of_restart_and_of_end",
    "temporary_normal": "test_kind_of_restart_and_of_end",
    "permanent_abnormal": "test_kind_of_restart_and_of_end",
    "transient_abnormal": "test_kind_of_restart_and_of_end",
    "temporary_abnormal": "test_kind_of_restart_and_of_end",
    "permanent_shutdown": "test_task_that_returns_has_ended_normally",
    "transient_shutdown": "test_task_that_returns_has_ended_normally",
    "temporary_shutdown": "test_task_that_returns_has_ended_normally",
    "temporary_bystander": (
        "test_temporary_bystander_is_stopped_with_its_group_and_forgotten",
        "test_temporary_child_takes_nobody_with_it",
    ),
}


@pytest.mark.parametrize(
    "restart,message,expected",
    [
        (Restart.PERMANENT, "end", {"a": ("running", 2)}),
        (Restart.TRANSIENT, "end", {"a": ("stopped", 1)}),
        (Restart.TEMPORARY, "end", {}),
        (Restart.PERMANENT, "crash", {"a": ("running", 2)}),
        (Restart.TRANSIENT, "crash", {"a": ("running", 2)}),
        (Restart.TEMPORARY, "crash", {}),
    ],
)
async def test_kind_of_restart_and_of_end(restart, message, expected, autojump_clock) -> None:
    async with run(tree(worker("a", restart=restart))) as running:
        await tell(running, "a", message)
        assert children(running) == expected


@pytest.mark.parametrize(
    "restart,expected",
    [(Restart.PERMANENT, {"a": ("running", 2)}), (Restart.TRANSIENT, {"a": ("stopped", 1)}), (Restart.TEMPORARY, {})],
)
async def test_task_that_returns_has_ended_normally(restart, expected, autojump_clock) -> None:
    enough = trio.Event()

    async def task(context) -> None:
        context.ready()
        if context.incarnation == 1:
            await enough.wait()
        else:
            await context.stopping.wait()

    async with run(tree(Child("a", task, restart=restart))) as running:
        enough.set()
        await wait_all_tasks_blocked()
        assert children(running) == expected


@pytest.mark.parametrize("message", ["end", "crash"])
@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_temporary_bystander_is_stopped_with_its_group_and_forgotten(strategy, message, autojump_clock) -> None:
    async with run(tree(worker("a"), worker("b", restart=Restart.TEMPORARY), strategy=strategy)) as running:
        await tell(running, "a", message)
        assert children(running) == {"a": ("running", 2)}
        assert running.status().root.restarts_in_window == 1


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_temporary_child_takes_nobody_with_it(strategy, autojump_clock) -> None:
    async with run(tree(worker("a", restart=Restart.TEMPORARY), worker("b"), strategy=strategy)) as running:
        await tell(running, "a", "crash")
        assert children(running) == {"b": ("running", 1)}
