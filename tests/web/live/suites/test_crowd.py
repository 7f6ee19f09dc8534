"""Five hundred clients on real sockets: nothing holds the loop, and everyone gets the same."""

import resource
import select
import socket as sockets
from datetime import UTC, datetime

import msgspec
import pytest
import trio
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType

from actors.errors import ConflictError
from actors.feed import Feed
from actors.model.event import Event
from actors.model.user import LOCAL_CALLER
from tests.stopwatch import Stopwatch
from web.cache import MemoryShelf, QueryCache
from web.connections import Connection, Kind
from web.live.session import Session
from web.live.websocket import Pulse
from web.live.wire import Wire
from web.serving import Line

CLIENTS = 500
STALLED = 20
SINGLES = 10
BURSTS = 8
BURST = 30
MESSAGES = SINGLES + BURSTS * BURST
AT = datetime(2026, 3, 1, tzinfo=UTC)


class NoLog:
    """Holds nothing."""

    async def after(self, seq, limit):
        await trio.lowlevel.checkpoint()
        return []

    async def bounds(self):
        await trio.lowlevel.checkpoint()
        return 1, 0


class Open:
    """A door that stands open."""

    caller = LOCAL_CALLER

    async def until_shut(self):
        await trio.sleep_forever()


class Client:
    """One socket with a session at its other end, as it is after its handshake."""

    def __init__(self, *, room_bytes=None):
        ours, self.far = sockets.socketpair()
        if room_bytes is not None:
            ours.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, room_bytes)
        self.far.setblocking(False)
        self.got = bytearray()
        self.line = Line(trio.SocketStream(trio.socket.from_stdlib_socket(ours)))
        self.said = ['{"type": "CONNECT"}']

    async def receive(self):
        await trio.lowlevel.checkpoint()
        if self.said:
            return self.said.pop()
        return await trio.sleep_forever()

    async def send(self, text):
        """Only WELCOME comes this way here."""
        await trio.lowlevel.checkpoint()

    async def close(self, code, reason):
        await trio.lowlevel.checkpoint()

    async def serve(self, feed):
        """Run the session."""
        pulse = Pulse(line=self.line)
        wire = Wire(receive=self.receive, send=self.send, close=self.close, outlet=pulse, pulse=pulse)
        await Session(
            wire,
            connection=Connection(kind=Kind.WEBSOCKET, address="::1", caller=None),
            door=Open(),
            feed=feed,
            stopping=trio.Event(),
            heartbeat_s=3_600,
            cache=QueryCache(MemoryShelf(limit_bytes=0)),
            carry_out=nothing_plays,
        ).run()


async def nothing_plays(user_id, command):
    raise ConflictError("the player is stopped")


def read(clients):
    """Take what there is at every far end."""
    poll = select.epoll()
    by_number = {client.far.fileno(): client for client in clients}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    while ready := poll.poll(0):
        for number, _ in ready:
            by_number[number].got += by_number[number].far.recv(1 << 20)
    poll.close()


@pytest.fixture
def files():
    """Room for two open files for each client."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4_096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_five_hundred_clients_hold_the_loop_no_longer_than_one_and_get_the_same(files):
    feed = Feed(NoLog(), queue_bytes=1 << 20)
    await feed.begin()
    clients = [Client(room_bytes=4_096 if number < STALLED else None) for number in range(CLIENTS)]
    stopwatch = Stopwatch()

    async def publish():
        events = [
            Event(seq=seq, type="TRACK_ADDED", payload={"filler": "x" * 200}, at=AT) for seq in range(1, MESSAGES + 1)
        ]
        for event in events[:SINGLES]:
            await feed.publish_paced([event])
        for start in range(SINGLES, MESSAGES, BURST):
            await feed.publish_paced(events[start : start + BURST])

    async with trio.open_nursery() as nursery:
        for client in clients:
            nursery.start_soon(client.serve, feed)
        await trio.testing.wait_all_tasks_blocked()
        trio.lowlevel.add_instrument(stopwatch)
        async with trio.open_nursery() as publishing:
            publishing.start_soon(publish)  # a task of its own, since the test's steps are not counted
        trio.lowlevel.remove_instrument(stopwatch)
        with trio.fail_after(30):
            while any(
                client.got.count(b'"seq"') < MESSAGES for client in clients[:STALLED]
            ):  # those who stalled get the rest as they read
                read(clients)
                await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    for client in clients:
        client.line.cut()
        client.far.close()

    (got,) = {bytes(client.got) for client in clients}
    one = Frames(ConnectionType.CLIENT)
    one.receive_data(got)
    assert [msgspec.json.decode(event.data)["seq"] for event in one.events()] == list(range(1, MESSAGES + 1))
    # A collection of garbage may fall into any step.
    assert len(stopwatch.steps) <= 2, sorted(stopwatch.steps)
