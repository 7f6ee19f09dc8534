"""`/ws` on a real socket, with a client of another make."""

import contextlib
import json
from contextlib import asynccontextmanager

import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected

from web.live.messages import LIMIT_BYTES


async def closing(socket):
    """Hear until the close; gives the messages before it and its code."""
    heard = []
    while True:
        try:
            heard.append(await socket.hear())
        except ConnectionClosed as error:
            return heard, error.reason.code


async def test_events_come_with_their_numbers_as_they_happen(live):
    async with live() as here, here.socket() as socket:
        welcome = await socket.connect()
        assert welcome["heartbeatSeconds"] == here.services.config.heartbeat_s
        seqs = await here.tell("TRACK_ADDED", "SCAN_UPDATE")

        heard = [await socket.hear(), await socket.hear()]
        assert [(m["type"], m["seq"]) for m in heard] == [("TRACK_ADDED", seqs[0]), ("SCAN_UPDATE", seqs[1])]
        assert seqs[0] == welcome["seq"] + 1
        assert set(heard[0]) == {"type", "payload", "requestId", "timestamp", "version", "seq"}
        assert heard[0]["version"] == "1.0"


async def test_one_who_comes_back_gets_what_was_missed_and_no_more(live):
    async with live() as here:
        async with here.socket() as socket:
            seen = (await socket.connect())["seq"]
        missed = await here.tell(*["TRACK_ADDED"] * 300)
        async with here.socket() as socket:
            welcome = await socket.connect(since=seen)
            later = await here.tell("TRACK_ADDED")

            assert welcome["seq"] == missed[-1]
            assert [(await socket.hear())["seq"] for _ in range(301)] == missed + later


@pytest.mark.parametrize("since", [-1, 10**9, 10**30], ids=["negative", "beyond the newest", "beyond any number"])
async def test_a_number_that_cannot_be_continued_gives_resync_and_then_live(live, since):
    async with live() as here, here.socket() as socket:
        await here.tell("TRACK_ADDED")
        await socket.connect(since=since)
        resync = await socket.hear()
        (seq,) = await here.tell("TRACK_ADDED")

        assert resync["type"] == "RESYNC"
        assert "seq" not in resync
        assert resync["payload"]["newest"] == seq - 1
        assert (await socket.hear())["seq"] == seq


@pytest.mark.parametrize("since", ["7", 1.5, True, [1]], ids=repr)
async def test_a_since_that_is_no_integer_is_an_error_and_may_be_corrected(live, since):
    async with live() as here, here.socket() as socket:
        await socket.say("CONNECT", {"since": since}, "r1")
        error = await socket.hear()

        assert (error["type"], error["requestId"]) == ("ERROR", "r1")
        assert error["payload"]["code"] == "VALIDATION_ERROR"
        await socket.connect(since=0)


async def test_topics_are_chosen_at_connect_and_changed_later(live):
    async with live() as here, here.socket() as socket:
        await socket.connect(topics=["progress"])
        await here.tell("TRACK_ADDED", "SCAN_UPDATE")
        here.progress("track:a", 0.5)
        assert [(await socket.hear())["type"] for _ in range(2)] == ["SCAN_UPDATE", "PROGRESS_UPDATE"]

        await socket.say("SUBSCRIBE", {"topics": ["tracks"]}, "s1")
        ack = await socket.hear()
        assert (ack["type"], ack["requestId"], ack["payload"]) == ("ACK", "s1", {"topics": ["tracks", "progress"]})
        await socket.say("UNSUBSCRIBE", {"topics": ["progress"]}, "s2")
        assert (await socket.hear())["payload"] == {"topics": ["tracks"]}
        await here.tell("SCAN_UPDATE", "TRACK_ADDED")
        assert (await socket.hear())["type"] == "TRACK_ADDED"


BAD = {
    "malformed": ("{", "MALFORMED_JSON"),
    "empty": ("", "MALFORMED_JSON"),
    "deep": ("[" * 30_000, "MALFORMED_JSON"),
    "no object": ("[1]", "VALIDATION_ERROR"),
    "without a type": ('{"payload":{}}', "VALIDATION_ERROR"),
    "unknown type": ('{"type":"DANCE"}', "VALIDATION_ERROR"),
    "unknown topic": ('{"type":"CONNECT","payload":{"topics":["weather"]}}', "VALIDATION_ERROR"),
    "wrong version": ('{"type":"PING","version":"2.0"}', "VALIDATION_ERROR"),
    "oversized": (json.dumps({"type": "PING", "payload": {"filler": "x" * LIMIT_BYTES}}), "PAYLOAD_TOO_LARGE"),
    "megabytes": ("x" * 3_000_000, "PAYLOAD_TOO_LARGE"),
    "binary": (b"\x00\x01", "UNSUPPORTED_MEDIA_TYPE"),
    "empty binary": (b"", "UNSUPPORTED_MEDIA_TYPE"),
}


@pytest.mark.parametrize("message,code", BAD.values(), ids=BAD)
async def test_a_bad_message_is_answered_by_an_error_and_nothing_else_is_lost(live, message, code):
    async with live() as here, here.socket() as socket:
        await socket.connect()
        for _ in range(3):
            await socket.raw(message)
            error = await socket.hear()
            assert (error["type"], error["payload"]["code"]) == ("ERROR", code)
            await socket.say("PING", request_id="p")
            assert (await socket.hear())["type"] == "PONG"
        (seq,) = await here.tell("TRACK_ADDED")
        assert (await socket.hear())["seq"] == seq


async def test_three_bad_messages_in_a_row_close(live):
    async with live() as here, here.socket() as socket:
        await socket.connect()
        for _ in range(3):
            await socket.raw("{")
        heard, code = await closing(socket)

        assert [message["type"] for message in heard] == ["ERROR"] * 3
        assert code == 4022


async def test_too_many_messages_close(live):
    async with live() as here, here.socket() as socket:
        await socket.connect()
        with contextlib.suppress(ConnectionClosed):
            for _ in range(2_000):
                await socket.say("PING")
        heard, code = await closing(socket)

        assert code == 4009
        assert heard[-1]["payload"]["code"] == "RATE_LIMITED"


@asynccontextmanager
async def bare_socket(here):
    """A stream behind the handshake, without a library that answers pings."""
    host, port = here.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(
            b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await stream.receive_some(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        yield stream


PING = b"\x89\x00"
MASKED_PONG = b"\x8a\x80\x00\x00\x00\x00"


async def test_pongs_alone_keep_a_client_that_says_nothing(live):
    async with live(heartbeat_s=0.3) as here, bare_socket(here) as stream:
        with trio.fail_after(10):
            for _ in range(4):  # two silent ones would end it
                assert await stream.receive_some(2) == PING
                await stream.send_all(MASKED_PONG)


async def test_a_peer_that_does_not_even_answer_pings_is_closed(live):
    async with live(heartbeat_s=0.1) as here, bare_socket(here) as stream:
        received = b""
        with trio.fail_after(10):
            while b"silent" not in received:
                received += await stream.receive_some()

        assert received.endswith(b"\x88\x08" + (4000).to_bytes(2, "big") + b"silent")


MASK = b"\x00\x00\x00\x00"
BROKEN_FRAMES = {
    "not UTF-8": b"\x81\x82" + MASK + b"\xff\xfe",
    "without a mask": b"\x81\x02hi",
    "a reserved opcode": b"\x83\x80" + MASK,
    "a reserved bit": b"\xf1\x80" + MASK,
    "a control frame in pieces": b"\x09\x80" + MASK,
    "a control frame too long": b"\x89\xfe\x00\x7e" + MASK + b"x" * 126,
    "a length without end": b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + MASK,
    "a close code that is none": b"\x88\x82" + MASK + b"\x00\x01",
    "the middle of nothing": b"\x80\x80" + MASK,
}


@pytest.mark.parametrize("frame", BROKEN_FRAMES.values(), ids=BROKEN_FRAMES)
async def test_a_broken_frame_ends_its_own_connection_only(live, frame):
    async with live() as here, here.socket() as other:
        await other.connect()
        async with bare_socket(here) as stream:
            await stream.send_all(b"\x81\x92" + MASK + b'{"type":"CONNECT"}' + frame)
            with trio.fail_after(10), contextlib.suppress(trio.BrokenResourceError):
                while await stream.receive_some():
                    pass
        (seq,) = await here.tell("TRACK_ADDED")

        assert (await other.hear())["seq"] == seq


async def test_a_slow_client_is_told_and_closed_and_nobody_else_notices(live):
    async with live(client_queue_bytes=500_000) as here, here.socket(receive_buffer=4096) as slow:
        await slow.connect()
        seen = []
        async with here.socket() as quick:
            await quick.connect()
            for _ in range(30):
                seqs = await here.tell(*["TRACK_ADDED"] * 4, size=100_000)
                seen.append([(await quick.hear())["seq"] for _ in seqs] == seqs)
        assert all(seen)
        assert here.services.feed.statistics().too_slow == 1

        heard, code = await closing(slow)
        assert heard[-1]["type"] == "RESYNC"
        assert code == 4008
        seqs = [message["seq"] for message in heard[:-1]]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_a_client_that_takes_nothing_is_cut(live):
    async with live(client_queue_bytes=500_000, stall_s=0.3) as here, here.socket(receive_buffer=4096) as stuck:
        await stuck.connect()
        await here.tell(*["TRACK_ADDED"] * 100, size=100_000)
        with trio.fail_after(10):
            while here.services.feed.statistics().subscribers:  # noqa: ASYNC110 — it tells nobody
                await trio.sleep(0.01)


async def test_shutdown_says_goodbye_and_closes(live):
    async with live() as here, here.socket() as socket:
        await socket.connect()
        here.services.stopping.set()
        here.stop.set()
        heard, code = await closing(socket)

        assert code == 1001
        assert heard[-1]["type"] == "GOODBYE"
        assert heard[-1]["payload"]["reason"] == "shutting down"
        assert 1 <= heard[-1]["payload"]["retrySeconds"] <= 5


async def test_shutdown_does_not_wait_for_a_client_that_does_not_read(live):
    async with live(grace_s=0.3) as here, here.socket(receive_buffer=4096) as stuck:
        await stuck.connect()
        await here.tell(*["TRACK_ADDED"] * 100, size=100_000)
        here.services.stopping.set()
        here.stop.set()
        with trio.fail_after(8):  # the write alone would be waited for 10 s
            await here.ended.wait()


async def test_the_frame_under_way_is_finished_before_the_goodbye(live):
    async with live(client_queue_bytes=50_000_000) as here, here.socket(receive_buffer=4096) as slow:
        await slow.connect()
        seqs = await here.tell(*["TRACK_ADDED"] * 5, size=3_000_000)
        await trio.testing.wait_all_tasks_blocked(0.1)  # the kernel takes no more of the first
        here.services.stopping.set()
        here.stop.set()
        heard, code = await closing(slow)

        assert [message["seq"] for message in heard[:-1]] == seqs[: len(heard) - 1] != []
        assert heard[-1]["type"] == "GOODBYE"
        assert code == 1001


async def test_a_client_that_leaves_is_forgotten(live):
    async with live() as here:
        async with here.socket() as socket:
            await socket.connect()
            assert here.services.feed.statistics().subscribers == 1
        with trio.fail_after(5):
            while here.services.feed.statistics().subscribers:  # noqa: ASYNC110 — it tells nobody
                await trio.sleep(0.01)


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
async def test_pages_of_other_sites_may_not_connect(live, origin):
    async with live() as here:
        with pytest.raises(ExceptionGroup) as refused:
            async with here.socket(Origin=origin):
                pass

        rejected = refused.value.exceptions[0]
        assert isinstance(rejected, ConnectionRejected)
        assert rejected.status_code == 403


async def test_the_own_page_may_connect(live):
    async with live() as here, here.socket(Origin=here.url) as socket:
        await socket.connect()


async def test_a_flood_of_pings_and_events_at_once_is_answered_in_full(live):
    async with live() as here, here.socket() as socket:
        await socket.say("CONNECT")
        for number in range(200):
            await socket.say("PING", request_id=str(number))
        seqs = await here.tell(*["TRACK_ADDED"] * 200)
        heard = [await socket.hear() for _ in range(401)]

        assert heard[0]["type"] == "WELCOME"
        assert [m["requestId"] for m in heard if m["type"] == "PONG"] == [str(number) for number in range(200)]
        assert [m["seq"] for m in heard if m["type"] == "TRACK_ADDED"] == seqs


async def test_a_request_of_http_is_told_that_a_socket_is_here(live, refused):
    async with live() as here:
        told = refused(await here.client.get("/ws"), 400, "BAD_REQUEST")
        assert "WebSocket" in told["message"]
