"""Pekko's cases of restarting: what a crash ends, what outlives it, and how often it may happen."""

import logging

import pytest
import trio

from supervision import (
    Actor,
    Backoff,
    Child,
    EscalatedError,
    Intensity,
    MessageFailedError,
    Restart,
    Running,
    Supervisor,
    run,
)
from tests.supervision.suites.pekko.counter import ask, crash, crash_and_wait, tree

CASES = {
    "stubbed: receive message": "test_messages_are_received",
    "receive message": "test_messages_are_received",
    "stubbed: stop when no supervise": "test_what_is_not_to_be_restarted_stops",
    "default to stop when no strategy": "test_what_is_not_to_be_restarted_stops",
    "stop when strategy is stop": "test_what_is_not_to_be_restarted_stops",
    "stop when not supervised": "test_what_is_not_to_be_restarted_stops",
    "stubbed: restart when handled exception": "test_count_begins_anew_after_the_clean_up",
    "restart when handled exception": "test_count_begins_anew_after_the_clean_up",
    "stubbed: not catch fatal error": "test_fatal_error_is_not_caught",
    "stubbed: stop after restart retries limit": "test_restarts_are_limited_within_a_time",
    "stop when restart limit is hit": "test_restarts_are_limited_within_a_time",
    "stubbed: stop at first exception when restart retries limit is 0": "test_restarts_are_limited_within_a_time",
    "stubbed: reset retry limit after withinTimeRange": "test_limit_starts_anew_after_its_time",
    "reset fixed limit after timeout": "test_limit_starts_anew_after_its_time",
    "ensure unhandled message retention during unstash exception when restart": "test_messages_that_wait_outlive_any_number_of_crashes",
    "ensure unhandled message retention during unstash exception when backoff": "test_messages_that_wait_outlive_any_number_of_crashes",
    "handle exceptions from different message type": "test_message_of_a_wrong_type_is_a_crash_like_any_other",
    "log exceptions when logging is enabled and provided log level matches": "test_crashes_are_logged_and_get_louder_until_it_is_steady",
    "log at critical level after specified restartWithBackoff attempts": "test_crashes_are_logged_and_get_louder_until_it_is_steady",
}  # fmt: skip


async def test_messages_are_received(autojump_clock) -> None:
    async with run(tree([])) as running:
        assert await ask(running, "add") == 1


async def test_what_is_not_to_be_restarted_stops(autojump_clock) -> None:
    life = []
    async with run(tree(life, Restart.TEMPORARY)) as running:
        ref = running.ref("r/a")
        await crash(running)
        assert await ref.watch() == "crashed"
    assert life == ["started", "stopped: crashed"]


async def test_count_begins_anew_after_the_clean_up(autojump_clock) -> None:
    life = []
    async with run(tree(life)) as running:
        assert await ask(running, "add") == 1
        await crash(running, 2)
        assert await ask(running, "add") == 1
    assert life == ["started", "stopped: crashed", "started", "stopped: crashed", "started", "stopped: stopped"]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
async def test_fatal_error_is_not_caught(error, autojump_clock) -> None:
    life = []
    with pytest.raises(error):
        async with run(tree(life)) as running:
            await fatal(running, error())
    assert life.count("started") == 1


async def fatal(running: Running, error: BaseException) -> None:
    running.ref("r/a").tell_nowait(error)
    await trio.sleep_forever()


@pytest.mark.parametrize("limit", [0, 1, 2])
async def test_restarts_are_limited_within_a_time(limit, autojump_clock) -> None:
    life = []
    with pytest.raises(EscalatedError) as raised:
        async with run(tree(life, intensity=Intensity(restarts=limit, within_s=60))) as running:
            await crash_and_wait(running, limit + 1)
    assert isinstance(raised.value.__cause__, ValueError)
    assert life == ["started", "stopped: crashed"] * (limit + 1)


async def test_limit_starts_anew_after_its_time(autojump_clock) -> None:
    life = []
    async with run(tree(life, intensity=Intensity(restarts=2, within_s=1))) as running:
        for _ in range(3):
            await crash(running, 2)
            await trio.sleep(1.1)
        assert await ask(running, "count") == 0
    assert life.count("started") == 7


@pytest.mark.parametrize("backoff", [None, Backoff(first_s=5, jitter=0)], ids=["at once", "backoff"])
async def test_messages_that_wait_outlive_any_number_of_crashes(backoff, autojump_clock) -> None:
    errors = [ValueError(n) for n in range(3)]
    async with run(tree([], backoff=backoff)) as running:
        for message in (*errors, *["add"] * 10):
            running.ref("r/a").tell_nowait(message)
        assert await ask(running, "count") == 10
        # Each of those in hand is told of.
        assert [letter.message for letter in running.status().dead_letters] == errors


async def test_message_of_a_wrong_type_is_a_crash_like_any_other(autojump_clock) -> None:
    class Doubler(Actor[int]):
        async def receive(self, message: int) -> int:
            return message + message * 1

    async with run(Supervisor("r", children=[Child("a", Doubler)])) as running:
        assert await ask(running, 1) == 2
        with pytest.raises(MessageFailedError) as raised:
            await ask(running, None)
        assert isinstance(raised.value.__cause__, TypeError)
        assert await ask(running, 2) == 4


async def test_crashes_are_logged_and_get_louder_until_it_is_steady(autojump_clock, caplog) -> None:
    backoff = Backoff(first_s=0.1, factor=1, jitter=0, reset_after_s=10)
    async with run(tree([], backoff=backoff, intensity=Intensity(restarts=100))) as running:
        for pause_s in (1, 1, 1, 1, 1, 1, 20, 1):
            await crash(running)
            await trio.sleep(pause_s)
    crashes = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.levelno for record in crashes] == [logging.WARNING] * 4 + [logging.ERROR] * 3 + [logging.WARNING]
    assert all(record.getMessage().startswith("r/a crashed") for record in crashes)
    assert all(record.exc_info[0] is ValueError for record in crashes)
