"""A body that is taken piece by piece."""

import pytest
import trio

from web.intake import ROOM_BYTES, Intake


async def test_pieces_come_out_in_order_until_the_end():
    intake = Intake()
    intake.append(b"one")
    intake.append(b"")
    intake.append(b"two")
    intake.set_complete()

    assert [piece async for piece in intake] == [b"one", b"two"]


async def test_there_is_room_again_once_pieces_are_taken(autojump_clock):
    intake = Intake()
    intake.append(bytes(ROOM_BYTES))
    with pytest.raises(trio.TooSlowError), trio.fail_after(1):
        await intake.room()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(intake.room)
        await trio.testing.wait_all_tasks_blocked()
        assert len(await anext(intake)) == ROOM_BYTES
    intake.append(bytes(ROOM_BYTES))
    intake.clear()
    await intake.room()


async def test_a_taker_waits_for_what_comes(autojump_clock):
    intake, taken = Intake(), []

    async def take():
        taken.extend([piece async for piece in intake])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take)
        await trio.testing.wait_all_tasks_blocked()
        intake.append(b"late")
        await trio.testing.wait_all_tasks_blocked()
        intake.set_complete()

    assert taken == [b"late"]
