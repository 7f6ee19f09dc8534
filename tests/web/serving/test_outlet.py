"""What goes out goes in order, by one task, and is bounded."""

import trio
from trio.testing import wait_all_tasks_blocked

from web.serving.outlet import WAITING_BYTES, Outlet


class Slow:
    """A line that takes nothing until it may, or is lost."""

    def __init__(self):
        self.sent = []
        self.may = trio.Event()
        self.is_lost = False

    async def send_all(self, data):
        await self.may.wait()
        if self.is_lost:
            raise trio.BrokenResourceError
        self.sent.append(data)


async def test_what_is_put_in_goes_out_in_order_and_joined(nursery):
    line = Slow()
    outlet = Outlet(line)
    outlet.put(b"a")
    nursery.start_soon(outlet.run)
    await wait_all_tasks_blocked()
    outlet.put(b"b")
    outlet.put(b"c")
    line.may.set()
    await wait_all_tasks_blocked()

    assert line.sent == [b"a", b"bc"]


async def test_it_ends_when_all_is_out():
    line = Slow()
    line.may.set()
    outlet = Outlet(line)
    outlet.put(b"a")
    outlet.complete()
    await outlet.run()

    assert line.sent == [b"a"]
    assert outlet.has_ended


async def test_there_is_no_room_while_much_waits_and_all_of_it_when_the_line_is_lost(nursery):
    line = Slow()
    outlet = Outlet(line)
    nursery.start_soon(outlet.run)
    outlet.put(b"a")
    await wait_all_tasks_blocked()
    outlet.put(b"b" * WAITING_BYTES)
    has_room = trio.Event()

    async def wait():
        await outlet.room()
        has_room.set()

    nursery.start_soon(wait)
    await wait_all_tasks_blocked()
    assert not has_room.is_set()

    line.is_lost = True
    line.may.set()
    await has_room.wait()
    outlet.put(b"dropped")
    assert outlet.has_ended
