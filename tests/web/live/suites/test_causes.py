"""Who is on the live feed, and why others left: on real sockets, with both servers."""

from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio_websocket import ConnectionClosed

from actors.model.user import LOCAL_CALLER
from web.connections import Cause, Kind

both_servers = pytest.mark.parametrize("lane", [True, False], ids=["the lane", "Hypercorn"])


async def left(here):
    """Wait for the first connection to end; gives its transport and cause."""
    with trio.fail_after(10):
        while not here.services.connections.left():  # noqa: ASYNC110 — it tells nobody
            await trio.sleep(0.01)
    assert here.services.connections.all() == ()
    (((kind, cause), number),) = here.services.connections.left().items()
    assert number == 1
    return kind, cause


async def closed(socket):
    with suppress(ConnectionClosed):
        while True:
            await socket.hear()


@both_servers
async def test_a_client_that_closes_has_left(live, lane):
    async with live(lane=lane) as here:
        async with here.socket() as socket:
            await socket.connect(device={"id": "k", "name": "kitchen"}, topics=["tracks"])
            (there,) = here.services.connections.all()
            assert (there.kind, there.device, there.caller) == (Kind.WEBSOCKET, "kitchen", LOCAL_CALLER)
            assert there.address == "127.0.0.1"
            assert there.subscription.topics == {"tracks"}

        assert await left(here) == (Kind.WEBSOCKET, Cause.LEFT)


@both_servers
@pytest.mark.parametrize("target, kind", [("events", Kind.SSE), ("events.ndjson", Kind.NDJSON)])
async def test_a_stream_that_is_closed_has_left(live, lane, target, kind):
    async with live(lane=lane) as here:
        async with here.stream(f"/api/v1/{target}?topics=tracks") as stream:
            await here.tell("TRACK_ADDED")
            await stream.messages(1)
            (there,) = here.services.connections.all()
            assert (there.kind, there.address, there.subscription.topics) == (kind, "127.0.0.1", {"tracks"})

        assert await left(here) == (kind, Cause.LEFT)


@both_servers
async def test_bad_messages_are_a_cause(live, lane):
    async with live(lane=lane) as here, here.socket() as socket:
        for _ in range(3):
            await socket.raw("{")
        await closed(socket)

        assert await left(here) == (Kind.WEBSOCKET, Cause.BAD_MESSAGES)


@both_servers
async def test_too_many_messages_are_a_cause(live, lane):
    async with live(lane=lane) as here, here.socket() as socket:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(closed, socket)
            with suppress(ConnectionClosed):
                for _ in range(10_000):
                    await socket.say("PING")

        assert await left(here) == (Kind.WEBSOCKET, Cause.TOO_MANY)


@both_servers
async def test_silence_is_a_cause(live, lane):
    async with live(lane=lane, heartbeat_s=0.1) as here:
        host, port = here.url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as silent:
            await silent.send_all(
                b"GET /ws HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % (host.encode(), port.encode())
            )

            assert await left(here) == (Kind.WEBSOCKET, Cause.SILENT)


@both_servers
async def test_a_token_that_lets_nobody_in_is_a_cause(live, lane):
    async with live(lane=lane) as here, here.socket() as socket:
        await socket.say("CONNECT", {"token": "nobody's"})
        await closed(socket)

        assert await left(here) == (Kind.WEBSOCKET, Cause.UNAUTHENTICATED)


@both_servers
async def test_too_slow_is_a_cause(live, lane):
    async with live(lane=lane, client_queue_bytes=100_000) as here, here.socket(receive_buffer=4096) as slow:
        await slow.connect()
        await here.tell(*["TRACK_ADDED"] * 100, size=100_000)
        await closed(slow)

        assert await left(here) == (Kind.WEBSOCKET, Cause.TOO_SLOW)


@both_servers
@pytest.mark.parametrize("kind", Kind)
async def test_a_client_that_takes_nothing_has_stalled(live, lane, kind):
    async with live(lane=lane, client_queue_bytes=50_000_000, stall_s=0.3) as here, held(here, kind):
        await here.tell(*["TRACK_ADDED"] * 6, size=3_000_000)

        assert await left(here) == (kind, Cause.STALLED)


@both_servers
@pytest.mark.parametrize("kind", Kind)
async def test_a_shutdown_is_a_cause(live, lane, kind):
    async with live(lane=lane) as here, held(here, kind):
        here.services.stopping.set()
        here.stop.set()

        assert await left(here) == (kind, Cause.SHUTDOWN)


@asynccontextmanager
async def held(here, kind):
    """A client of a transport that reads nothing more than the beginning."""
    if kind is Kind.WEBSOCKET:
        async with here.socket(receive_buffer=4096) as socket:
            await socket.connect()
            yield
    else:
        async with here.stream("/api/v1/events" if kind is Kind.SSE else "/api/v1/events.ndjson") as stream:
            await stream.line()
            yield
