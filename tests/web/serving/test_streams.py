"""HTTP/2 holds to what HTTP/1.1 does: every connection, stream and wait has a bound, and one's failure is its own."""

import socket as sockets
import ssl
from contextlib import suppress
from functools import partial

import h2.events
import hypercorn
import pytest
import trio
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from tests.web.certificates import made
from tests.web.serving.second import begun, connected
from web.serving import Crowd, serve
from web.serving.inlet import PREFACE
from web.serving.line import Line
from web.serving.patience import BURDENS
from web.serving.refused import bare
from web.serving.streams import MOST_STREAMS, TABLE_BYTES, Streams


class App:
    """Echoes bodies; waits, floods, refuses or fails where it is asked to."""

    def __init__(self):
        self.asked = 0
        self.working = 0
        self.header = (b"x-number", b"0")
        """Of every answer."""

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        self.asked += 1
        self.working += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.working -= 1

    async def _answer(self, scope, receive, send):
        body, status = b"", 200
        if scope["path"] == "/fail":
            raise RuntimeError("a bug")
        if scope["path"] == "/wait":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if scope["path"] == "/refuse":
            status = 413
        elif scope["path"] == "/flood":
            body = b"x" * 1_000_000
        else:
            while (message := await receive())["type"] == "http.request":
                body += message["body"]
                if not message["more_body"]:
                    break
            body = body or scope["http_version"].encode()
        await send({"type": "http.response.start", "status": status, "headers": [self.header]})
        if scope["path"] == "/half":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("a bug")
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app():
    return App()


@pytest.fixture
async def started(nursery, app):
    """Start to serve; gives the address, the event that stops it and the one that says it has stopped."""

    async def start(*, keep_alive_s=5.0, graceful_s=0.5, pair=None, **others):
        config = hypercorn.Config()
        config.bind = ["127.0.0.1:0"]
        config.graceful_timeout = graceful_s
        config.keep_alive_timeout = keep_alive_s
        config.loglevel = "CRITICAL"
        if pair is not None:
            config.certfile, config.keyfile = str(pair.certificate), str(pair.key)
        stop, ended = trio.Event(), trio.Event()

        async def run(*, task_status):
            await serve(app, config, shutdown_trigger=stop.wait, task_status=task_status, **others)
            ended.set()

        (url,) = await nursery.start(partial(run))
        return url, stop, ended

    return start


async def test_by_its_preface_and_by_tls_it_is_answered(started, tmp_path):
    pair = made(tmp_path)
    plain, _, _ = await started()
    secure, _, _ = await started(pair=pair)
    for url, trusted in ((plain, None), (secure, ssl.create_default_context(cafile=str(pair.certificate)))):
        client = await connected(url, trusted=trusted)
        async with client.stream:
            assert await client.answer(await client.ask()) == (200, b"2")


async def test_a_body_and_an_answer_may_be_larger_than_any_window(started):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        number = await client.ask(method="POST", is_whole=False)
        rest = b"0123456789" * 30_000
        while rest:
            room = min(client.connection.local_flow_control_window(number), 16_384, len(rest))
            if not room:
                seen = len(client.events)
                await client.until(lambda seen=seen: len(client.events) > seen)
                continue
            client.connection.send_data(number, rest[:room], end_stream=room == len(rest))
            await client.flush()
            rest = rest[room:]

        assert await client.answer(number) == (200, b"0123456789" * 30_000)


async def test_an_app_that_does_not_read_holds_up_no_other_stream(started):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        stuck = await client.ask("/wait", method="POST", is_whole=False)
        for _ in range(3):
            client.connection.send_data(stuck, b"x" * 16_384)
        other = await client.ask(method="POST", is_whole=False)
        client.connection.send_data(other, b"hello", end_stream=True)
        await client.flush()

        assert await client.answer(other) == (200, b"hello")


async def test_who_goes_on_behind_a_refusal_is_heard_for_a_while_and_nothing_else_suffers(started, monkeypatch):
    monkeypatch.setattr("web.serving.patience.SKIP_BYTES", 5)
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        number = await client.ask("/refuse", method="POST", is_whole=False)
        assert await client.answer(number) == (413, b"")
        for _ in range(2):
            assert not client.of(number, h2.events.StreamReset)
            client.connection.send_data(number, b"more")
            await client.flush()
            assert await client.answer(await client.ask()) == (200, b"2")

        assert client.of(number, h2.events.StreamReset)[0].error_code == ErrorCodes.NO_ERROR
        assert await client.answer(await client.ask()) == (200, b"2")


@pytest.mark.parametrize(
    "path, method, status", [("/fail", "GET", 500), ("/", "TRACE", 405), ("/" + "a" * 9000, "GET", 414)]
)
async def test_a_refusal_is_its_streams_own(started, path, method, status):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        assert (await client.answer(await client.ask(path, method=method)))[0] == status
        assert await client.answer(await client.ask()) == (200, b"2")


async def test_half_an_answer_is_broken_off(started):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        number = await client.ask("/half")
        await client.answer(number)

        assert client.of(number, h2.events.StreamReset)
        assert not client.of(number, h2.events.StreamEnded)


async def test_no_header_of_an_app_spoils_the_heads_that_follow(started, app):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        for name in (b"te", b"proxy-connection", b"x"):
            app.header = (name, b"gzip")
            assert await client.answer(await client.ask()) == (200, b"2")


async def test_a_peer_that_takes_nothing_loses_the_stream_alone(started, app):
    url, _, _ = await started(stall_s=0.2)
    client = await connected(url, window=0)
    async with client.stream:
        number = await client.ask("/flood")
        await client.answer(number)
        await wait_all_tasks_blocked()

        assert client.of(number, h2.events.StreamReset)
        assert not client.has_ended
        assert app.working == 0


async def test_each_stream_counts_as_a_connection(started):
    crowd = Crowd(most=3, most_per_address=3)
    url, _, _ = await started(crowd=crowd)
    client = await connected(url)
    async with client.stream:
        waiting = [await client.ask("/wait") for _ in range(2)]
        assert (await client.answer(await client.ask()))[0] == 503
        client.connection.reset_stream(waiting[0])
        await client.flush()
        await wait_all_tasks_blocked(0.05)

        assert (await client.answer(await client.ask()))[0] == 200
    await wait_all_tasks_blocked(0.05)
    assert len(crowd) == 0


async def test_who_opens_and_resets_gets_no_more_work_done_than_others(started, app):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        for _ in range(3 * BURDENS):
            number = client.connection.get_next_available_stream_id()
            head = [(":method", "GET"), (":path", "/wait"), (":scheme", "http"), (":authority", "a.example")]
            client.connection.send_headers(number, head, end_stream=True)
            client.connection.reset_stream(number)
        await client.flush()
        await client.until(lambda: client.goodbye is not None)

        assert client.goodbye == ErrorCodes.ENHANCE_YOUR_CALM
        assert app.asked <= BURDENS + MOST_STREAMS
    await wait_all_tasks_blocked(0.05)
    assert app.working == 0


async def test_a_peer_that_leaves_ends_all_that_was_done_for_it(started, app):
    url, _, _ = await started()
    client = await connected(url)
    for _ in range(5):
        await client.ask("/wait")
    await wait_all_tasks_blocked(0.05)
    assert app.working == 5
    await client.stream.aclose()
    await wait_all_tasks_blocked(0.05)

    assert app.working == 0


async def test_who_changes_its_settings_for_ever_is_sent_away(started):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        for size_bytes in range(BURDENS + 1):
            client.connection.update_settings({SettingCodes.HEADER_TABLE_SIZE: size_bytes})
        await client.flush()
        await client.until(lambda: client.goodbye is not None)

        assert client.goodbye == ErrorCodes.ENHANCE_YOUR_CALM


async def test_no_more_former_headers_are_remembered_than_the_standard_has_by_default(started, app):
    url, _, _ = await started()
    client = await connected(url)
    async with client.stream:
        client.connection.update_settings({SettingCodes.HEADER_TABLE_SIZE: 2**32 - 1})
        await client.flush()
        for number in range(200):
            app.header = (b"x-number", b"%032d" % number)
            assert await client.answer(await client.ask()) == (200, b"2")

        assert client.connection.decoder.header_table.maxsize == TABLE_BYTES
        assert client.connection.decoder.header_table._current_size <= TABLE_BYTES


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload


@pytest.mark.parametrize("piece", [b"", b"x" * 16_384], ids=["empty", "full"])
async def test_a_head_that_goes_on_and_on_ends_its_connection(started, app, piece):
    url, _, _ = await started(keep_alive_s=60)
    client = await connected(url)
    headers, continuation = 1, 9

    async def flood():
        with suppress(trio.BrokenResourceError):
            while True:
                await client.stream.send_all(frame(continuation, 0, 1, piece))

    async with client.stream, trio.open_nursery() as flooding:
        await client.stream.send_all(frame(headers, 0, 1, b"\x82"))
        flooding.start_soon(flood)
        with trio.fail_after(5), suppress(trio.BrokenResourceError):
            while await client.stream.receive_some():
                pass
        flooding.cancel_scope.cancel()

    assert app.asked == 0
    other = await connected(url)
    async with other.stream:
        assert await other.answer(await other.ask()) == (200, b"2")


@pytest.mark.parametrize("begun", [b"", b"\x00\x00\x05\x01\x00\x00\x00\x00\x01\x82"], ids=["idle", "within a head"])
async def test_an_idle_connection_is_told_goodbye_and_closed(started, begun):
    url, _, _ = await started(keep_alive_s=0.2)
    client = await connected(url)
    async with client.stream:
        await client.stream.send_all(begun)
        await client.until(lambda: client.has_ended)

        assert client.goodbye == ErrorCodes.NO_ERROR


async def test_shutdown_ends_idle_ones_at_once_and_the_others_after_their_answer_or_at_the_deadline(started):
    url, stop, ended = await started()
    idle, busy = await connected(url), await connected(url)
    async with idle.stream, busy.stream:
        await idle.answer(await idle.ask())
        number = await busy.ask(method="POST", is_whole=False)
        stuck = await connected(url)
        await stuck.ask("/wait")
        await wait_all_tasks_blocked(0.05)
        stop.set()
        await idle.until(lambda: idle.has_ended)
        refused = await busy.ask()
        busy.connection.send_data(number, b"hello", end_stream=True)
        await busy.flush()
        await busy.until(lambda: busy.has_ended)
        with trio.fail_after(5):
            await ended.wait()
        await stuck.stream.aclose()

    assert idle.goodbye == busy.goodbye == ErrorCodes.NO_ERROR
    assert busy.of(refused, h2.events.StreamReset)[0].error_code == ErrorCodes.REFUSED_STREAM
    assert busy.body(number) == b"hello"


async def test_what_comes_in_the_moment_of_the_end_may_be_asked_again(app, nursery):
    ours, theirs = sockets.socketpair()

    class Ending(Line):
        async def receive_some(self, max_bytes=None):
            data = await super().receive_some(max_bytes)
            streams.end()
            return data

    streams = Streams(
        app=app,
        config=hypercorn.Config(),
        line=Ending(trio.SocketStream(trio.socket.from_stdlib_socket(ours))),
        state={},
        scheme="http",
        client=None,
        server=None,
        crowd=Crowd(most=9, most_per_address=9),
        refused=bare,
    )
    async with trio.SocketStream(trio.socket.from_stdlib_socket(theirs)) as stream:
        client = begun(stream)
        await client.ask()
        nursery.start_soon(streams.run)
        await client.until(lambda: client.has_ended)

    assert app.asked == 0
    assert [event.last_stream_id for event in client.events if isinstance(event, h2.events.ConnectionTerminated)] == [0]


async def test_http_2_that_begins_within_a_shutdown_ends_at_once(started):
    url, stop, ended = await started(graceful_s=60)
    host, port = url.partition("://")[2].split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(PREFACE[:9])
        await wait_all_tasks_blocked(0.05)
        stop.set()
        await wait_all_tasks_blocked(0.05)
        await stream.send_all(PREFACE[9:] + b"SM\r\n\r\n" + frame(4, 0, 0, b""))
        with trio.fail_after(5):
            await ended.wait()


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"])
async def test_a_handshake_that_is_none_ends_in_time_and_delays_no_shutdown(started, tmp_path, first):
    url, stop, ended = await started(pair=made(tmp_path))
    host, port = url.partition("://")[2].split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(first)
        await wait_all_tasks_blocked(0.05)
        stop.set()
        with trio.fail_after(5):
            await ended.wait()


async def test_who_speaks_plainly_where_https_is_spoken_is_told_so(started, tmp_path):
    url, _, _ = await started(pair=made(tmp_path))
    host, port = url.partition("://")[2].split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with trio.fail_after(5):
            answer = b"".join([piece async for piece in stream])

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"https alone" in answer


_frames = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 255), st.integers(0, 9), st.binary(max_size=40)), max_size=20
)


@given(frames=_frames)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_frames_end_more_than_their_connection(frames):
    async def run():
        app, crowd = App(), Crowd(most=10, most_per_address=10)
        config = hypercorn.Config()
        config.bind = ["127.0.0.1:0"]
        config.graceful_timeout = 0.1
        failures = []
        config.log.exception = lambda *said: failures.append(said)
        async with trio.open_nursery() as nursery:
            (url,) = await nursery.start(partial(serve, app, config, crowd=crowd))
            client = await connected(url)
            sent = b"".join(frame(*one) for one in frames)
            async with client.stream:
                await client.stream.send_all(sent)
            other = await connected(url)
            assert await other.answer(await other.ask()) == (200, b"2")
            await other.stream.aclose()
            nursery.cancel_scope.cancel()
        assert failures == []

    trio.run(run)
