"""A value given once."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision.answer import Answer


async def test_waits_before_and_after_get_the_same(autojump_clock) -> None:
    answer, got = Answer(), []

    async def wait() -> None:
        got.append(await answer.wait())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        answer.give("here")

    assert got == ["here", "here"]
    assert await answer.wait() == "here"


async def test_failure_is_raised_for_everyone(autojump_clock) -> None:
    answer = Answer()
    answer.fail(KeyError("no"))

    for _ in range(2):
        with pytest.raises(KeyError):
            await answer.wait()


async def test_cancelled_wait_changes_nothing(autojump_clock) -> None:
    answer = Answer()
    with trio.move_on_after(1):
        await answer.wait()
    answer.give(1)

    assert await answer.wait() == 1
