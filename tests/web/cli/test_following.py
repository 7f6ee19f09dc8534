"""A client of the live feed that outlives every break."""

import contextlib
import json
from functools import partial

import hypercorn
import pytest
import trio
from trio_websocket import ConnectionClosed, serve_websocket

from actors.model.event import NewEvent
from tests.web.cli.listener import Listener
from web.application import create_app
from web.cli.following import Following, RefusedError
from web.serving import serve


class Told(Listener):
    """What a follower told."""

    def __init__(self):
        super().__init__()
        self.seqs = []
        self.types = []

    def take(self, text, message):
        self.types.append(message["type"])
        if "seq" in message:
            self.seqs.append(message["seq"])
        self.news.set()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def following(told):
    return lambda url, **others: Following(
        url=url, take=told.take, say=told.say, **{"topics": None, "since": None, **others}
    )


async def publish(services, count):
    newest = await services.store.events.add(*[NewEvent(type="TRACK_ADDED", payload={}) for _ in range(count)])
    services.feed.publish(await services.store.events.after(services.feed.newest, 1_000))
    return list(range(newest - count + 1, newest + 1))


async def test_events_are_told_as_they_come(served, following, told, nursery):
    nursery.start_soon(following(served.url).run)
    await told.until(lambda: told.notes)
    seqs = await publish(served.services, 3)
    await told.until(lambda: len(told.seqs) == 3)

    assert told.seqs == seqs
    nursery.cancel_scope.cancel()


async def test_topics_and_a_number_to_begin_after(served, following, told, nursery):
    seqs = await publish(served.services, 3)
    nursery.start_soon(following(served.url, since=seqs[0], topics=["tracks"]).run)
    await told.until(lambda: len(told.seqs) == 2)

    assert told.seqs == seqs[1:]
    nursery.cancel_scope.cancel()


async def test_a_service_that_goes_and_comes_back_is_followed_without_a_gap(served, following, told, nursery):
    services = served.services
    follower = None

    async def serving(bind, stop, *, task_status):
        settings = hypercorn.Config()
        settings.bind, settings.graceful_timeout, settings.loglevel = [bind], 0.5, "CRITICAL"
        await serve(create_app(services), settings, shutdown_trigger=stop.wait, task_status=task_status)

    stop = trio.Event()
    (url,) = await nursery.start(partial(serving, "127.0.0.1:0", stop))
    follower = following(url)
    nursery.start_soon(follower.run)
    await told.until(lambda: told.notes)
    seqs = await publish(services, 5)
    await told.until(lambda: len(told.seqs) == 5)
    stop.set()
    await told.until(lambda: any("trying again" in note for note in told.notes))
    seqs += await publish(services, 5)
    await nursery.start(partial(serving, url.removeprefix("http://"), trio.Event()))
    seqs += await publish(services, 5)
    await told.until(lambda: len(told.seqs) == 15)

    assert told.seqs == seqs
    nursery.cancel_scope.cancel()


async def test_lost_history_is_told_and_gone_on_from(served, following, told, nursery):
    follower = following(served.url, since=10**9)
    nursery.start_soon(follower.run)
    await told.until(lambda: "RESYNC" in told.types)
    seqs = await publish(served.services, 1)
    await told.until(lambda: told.seqs)

    assert told.seqs == seqs
    assert follower.since == seqs[-1]
    nursery.cancel_scope.cancel()


async def test_nobody_there_is_said_with_the_reason(following, told, nursery):
    nursery.start_soon(following("http://127.0.0.1:1").run)
    await told.until(lambda: told.notes)

    assert "http://127.0.0.1:1 is away (" in told.notes[0]
    assert "trying again in 0." in told.notes[0]
    nursery.cancel_scope.cancel()


async def test_one_that_is_no_rookery_refuses(served, following):
    with pytest.raises(RefusedError, match="status 404"):
        await following(f"{served.url}/elsewhere").run()


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "http://"])
async def test_an_address_that_is_none_is_refused(following, url):
    with pytest.raises(RefusedError, match="is no address"):
        await following(url).run()


async def listening(nursery, answer):
    """A WebSocket server of another make; gives its address."""
    server = await nursery.start(partial(serve_websocket, answer, "127.0.0.1", 0, ssl_context=None))
    return f"http://127.0.0.1:{server.port}"


async def test_a_line_that_falls_silent_is_asked_once_and_then_left(following, told, nursery, monkeypatch):
    monkeypatch.setattr("web.cli.following.SHORTEST_HEARTBEAT_S", 0.05)
    heard = []

    async def answer(request):
        connection = await request.accept()
        heard.append(json.loads(await connection.get_message())["type"])
        payload = {"session": "s", "seq": 7, "heartbeatSeconds": 0.05}
        await connection.send_message(json.dumps({"type": "WELCOME", "payload": payload}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                heard.append(json.loads(await connection.get_message())["type"])

    nursery.start_soon(following(await listening(nursery, answer)).run)
    await told.until(lambda: len(told.notes) == 2)

    assert heard[:2] == ["CONNECT", "PING"]
    assert "(the connection ended)" in told.notes[1]
    nursery.cancel_scope.cancel()


async def test_a_server_in_trouble_is_tried_again(following, told, nursery):
    async def answer(request):
        await request.reject(503)

    nursery.start_soon(following(await listening(nursery, answer)).run)
    await told.until(lambda: told.notes)

    assert "(status 503)" in told.notes[0]
    nursery.cancel_scope.cancel()


async def test_what_the_server_refuses_is_not_tried_again(following, nursery):
    async def answer(request):
        connection = await request.accept()
        await connection.get_message()
        await connection.send_message(
            json.dumps({"type": "ERROR", "payload": {"code": "X", "message": "no such topic"}})
        )
        with contextlib.suppress(ConnectionClosed):
            await connection.get_message()

    url = await listening(nursery, answer)
    with trio.fail_after(10), pytest.raises(RefusedError, match="no such topic"):
        await following(url).run()
    nursery.cancel_scope.cancel()


async def test_a_server_that_falls_silent_is_left_and_tried_again(following, told, nursery, monkeypatch):
    monkeypatch.setattr("web.cli.following.CONNECT_LIMIT_S", 0.2)
    async with await open_silence() as listener:
        host, port = listener.socket.getsockname()
        nursery.start_soon(following(f"http://{host}:{port}").run)
        await told.until(lambda: told.notes)

        assert "(no answer)" in told.notes[0]
        nursery.cancel_scope.cancel()


async def open_silence():
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    return listener
