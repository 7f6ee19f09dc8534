"""What the server itself refuses, in the one form, on real sockets."""

import json
from functools import partial

import h11
import hypercorn
import pytest
import trio

from web.errors import refused_by_server
from web.serving import Crowd, serve


async def hello(scope, receive, send):
    """An app that greets."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(params=[True, False], ids=["lane", "stock"])
async def port(nursery, request):
    """A way to serve, by the lane and by Hypercorn's own protocols; gives the port."""
    stop = trio.Event()

    async def start(keep_alive_s=0.2, **others):
        settings = hypercorn.Config()
        settings.bind = ["127.0.0.1:0"]
        settings.graceful_timeout = 0.2
        settings.keep_alive_timeout = keep_alive_s
        settings.loglevel = "CRITICAL"
        settings.h11_max_incomplete_size = 4096
        settings.include_server_header = False
        run = partial(
            serve, hello, settings, shutdown_trigger=stop.wait, refused=refused_by_server, lane=request.param, **others
        )
        (url,) = await nursery.start(run)
        return int(url.rpartition(":")[2])

    yield start
    stop.set()


async def told(stream):
    """The only answer on a connection that then ends: status, headers, problem."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    head, body = None, b""
    with trio.fail_after(10):
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await stream.receive_some())
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        assert await stream.receive_some() == b""
    return head.status_code, {str(name, "ascii"): str(value, "ascii") for name, value in head.headers}, json.loads(body)


@pytest.mark.parametrize(
    "sent, status, code",
    [
        (b"\x00\xff garbage\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: nonsense\r\n\r\n", 400, "BAD_REQUEST"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000, 431, "HEADERS_TOO_LARGE"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: half", 408, "REQUEST_TIMEOUT"),
    ],
    ids=["garbage", "no host", "two lengths", "unknown coding", "too large", "too slow"],
)
async def test_what_is_no_request_is_told_so_as_a_problem(port, sent, status, code):
    async with await trio.open_tcp_stream("127.0.0.1", await port(head_limit_s=1.5, keep_alive_s=1.0)) as stream:
        await stream.send_all(sent)
        answered, headers, problem = await told(stream)

    assert (answered, problem["status"], problem["code"]) == (status, status, code)
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-request-id"] == problem["requestId"]


async def test_a_head_that_comes_by_drops_is_cut_off_all_the_same(port):
    async with (
        await trio.open_tcp_stream("127.0.0.1", await port(head_limit_s=0.5)) as stream,
        trio.open_nursery() as nursery,
    ):

        async def drip():
            for byte in b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000:
                await stream.send_all(bytes([byte]))
                await trio.sleep(0.01)

        nursery.start_soon(drip)
        status, _, _ = await told(stream)
        nursery.cancel_scope.cancel()
    assert status == 408


async def test_a_connection_that_says_nothing_is_closed_without_a_word(port):
    async with await trio.open_tcp_stream("127.0.0.1", await port(head_limit_s=60.0)) as stream:
        with trio.fail_after(10):
            assert await stream.receive_some() == b""


async def test_a_head_that_takes_longer_than_an_idle_connection_may_is_served(port):
    async with await trio.open_tcp_stream("127.0.0.1", await port(head_limit_s=60.0)) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n")
        await trio.sleep(0.5)
        await stream.send_all(b"\r\n")
        with trio.fail_after(10):
            assert b"200" in await stream.receive_some()


async def test_one_connection_too_many_is_told_so_and_the_others_go_on(port):
    crowd = Crowd(most=1, most_per_address=9)
    number = await port(keep_alive_s=60.0, crowd=crowd)
    async with await trio.open_tcp_stream("127.0.0.1", number) as first:
        await first.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"200" in await first.receive_some()
        async with await trio.open_tcp_stream("127.0.0.1", number) as second:
            await second.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answered, headers, problem = await told(second)
        assert (answered, problem["code"], headers["retry-after"]) == (503, "OVERLOADED", "5")
        assert len(crowd) == 1
    with trio.fail_after(10):
        while True:  # the first is counted out when the server sees its end
            async with await trio.open_tcp_stream("127.0.0.1", number) as third:
                await third.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                if b" 200" in await third.receive_some():
                    break


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


@pytest.mark.parametrize("port", [False], indirect=True, ids=["stock"])
async def test_the_stock_protocols_speak_no_http_2(port):
    async with await trio.open_tcp_stream("127.0.0.1", await port()) as stream:
        await stream.send_all(PREFACE)
        with trio.fail_after(5):
            received = b""
            while data := await stream.receive_some():
                received += data

    assert received.startswith(b"HTTP/1.1 400 ")
