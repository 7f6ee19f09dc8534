"""OTP's cases of administration: children added, stopped, restarted, removed and counted by hand."""

import collections
import gc
import weakref

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    AlreadyPresentError,
    AlreadyRunningError,
    Backoff,
    Child,
    Intensity,
    NotFoundError,
    RefusedError,
    Restart,
    Strategy,
    Supervisor,
    run,
)
from tests.supervision.suites.otp.worker import Worker, children, fails_later, tell, tree, worker

CASES = {
    "child_adm": (
        "test_administration_of_children",
        "test_root_and_strangers_are_refused",
        "test_child_whose_restart_is_due_counts_as_running",
    ),
    "child_adm_simple": "test_administration_of_dynamic_children",
    "count_children": "test_status_counts_thousands_of_children",
    "count_children_supervisor": "test_status_counts_thousands_of_children",
    "count_restarting_children": "test_status_counts_children_that_wait_for_their_restart",
    "do_not_save_child_specs_for_temporary_children": "test_name_of_a_temporary_child_is_free_after_any_end_and_of_others_after_none",
    "do_not_save_start_parameters_for_temporary_children": "test_what_a_temporary_child_was_made_from_is_let_go_with_it",
    "simple_one_for_one_corruption": "test_what_a_temporary_child_was_made_from_is_let_go_with_it",
    "simple_one_for_one_scale_many_temporary_children": "test_thousands_of_temporary_children_leave_nothing",
    "scale_start_stop_many_children": "test_thousands_of_children_are_stopped_one_by_one",
    "simple_global_supervisor": "test_names_outlive_what_they_name",
}


async def test_administration_of_children(autojump_clock) -> None:
    async with run(tree(worker("a"))) as running:
        with pytest.raises(AlreadyRunningError):
            await running.start_child("r", worker("a"))
        with pytest.raises(AlreadyRunningError):
            await running.restart_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.remove_child("r/a")
        await running.stop_child("r/a")
        await running.stop_child("r/a")
        assert children(running) == {"a": ("stopped", 1)}
        with pytest.raises(AlreadyPresentError):
            await running.start_child("r", worker("a"))
        await running.restart_child("r/a")
        assert children(running) == {"a": ("running", 2)}
        await running.stop_child("r/a")
        await running.remove_child("r/a")
        for change in (running.stop_child, running.restart_child, running.remove_child):
            with pytest.raises(NotFoundError):
                await change("r/a")
        assert children(running) == {}
        await running.start_child("r", worker("a"))
        assert children(running) == {"a": ("running", 1)}


async def test_administration_of_dynamic_children(autojump_clock) -> None:
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
        with pytest.raises(NotFoundError):
            await running.stop_child("r/a")
        await running.start_child("r", worker("a"))
        assert set(children(running)) == {"a", "b"}


async def test_root_and_strangers_are_refused(autojump_clock) -> None:
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


async def test_child_whose_restart_is_due_counts_as_running(autojump_clock) -> None:
    async with run(tree(worker("a"), backoff=Backoff(first_s=10))) as running:
        await tell(running, "a", "crash")
        with pytest.raises(AlreadyRunningError):
            await running.restart_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.remove_child("r/a")
        with pytest.raises(AlreadyRunningError):
            await running.start_child("r", worker("a"))


@pytest.mark.parametrize(
    "make", [lambda name: worker(name, restart=Restart.TEMPORARY), Supervisor], ids=["workers", "supervisors"]
)
async def test_status_counts_thousands_of_children(make, autojump_clock) -> None:
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        for thousand in (0, 1000):
            for n in range(thousand, thousand + 1000):
                await running.start_child("r", make(f"c{n}"))
            assert list(children(running)) == [f"c{n}" for n in range(thousand + 1000)]
            assert children(running) == children(running)
        for n in range(2000):
            await running.stop_child(f"r/c{n}", how="kill")
        assert children(running) == {}


async def test_status_counts_children_that_wait_for_their_restart(autojump_clock) -> None:
    def states() -> collections.Counter[str]:
        return collections.Counter(state for state, _ in children(running).values())

    dynamic = tree(
        strategy=Strategy.DYNAMIC,
        intensity=Intensity(restarts=20, within_s=10),
        backoff=Backoff(first_s=2, factor=1, jitter=0),
    )
    async with run(dynamic) as running:
        for name in "abc":
            await running.start_child("r", fails_later(name, True, False, False, True))
        for name in "ab":
            await tell(running, name, "crash")
        assert states() == {"running": 1, "backoff": 2}
        await trio.sleep(5)
        assert states() == {"running": 1, "backoff": 2}
        await trio.sleep(5)
        assert states() == {"running": 3}
        for name, left in (("c", 2), ("a", 1), ("b", 0)):
            await running.stop_child(f"r/{name}")
            assert states().total() == left


@pytest.mark.parametrize("how", ["crash", "end", "kill", "stop"])
@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE], ids=str)
async def test_name_of_a_temporary_child_is_free_after_any_end_and_of_others_after_none(
    strategy, how, autojump_clock
) -> None:
    by_hand = how in {"kill", "stop"}
    refused = {
        Restart.PERMANENT: AlreadyPresentError if by_hand else AlreadyRunningError,
        Restart.TRANSIENT: AlreadyRunningError if how == "crash" else AlreadyPresentError,
    }
    async with run(tree(strategy=strategy)) as running:
        for restart in Restart:
            child = worker(restart.value, restart=restart)
            await running.start_child("r", child)
            if by_hand:
                await running.stop_child(f"r/{child.name}", how=how)
            else:
                await tell(running, child.name, how)
            if restart in refused:
                with pytest.raises(refused[restart]):
                    await running.start_child("r", child)
            else:
                await running.start_child("r", child)
                assert children(running)[child.name] == ("running", 1)


class Large:
    """A factory with much to remember."""

    def __call__(self) -> Worker:
        return Worker()


@pytest.mark.parametrize("how", ["end", "kill"])
@pytest.mark.parametrize("strategy", Strategy, ids=str)
async def test_what_a_temporary_child_was_made_from_is_let_go_with_it(strategy, how, autojump_clock) -> None:
    async with run(tree(strategy=strategy)) as running:
        left = []
        for _ in range(2):
            large = Large()
            left.append(weakref.ref(large))
            await running.start_child("r", Child("a", large, restart=Restart.TEMPORARY))
            del large
            if how == "kill":
                await running.stop_child("r/a", how=how)
            else:
                await tell(running, "a", how)
        await wait_all_tasks_blocked()
        gc.collect()
        assert [reference() for reference in left] == [None, None]


async def test_thousands_of_temporary_children_leave_nothing(autojump_clock) -> None:
    before = trio.lowlevel.current_statistics().tasks_living
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        at_rest = trio.lowlevel.current_statistics().tasks_living
        for n in range(2000):
            await running.start_child("r", worker(f"c{n}", restart=Restart.TEMPORARY))
        for n in range(2000):
            running.ref(f"r/c{n}").tell_nowait("end")
        await wait_all_tasks_blocked()
        assert children(running) == {}
        assert trio.lowlevel.current_statistics().tasks_living == at_rest
    assert trio.lowlevel.current_statistics().tasks_living == before


async def test_thousands_of_children_are_stopped_one_by_one(autojump_clock) -> None:
    async with run(tree()) as running:
        for n in range(2000):
            await running.start_child("r", worker(f"c{n}"))
        for n in range(2000):
            await running.stop_child(f"r/c{n}")
        assert set(children(running).values()) == {("stopped", 1)}


@pytest.mark.parametrize("how", ["crash", "end", "by hand", "above"])
async def test_names_outlive_what_they_name(how, autojump_clock) -> None:
    middle = Supervisor("middle", strategy=Strategy.ONE_FOR_ALL, children=[worker("server")])
    async with run(tree(middle, strategy=Strategy.ONE_FOR_ALL)) as running:
        server = running.ref("r/middle/server")
        if how == "by hand":
            await running.stop_child("r/middle/server")
            await running.restart_child("r/middle/server")
        elif how == "above":
            await running.stop_child("r/middle", how="kill")
            await running.restart_child("r/middle")
        else:
            await tell(running, "middle/server", how)
        assert children(running, "r/middle") == {"server": ("running", 2)}
        assert running.ref("r/middle/server") == server
        assert await server.ask("you there", timeout_s=1) == "you there"
    assert children(running, "r/middle") == {"server": ("stopped", 2)}
