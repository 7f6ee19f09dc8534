"""One client of the live socket, on a virtual clock and a wire of memory channels."""

import json

import pytest
import trio

from actors.errors import DatabaseAwayError
from actors.feed import Feed
from web.cache import MemoryShelf, QueryCache
from web.live.session import REPLIES_WAITING, Close, Session, Wire

NO_CACHE = QueryCache(MemoryShelf(limit_bytes=0))


class EmptyLog:
    """Holds nothing, and may be away."""

    def __init__(self):
        self.error = None

    async def after(self, seq, limit):
        await trio.lowlevel.checkpoint()
        if self.error:
            raise self.error
        return []

    async def bounds(self):
        await trio.lowlevel.checkpoint()
        if self.error:
            raise self.error
        return 1, 0


class Peer:
    """The other end."""

    def __init__(self):
        self.answers_pings = True
        self.pings = 0
        self.heard_at = 0.0
        self.heard = []
        self.closed = None
        self.reads = trio.Event()
        self.reads.set()
        self.out, self.into = trio.open_memory_channel(1)

    async def ping(self):
        await trio.lowlevel.checkpoint()
        self.pings += 1
        if self.answers_pings:
            self.heard_at = trio.current_time()

    async def receive(self):
        return await self.into.receive()

    async def send(self, text):
        await trio.lowlevel.checkpoint()
        await self.reads.wait()
        self.heard.append(json.loads(text))

    async def close(self, code, reason):
        await trio.lowlevel.checkpoint()
        self.closed = (code, reason)

    async def say(self, type_, payload=None, request_id=None):
        await self.out.send(json.dumps({"type": type_, "payload": payload or {}, "requestId": request_id}))

    def types(self):
        return [message["type"] for message in self.heard]


@pytest.fixture
def log():
    return EmptyLog()


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
async def start(nursery, log, peer):
    def begin(**others):
        here = {
            "feed": Feed(log, queue_bytes=1_000),
            "stopping": trio.Event(),
            "heartbeat_s": 20.0,
            "cache": NO_CACHE,
            **others,
        }
        wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer)
        session = Session(wire, **here)
        done = trio.Event()

        async def run():
            await session.run()
            done.set()

        nursery.start_soon(run)
        return done

    return begin


async def test_welcome_is_the_first_answer_whatever_was_asked_behind_connect(start, peer, autojump_clock):
    start()
    await peer.say("CONNECT")
    await peer.say("SUBSCRIBE", {"topics": ["tracks"]})
    await peer.say("PING")
    await trio.testing.wait_all_tasks_blocked()

    assert peer.types() == ["WELCOME", "ACK", "PONG"]


async def test_topics_before_connect_and_a_second_connect_conflict_but_are_not_bad(start, peer, autojump_clock):
    start()
    for _ in range(4):
        await peer.say("SUBSCRIBE", {"topics": ["tracks"]}, "a")
    await peer.say("CONNECT")
    for _ in range(4):
        await peer.say("CONNECT", request_id="b")
    await trio.testing.wait_all_tasks_blocked()

    codes = [message["payload"].get("code") for message in peer.heard]
    assert (codes.count("CONFLICT"), codes.count(None)) == (8, 1)
    assert peer.closed is None


async def test_player_commands_are_answered_and_do_not_count_as_bad(start, peer, autojump_clock):
    start()
    for _ in range(5):
        await peer.say("PLAY", request_id="p")
    await trio.testing.wait_all_tasks_blocked()

    assert [message["requestId"] for message in peer.heard] == ["p"] * 5
    assert peer.closed is None


async def test_a_silent_peer_is_closed_after_two_heartbeats(start, peer, autojump_clock):
    peer.answers_pings = False
    done = start()
    await peer.say("CONNECT")
    await done.wait()

    assert peer.closed == (Close.SILENT, "silent")
    assert 40 <= trio.current_time() < 45
    assert peer.pings >= 1


async def test_a_peer_that_answers_pings_stays(start, peer, autojump_clock):
    start()
    await trio.sleep(1_000)

    assert peer.closed is None
    assert peer.pings == 49


async def test_a_server_that_cannot_tell_closes_nobody_for_silence(log, peer, nursery, autojump_clock):
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=None)
    session = Session(wire, feed=Feed(log, queue_bytes=1_000), stopping=trio.Event(), heartbeat_s=20.0, cache=NO_CACHE)
    nursery.start_soon(session.run)
    await trio.sleep(1_000)

    assert peer.closed is None


async def test_stopping_says_goodbye_also_to_one_who_never_connected(start, peer, autojump_clock):
    stopping = trio.Event()
    done = start(stopping=stopping)
    await trio.testing.wait_all_tasks_blocked()
    stopping.set()
    await done.wait()

    assert peer.types() == ["GOODBYE"]
    assert peer.closed[0] == Close.GOING_AWAY


async def test_answers_that_are_not_taken_end_it(start, peer, autojump_clock):
    peer.reads = trio.Event()
    done = start()
    for number in range(REPLIES_WAITING + 10):
        with trio.move_on_after(1):
            await peer.say("PING", request_id=str(number))
        await trio.sleep(0.02)  # below the rate
    peer.reads.set()
    await done.wait()

    assert peer.closed[0] == Close.TOO_SLOW


async def test_a_database_that_is_away_is_told_and_the_client_sent_to_come_back(start, peer, log, autojump_clock):
    log.error = DatabaseAwayError("PostgreSQL is away")
    done = start()
    await peer.say("CONNECT")
    await done.wait()

    assert peer.types() == ["ERROR", "GOODBYE"]
    assert peer.heard[0]["payload"]["code"] == "UNAVAILABLE"
    assert peer.closed[0] == Close.GOING_AWAY


async def test_a_fault_of_ours_closes_as_internal_and_is_let_out(peer, log, autojump_clock):
    log.error = RuntimeError("a bug")
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer)
    session = Session(wire, feed=Feed(log, queue_bytes=1_000), stopping=trio.Event(), heartbeat_s=20.0, cache=NO_CACHE)
    with pytest.raises(ExceptionGroup):  # noqa: PT012 — what a nursery lets out
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.run)
            await peer.say("CONNECT")

    assert peer.closed == (Close.INTERNAL, "internal error")


async def test_cancellation_says_goodbye_if_that_is_quick(peer, log, autojump_clock):
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer)
    session = Session(wire, feed=Feed(log, queue_bytes=1_000), stopping=trio.Event(), heartbeat_s=20.0, cache=NO_CACHE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.run)
        await peer.say("CONNECT")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert peer.types() == ["WELCOME", "GOODBYE"]
    assert peer.closed[0] == Close.GOING_AWAY


async def test_cancellation_does_not_wait_for_one_who_takes_nothing(peer, log, autojump_clock):
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer)
    session = Session(wire, feed=Feed(log, queue_bytes=1_000), stopping=trio.Event(), heartbeat_s=20.0, cache=NO_CACHE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.run)
        await peer.say("CONNECT")
        await trio.testing.wait_all_tasks_blocked()
        peer.reads = trio.Event()
        nursery.cancel_scope.cancel()

    assert trio.current_time() <= 1.5


async def test_figures_of_the_cache_are_told(start, peer, autojump_clock):
    start()
    await peer.say("GET_CACHE_STATS")
    await trio.testing.wait_all_tasks_blocked()

    assert peer.types() == ["CACHE_STATS"]
    payload = peer.heard[0]["payload"]
    assert (payload["shelf"], payload["hitRate"]) == ("memory", 0.0)
