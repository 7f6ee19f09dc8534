"""The signal that cannot block."""

import trio

from actors.nudge import Nudge


async def test_many_nudges_before_a_look_are_one(autojump_clock):
    nudge = Nudge()
    nudge.give()
    nudge.give()
    await nudge.take()

    with trio.move_on_after(1) as scope:
        await nudge.take()
    assert scope.cancelled_caught


async def test_a_taker_that_waits_is_woken(autojump_clock):
    nudge = Nudge()
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(nudge.take)
            await trio.testing.wait_all_tasks_blocked()
            nudge.give()


async def test_a_cancelled_taker_leaves_the_nudge_to_the_next(autojump_clock):
    nudge = Nudge()
    with trio.move_on_after(1):
        await nudge.take()
    nudge.give()

    with trio.fail_after(1):
        await nudge.take()
