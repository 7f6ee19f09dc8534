"""OTP's cases of stopping: in what order, how long a child may take, and what does not disturb it."""

import math
from functools import partial

import pytest
import trio

from supervision import Child, EventKind, Restart, Running, Shutdown, Strategy, run
from tests.supervision.suites.otp.worker import Worker, children, tell, tree, worker

CASES = {
    "sup_stop_infinity": "test_stop_takes_what_the_child_may_take",
    "sup_stop_timeout": "test_stop_takes_what_the_child_may_take",
    "sup_stop_timeout_dynamic": "test_dynamic_children_are_stopped_all_at_once_each_in_its_own_grace",
    "sup_stop_brutal_kill": "test_stop_takes_what_the_child_may_take",
    "sup_stop_brutal_kill_dynamic": "test_dynamic_children_are_stopped_all_at_once_each_in_its_own_grace",
    "simple_one_for_one_shutdown": "test_dynamic_children_are_stopped_all_at_once_each_in_its_own_grace",
    "sup_stop_race": "test_children_that_end_by_themselves_meanwhile_are_not_restarted",
    "sup_stop_non_shutdown_exit_dynamic": "test_children_that_crash_when_they_are_stopped_do_not_disturb_the_stop",
    "child_unlink": "test_child_that_ignores_its_stop_holds_up_nobody_else",
    "order_of_children": "test_children_stop_in_reverse_and_start_in_the_given_order",
}


async def deaf(context) -> None:
    await trio.sleep_forever()


async def slow(context, takes_s: float = 100) -> None:
    await context.stopping.wait()
    await trio.sleep(takes_s)


def exits(running: Running) -> dict[str, str]:
    """Why each ended, in the order of the ends."""
    return {event.path[2:]: event.reason for event in running.recent_events() if event.kind is EventKind.EXITED}


@pytest.mark.parametrize(
    "task,grace_s,took_s,reason",
    [(slow, math.inf, 100, "stopped"), (slow, 20, 20, "killed"), (deaf, 20, 20, "killed"), (deaf, 0, 0, "killed")],
    ids=["infinity", "too slow", "deaf", "brutal kill"],
)
async def test_stop_takes_what_the_child_may_take(task, grace_s, took_s, reason, autojump_clock) -> None:
    async with run(tree(worker("a"), Child("b", task, shutdown=Shutdown(grace_s=grace_s)))) as running:
        began = trio.current_time()
    assert trio.current_time() == began + took_s
    assert exits(running) == {"b": reason, "a": "stopped", "": "stopped"}


async def test_dynamic_children_are_stopped_all_at_once_each_in_its_own_grace(autojump_clock) -> None:
    async with run(tree(strategy=Strategy.DYNAMIC)) as running:
        for grace_s in (0, 3, 10):
            await running.start_child("r", Child(f"deaf{grace_s}", deaf, shutdown=Shutdown(grace_s=grace_s)))
        for takes_s in (1, 4):
            await running.start_child("r", Child(f"slow{takes_s}", partial(slow, takes_s=takes_s)))
        began = trio.current_time()
    assert trio.current_time() == began + 10
    assert list(exits(running).items()) == [
        ("deaf0", "killed"),
        ("slow1", "stopped"),
        ("deaf3", "killed"),
        ("slow4", "stopped"),
        ("deaf10", "killed"),
        ("", "stopped"),
    ]


async def test_children_that_end_by_themselves_meanwhile_are_not_restarted(autojump_clock) -> None:
    among = {f"{restart.value} {message}": restart for restart in Restart for message in ("end", "crash")}
    between = [worker(name, restart=restart) for name, restart in among.items()]
    async with run(tree(worker("a"), *between, Child("z", partial(slow, takes_s=2)))) as running:

        async def end_them() -> None:
            await trio.sleep(1)
            for name in among:
                running.ref(f"r/{name}").tell_nowait(name.rpartition(" ")[2])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(end_them)
            began = trio.current_time()
            await running.stop()
    assert trio.current_time() == began + 2
    ended = {name: "crashed" if "crash" in name else "normal" for name in among}
    assert exits(running) == ended | {"z": "stopped", "a": "stopped", "": "stopped"}
    assert {event.incarnation for event in running.recent_events()} == {1}


class Sore(Worker):
    """Crashes when it is stopped."""

    async def stopped(self) -> None:
        raise ValueError("not like this")


@pytest.mark.parametrize("restart", Restart, ids=str)
@pytest.mark.parametrize("strategy", [Strategy.DYNAMIC, Strategy.ONE_FOR_ONE], ids=str)
async def test_children_that_crash_when_they_are_stopped_do_not_disturb_the_stop(
    strategy, restart, autojump_clock
) -> None:
    async with run(tree(strategy=strategy)) as running:
        await running.start_child("r", Child("sore", Sore, restart=restart))
        await running.start_child("r", worker("well", restart=restart))
    assert exits(running) == {"sore": "crashed", "well": "stopped", "": "stopped"}


async def test_child_that_ignores_its_stop_holds_up_nobody_else(autojump_clock) -> None:
    leave = trio.Event()

    async def shielded(context) -> None:
        with trio.CancelScope(shield=True):
            await leave.wait()

    naughty = Child("naughty", shielded, shutdown=Shutdown(grace_s=1))
    async with run(tree(naughty, worker("b"))) as running, trio.open_nursery() as nursery:
        nursery.start_soon(running.stop_child, "r/naughty")
        await trio.sleep(5)
        assert children(running) == {"naughty": ("stuck", 1), "b": ("running", 1)}
        await tell(running, "b", "crash")
        await running.start_child("r", worker("c"))
        assert children(running) == {"naughty": ("stuck", 1), "b": ("running", 2), "c": ("running", 1)}
        leave.set()
    assert children(running)["naughty"] == ("stopped", 1)


def happened(running: Running) -> list[tuple[str, str]]:
    return [(str(event.kind), event.path[2:]) for event in running.recent_events() if event.path != "r"]


async def test_children_stop_in_reverse_and_start_in_the_given_order(autojump_clock) -> None:
    names = ["ch7", "ch3", "ch10", "ch2", "ch5"]
    async with run(tree(*map(worker, names), strategy=Strategy.REST_FOR_ONE)) as running:
        assert list(children(running)) == names
        await tell(running, "ch10", "crash")
        assert list(children(running)) == names
    assert happened(running) == [
        *(("started", name) for name in names),
        ("dead_letter", "ch10"),
        *(("exited", name) for name in ("ch10", "ch5", "ch2")),
        *(("restarted", name) for name in ("ch10", "ch2", "ch5")),
        *(("exited", name) for name in reversed(names)),
    ]
