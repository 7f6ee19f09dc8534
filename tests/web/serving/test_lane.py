"""Requests one after the other on one connection, with real bytes on real sockets."""

import contextlib
import json
import socket as sockets
import struct

import h11
import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from web.serving import inlet
from web.serving.again import EXTENSION

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def answers(data: bytes, *methods: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each answer, as h11 reads them as a client."""
    found = []
    client = h11.Connection(h11.CLIENT)
    client.receive_data(data)
    client.receive_data(b"")
    for method in methods:
        headers = [("Host", "a"), *([("Content-Length", "0")] if method == b"POST" else [])]
        client.send(h11.Request(method=method, target="/", headers=headers))
        client.send(h11.EndOfMessage())
        status, body = 0, b""
        while not isinstance(event := client.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
        found.append((status, body))
        if client.our_state is h11.DONE and client.their_state is h11.DONE:
            client.start_next_cycle()
    return found


async def test_a_request_is_answered_and_the_connection_goes_on(peer) -> None:
    await peer.send(GET)
    first = await peer.until(b"}")
    await peer.send(LAST)
    second = await peer.rest()

    assert first.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: ")
    assert b"connection:" not in first
    assert b"\r\nconnection: close\r\n" in second
    assert [json.loads(body)["path"] for _, body in answers(first + second, b"GET", b"GET")] == ["/a", "/last"]


async def test_requests_sent_ahead_are_answered_in_order(peer) -> None:
    posts = b"".join(b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx%dy" % (n, n) for n in range(5))
    await peer.send(b"\r\n" + posts + LAST)
    told = answers(await peer.rest(), *[b"GET"] * 6)

    assert [json.loads(body)["body"] for _, body in told] == ["x0y", "x1y", "x2y", "x3y", "x4y", ""]


async def test_a_body_in_chunks_is_read(peer) -> None:
    await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
    await wait_all_tasks_blocked()
    await peer.send(b"lo\r\n1\r\n!\r\n0\r\n\r\n" + LAST)

    assert json.loads(answers(await peer.rest(), b"GET", b"GET")[0][1])["body"] == "hello!"


async def test_a_peer_that_waits_is_told_to_go_on(peer) -> None:
    await peer.send(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    assert await peer.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await peer.send(b"ok")

    assert json.loads(answers(await peer.rest(), b"GET")[0][1])["body"] == "ok"


async def test_a_body_that_nobody_asks_for_is_not_waited_for(connect) -> None:
    async def refuse(scope, receive, send):
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    async with connect(refuse) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000\r\nExpect: 100-continue\r\n\r\n")
        told = await peer.until(b"no")

        assert told.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in told


async def test_a_short_body_that_the_app_left_is_read_past(connect) -> None:
    async def ignore(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async with connect(ignore) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + LAST)

        assert answers(await peer.rest(), b"GET", b"GET") == [(200, b"ok"), (200, b"ok")]


@pytest.mark.parametrize(
    "sent,begins",
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
        (b"\x16\x03\x01\x02\x00", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\nHost: a\n\n", b"HTTP/1.1 400 "),
        (b"GET /" + b"x" * 10_000, b"HTTP/1.1 414 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000, b"HTTP/1.1 431 "),
        (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 405 "),
        (GET + b"nonsense\r\n\r\n", b"HTTP/1.1 200 "),
    ],
    ids=["no host", "TLS", "bare LF", "long target", "long head", "TRACE", "behind a good one"],
)
async def test_what_is_no_request_is_refused_and_the_connection_ends(peer, sent, begins) -> None:
    await peer.send(sent)
    told = await peer.rest()

    assert told.startswith(begins)
    assert b"connection: close" in told
    assert b"<reset>" not in told


@pytest.mark.parametrize("body", [b"x\r\n", b"5\r\nhelloXX"])
async def test_a_malformed_body_is_refused(peer, body) -> None:
    await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + GET)

    assert answers(await peer.rest(), b"GET")[0][0] == 400


async def test_a_slow_head_is_refused(connect) -> None:
    async with connect(head_limit_s=0.05) as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHo")

        assert answers(await peer.rest(), b"GET")[0][0] == 408


async def test_a_silent_body_is_refused(peer, monkeypatch) -> None:
    monkeypatch.setattr(inlet, "SILENCE_LIMIT_S", 0.05)
    await peer.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")

    assert answers(await peer.rest(), b"GET")[0][0] == 408


async def test_an_idle_connection_ends_without_a_word(peer) -> None:
    peer.connection.config.keep_alive_timeout = 0.05

    assert await peer.rest() == b""


async def test_an_ending_server_closes_idle_connections_at_once(peer) -> None:
    await peer.send(GET)
    await peer.until(b"}")
    await wait_all_tasks_blocked()
    peer.connection.end()

    assert await peer.rest() == b""


async def test_an_ending_server_finishes_the_answer_under_way(connect) -> None:
    go_on = trio.Event()

    async def slow(scope, receive, send):
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    async with connect(slow) as peer:
        await peer.send(GET + GET)
        await wait_all_tasks_blocked()
        peer.connection.end()
        go_on.set()
        told = await peer.rest()

    assert told.count(b"HTTP/1.1 200") == 1
    assert b"connection: close" in told


async def test_a_peer_that_said_its_last_word_still_gets_its_answer(peer) -> None:
    await peer.send(GET)
    await peer.stream.send_eof()

    assert answers(await peer.rest(), b"GET")[0][0] == 200


async def test_an_app_learns_that_its_peer_left(connect, monkeypatch) -> None:
    monkeypatch.setattr(inlet, "HALF_CLOSED_S", 0.05)
    learned = trio.Event()

    async def listen(scope, receive, send):
        assert (await receive())["type"] == "http.request"
        assert await receive() == {"type": "http.disconnect"}
        learned.set()

    async with connect(listen) as peer:
        await peer.send(GET)
        await wait_all_tasks_blocked()
        await peer.stream.aclose()
        with trio.fail_after(10):
            await learned.wait()
            await peer.ended.wait()


async def test_listening_ends_with_the_answer(connect) -> None:
    async def both(scope, receive, send):
        assert (await receive())["type"] == "http.request"
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

    async with connect(both) as peer:
        await peer.send(GET + LAST)

        assert answers(await peer.rest(), b"GET", b"GET") == [(200, b"ok"), (200, b"ok")]


async def test_a_stream_goes_out_in_chunks_as_it_is_made(connect) -> None:
    async def stream(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"one", b"", b"two"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async with connect(stream) as peer:
        await peer.send(GET)
        assert await peer.until(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        await peer.send(b"GET / HTTP/1.0\r\n\r\n")
        old = await peer.rest()

    assert old.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in old


@pytest.mark.parametrize("method,status", [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
async def test_answers_without_a_body_have_none(connect, method, status) -> None:
    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b"must not go out"})

    async with connect(answer) as peer:
        await peer.send(method + b" / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        told = await peer.rest()

    assert told.endswith(b"\r\n\r\n")
    assert b"chunked" not in told


async def test_an_app_that_fails_is_told_as_such(connect) -> None:
    async def fail(scope, receive, send):
        raise RuntimeError("a bug")

    async with connect(fail) as peer:
        await peer.send(GET)

        assert answers(await peer.rest(), b"GET")[0][0] == 500


@pytest.mark.parametrize("length", [b"3", b"9"])
async def test_half_an_answer_breaks_the_connection(connect, length) -> None:
    async def lie(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": b"hel", "more_body": True})
        await send({"type": "http.response.body", "body": b"lo"})

    async with connect(lie) as peer:
        await peer.send(GET + GET)
        told = await peer.rest()

    assert told.count(b"HTTP/1.1") == 1


async def test_no_header_of_the_app_smuggles_another(connect) -> None:
    async def split(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y\r\nset-cookie: z")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async with connect(split) as peer:
        await peer.send(GET)
        told = await peer.rest()

    assert b"set-cookie" not in told


async def test_a_peer_that_takes_nothing_is_cut(connect) -> None:
    ended = trio.Event()

    async def flood(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 50_000_000})
        ended.set()

    async with connect(flood, stall_s=0.05) as peer:
        peer.stream.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        await peer.send(GET)
        with trio.fail_after(10):
            await ended.wait()
            await peer.ended.wait()


async def test_the_scope_says_who_asks_for_what(connect) -> None:
    scopes = []

    async def keep(scope, receive, send):
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with connect(keep) as peer:
        await peer.send(b"GET /%C3%A9?q=%20 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n")
        await peer.rest()

    (scope,) = scopes
    assert (scope["type"], scope["http_version"], scope["method"], scope["scheme"]) == ("http", "1.1", "GET", "http")
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/é", b"/%C3%A9", b"q=%20")
    assert [pair for pair in scope["headers"] if pair[0] == b"x-a"] == [(b"x-a", b"1"), (b"x-a", b"2")]
    assert (scope["client"], scope["server"]) == (("10.0.0.1", 1), ("a.example", 80))


POST = b"POST /x HTTP/1.1\r\nHost: a\r\n"
bodies = st.binary(max_size=30)
ordinary = st.one_of(
    st.just(POST + b"\r\n"),
    st.builds(lambda body: POST + b"Content-Length: %d\r\n\r\n%b" % (len(body), body), bodies),
    st.builds(
        lambda parts: (
            POST
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part)
            + b"0\r\n\r\n"
        ),
        st.lists(bodies, max_size=3),
    ),
)
odd = st.sampled_from(
    [
        POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhelloG",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length : 5\r\n\r\nhello",
        POST + b"Content-Length: 5\r\n\r\nhel",
        b"GET /x HTTP/1.0\r\n\r\n",
    ]
)


def seen_by_h11(data: bytes) -> list[bytes]:
    """Bodies of the requests that h11 reads to their ends, one after the other."""
    server, found = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20), []
    server.receive_data(data)
    server.receive_data(b"")
    try:
        while True:
            body = b""
            while not isinstance(event := server.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.ConnectionClosed) or event is h11.NEED_DATA or event is h11.PAUSED:
                    return found
                if isinstance(event, h11.Data):
                    body += bytes(event.data)
            found.append(body)
            server.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            server.send(h11.EndOfMessage())
            server.start_next_cycle()
    except h11.ProtocolError:
        return found


def seen_by_lane(connect, data: bytes, piece: int) -> list[bytes]:
    """Bodies of the requests that an app of the lane reads to their ends."""
    seen: list[bytes] = []

    async def keep(scope, receive, send):
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        seen.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def main() -> None:
        async with connect(keep) as peer:
            with contextlib.suppress(trio.BrokenResourceError):
                for start in range(0, len(data), piece):
                    await peer.send(data[start : start + piece])
                await peer.stream.send_eof()
            await peer.rest()

    trio.run(main)
    return seen


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.lists(ordinary, min_size=1, max_size=4).map(b"".join), st.integers(1, 40))
def test_requests_and_bodies_are_those_that_h11_sees(connect, data, piece) -> None:
    assert seen_by_lane(connect, data, piece) == seen_by_h11(data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.lists(ordinary | odd, min_size=1, max_size=4).map(b"".join), st.integers(1, 40))
def test_nothing_is_smuggled_past_what_h11_sees(connect, data, piece) -> None:
    seen = seen_by_lane(connect, data, piece)

    assert seen == seen_by_h11(data)[: len(seen)]


async def test_an_upgrade_to_http_2_is_passed_over(connect) -> None:
    async with connect() as peer:
        await peer.send(
            b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"
        )

        assert (await peer.until(b"}")).startswith(b"HTTP/1.1 200 ")


class Leaving:
    """An app that counts, and leaves for a head what it is told to."""

    def __init__(self, *left) -> None:
        self.left = list(left)
        self.called = 0
        self.offered = []

    async def __call__(self, scope, receive, send):
        self.called += 1
        leave = scope["extensions"].get(EXTENSION)
        self.offered.append(leave is not None)
        if leave is not None and self.left:
            leave(self.left.pop(0))
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"called"})


async def given():
    return b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n", b"given"


async def nothing():
    return None


async def failing():
    raise RuntimeError("no")


async def test_what_an_app_left_answers_the_same_head(connect) -> None:
    app = Leaving(given)
    async with connect(app) as peer:
        await peer.send(GET + GET + GET.replace(b"/a", b"/b") + GET + LAST)
        told = answers(await peer.rest(), *[b"GET"] * 5)

    assert [body for _, body in told] == [b"called", b"given", b"called", b"given", b"called"]
    assert app.called == 3


@pytest.mark.parametrize("left", [nothing, failing])
async def test_an_app_that_left_nothing_good_is_called_again(connect, left) -> None:
    app = Leaving(left, given)
    async with connect(app) as peer:
        await peer.send(GET * 3 + LAST)
        told = answers(await peer.rest(), *[b"GET"] * 4)

    assert [body for _, body in told] == [b"called", b"called", b"given", b"called"]


@pytest.mark.parametrize(
    "head",
    [
        b"HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        b"GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
)
async def test_nothing_can_be_left_for_what_may_mean_another_thing(connect, head) -> None:
    app = Leaving(given)
    async with connect(app) as peer:
        await peer.send(head + LAST)
        await peer.rest()

    assert not any(app.offered)


async def test_a_large_answer_given_again_comes_whole_to_a_slow_reader(connect) -> None:
    body = bytes(range(256)) * 20_000

    async def large():
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body), body

    async with connect(Leaving(large)) as peer:
        await peer.send(GET * 2)
        await wait_all_tasks_blocked()
        await peer.send(LAST)
        told = answers(await peer.rest(), *[b"GET"] * 3)

    assert [one for _, one in told] == [b"called", body, b"called"]


async def test_a_peer_that_takes_nothing_of_what_is_given_again_is_cut(connect) -> None:
    async def large():
        return b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n", b"x" * 10_000_000

    async with connect(Leaving(large), stall_s=0.1) as peer:
        await peer.send(GET * 2)
        with trio.fail_after(5):
            await peer.ended.wait()

        assert peer.connection.line.has_stalled


async def test_what_comes_in_the_very_moment_of_the_end_is_not_begun(connect) -> None:
    app = Leaving(given)
    async with connect(app) as peer:
        first_byte = peer.connection.inlet.first_byte

        async def ended_meanwhile():
            has_come = await first_byte()
            peer.connection.end()
            return has_come

        peer.connection.inlet.first_byte = ended_meanwhile
        await peer.send(GET)
        await peer.rest()

    assert app.called == 0


async def test_the_last_answer_is_never_one_given_again(connect) -> None:
    asked, ready = trio.Event(), trio.Event()

    async def slow():
        asked.set()
        await ready.wait()
        return await given()

    async with connect(Leaving(slow)) as peer:
        await peer.send(GET * 2)
        await asked.wait()
        peer.connection.end()
        ready.set()
        told = await peer.rest()

    assert told.endswith(b"called")
    assert b"connection: close" in told.rpartition(b"HTTP/1.1 200")[2]


async def test_a_peer_that_left_before_its_answer_was_given_again_ends_the_connection(connect) -> None:
    asked = trio.Event()

    async def slow():
        asked.set()
        await trio.testing.wait_all_tasks_blocked()
        return await given()

    async with connect(Leaving(slow)) as peer:
        await peer.send(GET * 2)
        await asked.wait()
        peer.stream.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
        await peer.stream.aclose()
        with trio.fail_after(5):
            await peer.ended.wait()
