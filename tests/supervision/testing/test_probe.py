"""The probe."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import MessageFailedError, Supervisor, run
from supervision.testing import Probe


async def test_records_what_it_is_sent_and_answers(autojump_clock) -> None:
    probe = Probe(lambda message: message * 2)
    async with run(Supervisor("r", children=[probe.child("a")])) as running:
        assert await running.ref("r/a").ask(21, timeout_s=1) == 42
        assert await probe.next() == 21

    assert probe.messages == [21]
    assert probe.context.path == "r/a"


async def test_next_waits_and_gives_up_in_time(autojump_clock) -> None:
    probe = Probe()
    async with run(Supervisor("r", children=[probe.child("a")])) as running, trio.open_nursery() as nursery:

        async def later() -> None:
            await trio.sleep(3)
            await running.ref("r/a").tell("late")

        nursery.start_soon(later)
        assert await probe.next(timeout_s=4) == "late"
        with pytest.raises(trio.TooSlowError):
            await probe.next(timeout_s=1)


async def test_keeps_its_record_over_restarts(autojump_clock) -> None:
    def fail_on_two(message: int) -> None:
        if message == 2:
            raise ValueError(message)

    probe = Probe(fail_on_two)
    async with run(Supervisor("r", children=[probe.child("a")])) as running:
        with pytest.raises(MessageFailedError):
            await running.ref("r/a").ask(2, timeout_s=1)
        await running.ref("r/a").ask(3, timeout_s=1)

    assert probe.messages == [2, 3]


async def test_next_passes_over_what_is_not_wanted(autojump_clock) -> None:
    probe = Probe()
    async with run(Supervisor("r", children=[probe.child("a")])):
        for message in (1, "two", 3, "four"):
            await probe.ref.tell(message)
        assert await probe.next(lambda message: isinstance(message, str)) == "two"
        assert await probe.next() == 3
        with pytest.raises(trio.TooSlowError):
            await probe.next(lambda message: message == "five", timeout_s=1)

    assert probe.messages == [1, "two", 3, "four"]


async def test_each_of_several_that_wait_gets_a_message(autojump_clock) -> None:
    probe, got = Probe(), []

    async def take() -> None:
        got.append(await probe.next())

    async with run(Supervisor("r", children=[probe.child("a")])), trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(take)
        await wait_all_tasks_blocked()
        for message in (1, 2, 3):
            await probe.ref.tell(message)

    assert sorted(got) == [1, 2, 3]


def test_there_is_no_ref_before_it_runs() -> None:
    with pytest.raises(RuntimeError, match="before its tree runs"):
        _ = Probe().ref
