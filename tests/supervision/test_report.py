"""Log lines."""

import logging

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Backoff, Intensity, Supervisor, run
from supervision.testing import Probe


def crash(message: object) -> None:
    if message == "crash":
        raise ValueError(message)


def levels(caplog) -> list:
    return [record.levelname for record in caplog.records if "crashed" in record.message and "r/a" in record.message]


async def test_level_rises_from_the_fifth_failure_in_a_row_and_falls_after_a_steady_time(
    caplog, autojump_clock
) -> None:
    tree = Supervisor(
        "r",
        intensity=Intensity(restarts=100),
        backoff=Backoff(first_s=1, reset_after_s=60),
        children=[Probe(crash).child("a")],
    )
    async with run(tree) as running:
        for _ in range(6):
            await running.ref("r/a").tell("crash")
            await running.ref("r/a").ask("up?", timeout_s=100)
        await trio.sleep(61)
        await running.ref("r/a").tell("crash")
        await wait_all_tasks_blocked()

    assert levels(caplog) == ["WARNING"] * 4 + ["ERROR"] * 2 + ["WARNING"]
    assert all(record.name == "supervision" for record in caplog.records)


async def test_no_restart_is_silent(caplog, autojump_clock) -> None:
    caplog.set_level(logging.INFO, "supervision")
    async with run(Supervisor("r", children=[Probe(crash).child("a")], backoff=Backoff(first_s=1))) as running:
        caplog.clear()
        await running.ref("r/a").tell("crash")
        await running.ref("r/a").ask("up?", timeout_s=100)
        seen = [(record.levelname, record.getMessage()) for record in caplog.records]

    assert [level for level, _ in seen] == ["WARNING", "INFO", "INFO"]
    assert all("r/a" in text for _, text in seen)
    assert "ValueError" in caplog.text
