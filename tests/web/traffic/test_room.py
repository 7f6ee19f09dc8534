"""The waiting room, on the virtual clock."""

import pytest
import trio
import trio.testing

from web.traffic.room import FullError, WaitingRoom


async def work(room, happened, name, length_s=1.0):
    try:
        with await room.take():
            happened.append(name)
            await trio.sleep(length_s)
    except FullError:
        happened.append(f"{name} left")


async def test_first_come_first_served_and_the_rest_is_sent_away(autojump_clock):
    room, happened = WaitingRoom(places=1, chairs=2, patience_s=10), []
    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(work, room, happened, str(number))
            await trio.testing.wait_all_tasks_blocked()

    assert happened == ["0", "3 left", "4 left", "1", "2"]
    assert (room.statistics().working, room.statistics().turned_away) == (0, 2)


async def test_nobody_waits_longer_than_told(autojump_clock):
    room, happened = WaitingRoom(places=1, chairs=5, patience_s=3), []
    async with trio.open_nursery() as nursery:
        for name in ("long", "waits"):
            nursery.start_soon(work, room, happened, name, 100.0)
            await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(4)
        assert happened == ["long", "waits left"]
        assert room.statistics().waiting == 0
        nursery.cancel_scope.cancel()
    assert room.statistics().working == 0


async def test_a_place_given_back_early_is_the_next_ones(autojump_clock):
    room = WaitingRoom(places=1, chairs=0, patience_s=1)
    with await room.take() as place:
        place.give_back()
        place.give_back()
        with await room.take(), pytest.raises(FullError), await room.take():
            pass
    assert room.statistics().working == 0


async def test_who_leaves_the_queue_leaves_no_trace(autojump_clock):
    room, happened = WaitingRoom(places=1, chairs=1, patience_s=10), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work, room, happened, "first")
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(0.5):
            await work(room, happened, "gone")
        await work(room, happened, "second")
    assert happened == ["first", "second"]
