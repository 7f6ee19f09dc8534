"""One client of the live socket, on a virtual clock and a wire of memory channels."""

import json
from datetime import UTC, datetime

import attrs
import msgspec
import pytest
import trio
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionType

from actors.errors import ConflictError, DatabaseAwayError
from actors.feed import Feed
from actors.model.event import Event
from actors.model.user import LOCAL_CALLER, Role
from web.cache import MemoryShelf, QueryCache
from web.connections import Connection, Kind
from web.live.messages import Refused
from web.live.replies import REPLIES_WAITING
from web.live.session import INTRODUCTION_S, Session
from web.live.wire import Close, Wire

NO_CACHE = QueryCache(MemoryShelf(limit_bytes=0))


async def nothing_plays(user_id, command, teller):
    """A player that does nothing."""
    raise ConflictError("the player is stopped")


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


class Doorman:
    """Lets in by the token `good`, until it is told to shut."""

    def __init__(self, role=Role.ADMIN):
        self.caller = None if role is None else attrs.evolve(LOCAL_CALLER, role=role)
        self.shut = trio.Event()

    async def admit(self, token):
        await trio.lowlevel.checkpoint()
        if token != "good":
            raise Refused("UNAUTHENTICATED", "no")
        self.caller = attrs.evolve(LOCAL_CALLER, role=Role.LISTENER)

    async def until_shut(self):
        await self.shut.wait()
        return Refused("FORBIDDEN", "come again")


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


class SlowOutlet:
    """Takes a tenth of a second for each write, and nothing at once."""

    owed_bytes = 0

    def __init__(self):
        self.writes = []

    def give(self, frames):
        return False

    async def send(self, frames):
        self.writes.append(frames)
        await trio.sleep(0.1)

    async def settle(self):
        raise AssertionError("nothing is owed")


@pytest.fixture
def log():
    return EmptyLog()


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
def session_of(log, peer):
    """Make a session, over the peer's wire or another."""

    def make(wire=None, **others):
        here = {
            "connection": Connection(kind=Kind.WEBSOCKET, address="::1", caller=None),
            "door": Doorman(),
            "feed": Feed(log, queue_bytes=1_000),
            "stopping": trio.Event(),
            "heartbeat_s": 20.0,
            "cache": NO_CACHE,
            "carry_out": nothing_plays,
            **others,
        }
        return Session(wire or Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer), **here)

    return make


@pytest.fixture
async def start(nursery, session_of):
    def begin(**others):
        session = session_of(**others)
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


@pytest.mark.parametrize("between", ["PING", "SUBSCRIBE"])
async def test_bad_messages_close_when_three_follow_one_another(start, peer, autojump_clock, between):
    """A proper message between them, even one that conflicts, begins the count anew."""
    start()
    for _ in range(2):
        await peer.say("DANCE")
        await peer.say("DANCE")
        await peer.say(between, {"topics": ["tracks"]} if between == "SUBSCRIBE" else None)
    await trio.testing.wait_all_tasks_blocked()
    assert peer.closed is None

    for _ in range(3):
        await peer.say("DANCE")
    await trio.testing.wait_all_tasks_blocked()
    assert peer.closed[0] == Close.BAD_MESSAGE


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


async def test_a_server_that_cannot_tell_closes_nobody_for_silence(session_of, peer, nursery, autojump_clock):
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=None)
    session = session_of(wire)
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


async def test_a_connect_in_the_very_turn_of_the_stopping_holds_up_no_end(session_of, autojump_clock):
    # Trio draws which of the two tasks runs first.
    for _ in range(20):
        peer, stopping = Peer(), trio.Event()
        session = session_of(
            Wire(receive=peer.receive, send=peer.send, close=peer.close, pulse=peer),
            connection=Connection(kind=Kind.WEBSOCKET, address="::1", caller=None),
            stopping=stopping,
        )
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(session.run)
                await trio.testing.wait_all_tasks_blocked()
                peer.out.send_nowait(json.dumps({"type": "CONNECT", "payload": {}}))
                stopping.set()

        assert peer.types()[-1] == "GOODBYE"
        assert peer.closed == (Close.GOING_AWAY, "shutting down")


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


async def test_a_fault_of_ours_closes_as_internal_and_is_let_out(session_of, peer, log, autojump_clock):
    log.error = RuntimeError("a bug")
    session = session_of()
    with pytest.raises(ExceptionGroup):  # noqa: PT012 — what a nursery lets out
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.run)
            await peer.say("CONNECT")

    assert peer.closed == (Close.INTERNAL, "internal error")


async def test_cancellation_says_goodbye_if_that_is_quick(session_of, peer, autojump_clock):
    session = session_of()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(session.run)
        await peer.say("CONNECT")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()

    assert peer.types() == ["WELCOME", "GOODBYE"]
    assert peer.closed[0] == Close.GOING_AWAY


async def test_cancellation_does_not_wait_for_one_who_takes_nothing(session_of, peer, autojump_clock):
    session = session_of()
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


@pytest.mark.parametrize("first", [("CONNECT", {}), ("PING", {}), ("CONNECT", {"token": "bad"})])
async def test_one_who_is_not_known_says_so_first_or_is_closed(start, peer, autojump_clock, first):
    done = start(door=Doorman(None))
    await peer.say(*first, request_id="a")
    await done.wait()

    assert [(m["type"], m["requestId"], m["payload"]["code"]) for m in peer.heard] == [
        ("ERROR", "a", "UNAUTHENTICATED")
    ]
    assert peer.closed[0] == Close.UNAUTHENTICATED


async def test_a_token_in_the_first_message_lets_in(start, peer, autojump_clock):
    start(door=Doorman(None))
    await peer.say("CONNECT", {"token": "good"})
    await peer.say("PING")
    await trio.testing.wait_all_tasks_blocked()

    assert peer.types() == ["WELCOME", "PONG"]
    await trio.sleep(100)
    assert peer.closed is None


async def test_a_wrong_token_is_refused_also_to_one_who_is_known(start, peer, autojump_clock):
    done = start()
    await peer.say("CONNECT", {"token": "bad"})
    await done.wait()

    assert peer.closed[0] == Close.UNAUTHENTICATED


async def test_one_who_never_says_who_it_is_is_closed(start, peer, autojump_clock):
    done = start(door=Doorman(None))
    await done.wait()

    assert INTRODUCTION_S <= trio.current_time() < INTRODUCTION_S + 5
    assert peer.closed[0] == Close.UNAUTHENTICATED


async def test_topics_that_are_not_allowed_are_told_and_hold_up_no_others(start, peer, autojump_clock):
    start(door=Doorman(Role.EDITOR))
    await peer.say("CONNECT", {"topics": ["tracks", "supervision"]}, "a")
    await peer.say("SUBSCRIBE", {"topics": ["logs", "jobs"]}, "b")
    await trio.testing.wait_all_tasks_blocked()

    assert peer.types() == ["WELCOME", "ERROR", "ERROR", "ACK"]
    assert [m["requestId"] for m in peer.heard] == ["a", "a", "b", "b"]
    assert {m["payload"]["code"] for m in peer.heard[1:3]} == {"FORBIDDEN"}
    assert peer.heard[3]["payload"]["topics"] == ["tracks", "jobs"]


async def test_without_topics_one_gets_all_that_one_may(start, peer, autojump_clock):
    start(door=Doorman(Role.LISTENER))
    await peer.say("CONNECT")
    await peer.say("UNSUBSCRIBE", {"topics": []})
    await trio.testing.wait_all_tasks_blocked()

    assert peer.heard[1]["payload"]["topics"] == ["tracks", "jobs", "player", "progress"]


async def test_one_who_may_not_stay_is_told_why_and_closed(start, peer, autojump_clock):
    door = Doorman()
    done = start(door=door)
    await peer.say("CONNECT")
    await trio.testing.wait_all_tasks_blocked()
    door.shut.set()
    await done.wait()

    assert peer.types() == ["WELCOME", "ERROR"]
    assert peer.closed == (Close.FORBIDDEN, "come again")


async def test_what_waits_for_a_client_goes_out_in_one_write(session_of, log, peer, nursery, autojump_clock):
    feed = Feed(log, queue_bytes=100_000)
    outlet = SlowOutlet()
    wire = Wire(receive=peer.receive, send=peer.send, close=peer.close, outlet=outlet, pulse=None)
    session = session_of(wire, feed=feed)
    nursery.start_soon(session.run)
    await peer.say("CONNECT")
    await trio.testing.wait_all_tasks_blocked()
    for seq in range(1, 21):
        feed.publish([Event(seq=seq, type="TRACK_ADDED", payload={}, at=datetime(2026, 3, 1, tzinfo=UTC))])
        await trio.sleep(0.01)
    await trio.sleep(1)

    client = Frames(ConnectionType.CLIENT)
    client.receive_data(b"".join(outlet.writes))
    assert [msgspec.json.decode(event.data)["seq"] for event in client.events()] == list(range(1, 21))
    assert len(outlet.writes) <= 4


async def test_who_leaves_is_told_nothing_more(start, peer, autojump_clock):
    done = start()
    await peer.say("CONNECT")
    await peer.out.aclose()
    await done.wait()

    assert (peer.closed, trio.current_time()) == (None, 0)
