"""Accepting connections and ending them, on real sockets."""

import contextlib
import socket as sockets
import ssl
from functools import partial

import httpx
import hypercorn
import pytest
import trio

from tests.web.certificates import made
from web.serving import serve


async def answer(send, body=b"hello"):
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class App:
    """Answers, floods, waits or accepts a socket; knows when it was started and ended."""

    def __init__(self):
        self.happened = []
        self.in_flight = trio.Event()
        self.states = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            self.happened.append("startup")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.happened.append("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await receive()
        elif scope["path"] == "/flood":
            self.in_flight.set()
            await answer(send, b"x" * 50_000_000)
        elif scope["path"] == "/wait":
            self.in_flight.set()
            await trio.sleep_forever()
        elif scope["path"] == "/fail":
            raise RuntimeError("a bug")
        else:
            self.states.append(scope["state"])
            await answer(send)


@pytest.fixture
def app():
    return App()


@pytest.fixture
def config():
    settings = hypercorn.Config()
    settings.bind = ["127.0.0.1:0"]
    settings.graceful_timeout = 0.2
    settings.loglevel = "CRITICAL"
    return settings


@pytest.fixture(params=[True, False], ids=["lane", "stock"])
async def started(nursery, app, config, request):
    """Start serving, by the lane and by Hypercorn's own protocols; gives the address, the event that stops it and the one that says it has stopped."""

    async def start(**others):
        stop, ended = trio.Event(), trio.Event()

        async def run(*, task_status):
            await serve(app, config, shutdown_trigger=stop.wait, task_status=task_status, lane=request.param, **others)
            ended.set()

        (url,) = await nursery.start(partial(run))
        return url, stop, ended

    return start


async def dial(url, receive_buffer=4096):
    host, port = url.partition("://")[2].split(":")
    plain = trio.socket.socket()
    plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
    await plain.connect((host, int(port)))
    return trio.SocketStream(plain)


async def test_it_answers_and_ends_with_the_lifespan_last(app, started):
    url, stop, ended = await started()
    async with httpx.AsyncClient() as client:
        assert (await client.get(url)).text == "hello"
        stop.set()
        await ended.wait()

    assert app.happened == ["startup", "shutdown"]
    assert app.states[0]["line"].heard_at > 0


# Hypercorn forgets the socket that it could not bind.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_taken_address_is_an_error_before_anything_starts(app, config):
    with sockets.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config.bind = [f"127.0.0.1:{taken.getsockname()[1]}"]
        with pytest.raises(OSError, match="in use"):
            await serve(app, config)

    assert app.happened == []


UPGRADE_WITH_BODY = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Content-Length: 13\r\n\r\nthirteen byte"
)


@pytest.mark.parametrize(
    "request_",
    [UPGRADE_WITH_BODY, b"GET /fail HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00\xff garbage\r\n\r\n"],
    ids=["an upgrade with a body", "a bug", "garbage"],
)
async def test_one_connections_failure_is_its_own(started, request_):
    url, _, _ = await started()
    async with await dial(url) as stream, httpx.AsyncClient() as client:
        await stream.send_all(request_)
        with trio.move_on_after(0.5):
            await stream.receive_some()

        assert (await client.get(url)).text == "hello"


@pytest.fixture
def secure(config, tmp_path):
    """Have the server speak https; gives what trusts it."""
    pair = made(tmp_path)
    config.certfile, config.keyfile = str(pair.certificate), str(pair.key)
    return ssl.create_default_context(cafile=str(pair.certificate))


async def test_over_tls_the_end_is_told_by_a_word_and_not_by_silence(started, secure):
    url, _, _ = await started()
    # Not lenient: an end without close_notify, which anybody on the way could make, is an error to it.
    async with trio.SSLStream(await dial(url), secure, server_hostname="127.0.0.1") as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = b""
        with trio.fail_after(5):
            while data := await stream.receive_some():
                received += data

    assert received.endswith(b"hello")


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00"], ids=["nothing", "half a hello"])
async def test_a_handshake_that_does_not_come_to_its_end_is_cut(started, secure, config, first):
    config.ssl_handshake_timeout = 0.2
    url, _, _ = await started()
    async with await dial(url) as stream:
        await stream.send_all(first)
        with trio.fail_after(5), contextlib.suppress(trio.BrokenResourceError):
            assert await stream.receive_some() == b""


async def test_a_client_that_takes_nothing_is_cut(app, started):
    url, _, _ = await started(stall_s=0.1)
    async with await dial(url) as stream:
        await stream.send_all(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.in_flight.wait()
        await trio.sleep(0.5)  # five stalls
        with pytest.raises(trio.BrokenResourceError):  # noqa: PT012 — what the kernel still holds comes first
            while await stream.receive_some():
                pass


@pytest.mark.parametrize("path", ["/flood", "/wait"])
async def test_shutdown_waits_no_longer_than_its_grace(app, started, path):
    url, stop, ended = await started()
    async with await dial(url) as stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await app.in_flight.wait()
        stop.set()
        with trio.fail_after(5):  # a stalled write alone would take ten
            await ended.wait()

    assert app.happened == ["startup", "shutdown"]


async def test_cancellation_cuts_even_a_shielded_write(app, config, nursery):
    serving, ended = trio.CancelScope(), trio.Event()

    async def run(*, task_status):
        with serving:
            await serve(app, config, task_status=task_status)
        ended.set()

    (url,) = await nursery.start(run)
    # Leaving the block ends the write in any case: what does not end by itself fails here instead of hanging.
    async with await dial(url) as stream:
        await stream.send_all(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while b"xxx" not in received:
            received = await stream.receive_some()
        serving.cancel()
        with trio.fail_after(5):
            await ended.wait()


async def test_idle_connections_do_not_delay_the_end(started):
    url, stop, ended = await started()
    async with httpx.AsyncClient() as client:
        await client.get(url)
        stop.set()
        with trio.fail_after(5):
            await ended.wait()


async def test_no_connection_is_taken_after_the_end_began(started):
    url, stop, ended = await started()
    stop.set()
    await ended.wait()
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)


async def test_pipelined_requests_are_answered_in_order(started):
    url, _, _ = await started()
    async with await dial(url) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        received = b""
        with trio.fail_after(5):
            while received.count(b"hello") < 3:
                received += await stream.receive_some()
