"""SIGTERM and Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Child, EventKind, Supervisor, run
from supervision.testing import Probe


async def sleeps(context) -> None:
    await trio.sleep_forever()


def ends(running) -> list:
    return [(event.path, event.reason) for event in running.recent_events() if event.kind is EventKind.EXITED]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_signal_stops_in_order_and_ends_the_body_silently(number, autojump_clock) -> None:
    tree = Supervisor("r", children=[Probe().child("a"), Child("b", sleeps)])
    began = trio.current_time()
    async with run(tree) as running:
        os.kill(os.getpid(), number)
        await trio.sleep_forever()

    assert ends(running) == [("r/b", "killed"), ("r/a", "stopped"), ("r", "stopped")]
    assert trio.current_time() == began + 5


async def test_second_signal_kills_at_once(autojump_clock) -> None:
    began = trio.current_time()
    async with run(Supervisor("r", children=[Child("a", sleeps), Child("b", sleeps)])) as running:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            await wait_all_tasks_blocked()
        await trio.sleep_forever()

    assert ends(running)[-1] == ("r", "killed")
    assert trio.current_time() == began


async def test_signal_during_the_start_ends_it(autojump_clock) -> None:
    async def slow(context) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await trio.sleep(2)
        context.ready()

    entered = []
    async with run(Supervisor("r", children=[Probe().child("a"), Child("slow", slow), Probe().child("c")])) as running:
        entered.append(1)
        await trio.sleep_forever()

    assert ends(running) == [("r/slow", "stopped"), ("r/a", "stopped"), ("r", "stopped")]


async def test_handlers_before_are_back_afterwards_also_with_two_trees(autojump_clock) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with run(Supervisor("one")) as one:
        async with run(Supervisor("two")) as two:
            assert signal.getsignal(signal.SIGTERM) != before[0]
        os.kill(os.getpid(), signal.SIGTERM)
        await trio.sleep_forever()

    assert ends(one) == [("one", "stopped")]
    assert ends(two) == [("two", "stopped")]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_signals_that_belong_to_somebody_else_are_left_alone(autojump_clock) -> None:
    before = signal.getsignal(signal.SIGTERM)
    async with run(Supervisor("r"), signals=False):
        assert signal.getsignal(signal.SIGTERM) == before


async def test_no_handlers_outside_the_main_thread(autojump_clock) -> None:
    async def elsewhere() -> str:
        async with run(Supervisor("r")) as running:
            return running.status().root.state

    assert await trio.to_thread.run_sync(trio.run, elsewhere) == "running"


HELD = """
import trio
from supervision import Child, Supervisor, run

async def never_yields(context):
    print("held", flush=True)
    while True:
        pass

async def main():
    async with run(Supervisor("r", children=[Child("busy", never_yields)])):
        await trio.sleep_forever()

trio.run(main)
"""


STUCK = """
import trio
from supervision import Child, Shutdown, Supervisor, run

async def lets_nothing_in(context):
    context.ready()
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()

async def main():
    stuck = Child("stuck", lets_nothing_in, shutdown=Shutdown(grace_s=0))
    async with run(Supervisor("r", children=[stuck])) as running:
        print("up", flush=True)
        await running.ref("r").watch()
        print("ended but for one", flush=True)
        await trio.sleep_forever()

trio.run(main)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_program_with_a_child_that_is_stuck_for_ever_is_ended_by_the_next_signal(number) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        assert process.stdout.readline() == "ended but for one\n"
        process.send_signal(number)
        _, log = process.communicate(timeout=10)

    assert process.returncode == -number
    assert "r/stuck still ignores its cancellation" in log
    assert "in lets_nothing_in" in log


async def test_signal_after_the_stop_of_a_tree_ends_the_body_that_went_on(autojump_clock) -> None:
    async with run(Supervisor("r")) as running:
        await running.stop()
        os.kill(os.getpid(), signal.SIGTERM)
        await trio.sleep_forever()

    assert ends(running) == [("r", "stopped")]


def test_program_that_never_yields_names_the_place_and_can_still_be_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HELD],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout.readline() == "held\n"
        for _ in range(100):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        _, log = process.communicate(timeout=10)

    assert process.returncode == -signal.SIGTERM
    assert "in never_yields" in log
