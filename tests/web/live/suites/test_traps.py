"""What is in the table of traps and has no test elsewhere; on real sockets, over both servers where both can."""

import ast
import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
import trio
from quart_trio import QuartTrio
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from tests.web.live.suites.traps import TRAPS

TOP = Path(__file__).parents[4]
both_servers = pytest.mark.parametrize("lane", [True, False], ids=["lane", "stock"])
SCOPES = re.compile(r"open_nursery|CancelScope|move_on_|fail_a")


def test_every_trap_has_its_tests() -> None:
    assert list(TRAPS) == list(range(1, 15))
    for number, trap in TRAPS.items():
        assert trap.tests, number
        for name in trap.tests:
            path, _, test = name.partition("::")
            assert f"def {test}(" in (TOP / path).read_text(encoding="utf-8"), name


@asynccontextmanager
async def dialed(url: str):
    """A plain stream to a server."""
    host, port = url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        yield stream


async def rest(stream: trio.SocketStream) -> bytes:
    """All that still comes until the other side closes; fails if it does not."""
    got = b""
    with trio.fail_after(10):
        while data := await stream.receive_some():
            got += data
    return got


@both_servers
async def test_a_client_that_stops_reading_delays_nobody(live, lane):
    async with live(lane=lane, client_queue_bytes=50_000_000) as here, here.socket(receive_buffer=4096) as stuck:
        await stuck.connect()
        async with here.socket() as quick, here.stream("/api/v1/events") as stream:
            await quick.connect()
            for _ in range(10):
                seqs = await here.tell("TRACK_ADDED", size=1_000_000)
                assert [(await quick.hear())["seq"]] == seqs
                assert [message["seq"] for message in await stream.messages(1)] == seqs
            assert (await here.client.get("/livez")).status_code == 200


@both_servers
async def test_pings_are_answered_whatever_waits(live, lane):
    async with live(lane=lane) as here, dialed(here.url) as stream:
        client = WSConnection(ConnectionType.CLIENT)
        await stream.send_all(client.send(Request(host="127.0.0.1", target="/ws")))
        client.receive_data(await stream.receive_some())
        assert [type(event) for event in client.events()] == [AcceptConnection]
        said = client.send(TextMessage('{"type": "CONNECT"}'))
        said += b"".join(client.send(TextMessage('{"type": "GET_CACHE_STATS"}')) for _ in range(300))
        await stream.send_all(said + client.send(Ping(b"are you there?")))
        got = b""
        with trio.fail_after(10):
            while b"are you there?" not in got:
                got += await stream.receive_some()


@both_servers
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events.ndjson"])
async def test_no_stream_is_cut_by_the_time_that_answers_have(live, lane, path, monkeypatch):
    monkeypatch.setattr(QuartTrio, "default_config", {**QuartTrio.default_config, "RESPONSE_TIMEOUT": 0.2})
    async with live(lane=lane) as here, here.stream(path) as stream:
        for _ in range(5):
            await trio.sleep(0.1)  # five halves of what is left to ordinary answers
            seqs = await here.tell("TRACK_ADDED")
            assert [message["seq"] for message in await stream.messages(1)] == seqs


async def test_a_recording_may_be_taken_slowly(store, served_over, shelf, monkeypatch):
    monkeypatch.setattr(QuartTrio, "default_config", {**QuartTrio.default_config, "RESPONSE_TIMEOUT": 0.2})
    size = 20_000_000
    track_id = await shelf.put("long.mp3", b"x" * size)
    async with served_over(store) as served, dialed(served.url) as stream:
        await stream.send_all(f"GET /api/v1/tracks/{track_id}/audio HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        got, pauses = 0, 0
        with trio.fail_after(20):
            while got < size:
                got += len(await stream.receive_some(1_000_000))
                if pauses < 5:
                    pauses += 1
                    await trio.sleep(0.1)
    assert got >= size


@both_servers
async def test_commands_survive_the_client_that_sent_them(live, lane):
    async with live(lane=lane) as here:
        async with dialed(here.url) as stream:
            client = WSConnection(ConnectionType.CLIENT)
            await stream.send_all(client.send(Request(host="127.0.0.1", target="/ws")))
            client.receive_data(await stream.receive_some())
            list(client.events())
            told = ('{"type": "CONNECT"}', '{"type": "SET_VOLUME", "payload": {"volume": 0.25}}')
            await stream.send_all(b"".join(client.send(TextMessage(text)) for text in told))
        await volume_is(here, 0.25)


@both_servers
async def test_a_write_survives_the_client_that_asked_for_it(live, lane):
    async with live(lane=lane) as here:
        body = b'{"type": "SET_VOLUME", "payload": {"volume": 0.75}}'
        head = b"POST /api/v1/player HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        async with dialed(here.url) as stream:
            await stream.send_all(head % len(body) + body)
        await volume_is(here, 0.75)


async def volume_is(here, volume: float) -> None:
    """Wait until the player is so loud."""
    with trio.fail_after(10):
        while (await here.client.get("/api/v1/player")).json()["volume"] != volume:  # noqa: ASYNC110 — it tells nobody
            await trio.sleep(0.02)


async def test_an_error_among_cancellations_is_logged_and_told_as_ours(served, refused):
    async def fail() -> None:
        raise RuntimeError("the real one")

    async def trap():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(fail)

    served.app.add_url_rule("/api/v1/trap", view_func=trap)
    with structlog.testing.capture_logs() as logs:
        told = refused(await served.client.get("/api/v1/trap"), 500, "INTERNAL")

    assert "the real one" not in told["message"]
    assert any("the real one" in repr(entry.get("exc_info")) for entry in logs), logs


def test_no_task_runs_outside_the_tree() -> None:
    """What a framework runs in the background fails in silence; here every task has a nursery that hears of it."""
    for path in (*(TOP / "web").rglob("*.py"), *(TOP / "actors").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"add_background_task|before_serving|while_serving", text), path


def bodies(path: Path) -> Iterator[ast.AsyncFunctionDef]:
    """The asynchronous generators of a module that are no context managers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AsyncFunctionDef) and "contextmanager" not in ast.unparse(node.decorator_list or []):
            yield node


def yields_in_scope(function: ast.AsyncFunctionDef) -> list[int]:
    """Lines where a generator yields with a nursery or a deadline open."""
    return [
        inner.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.With | ast.AsyncWith) and any(SCOPES.search(ast.unparse(item)) for item in node.items)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Yield)
    ]


def test_no_scope_is_open_while_a_body_yields() -> None:
    found = {
        f"{path.relative_to(TOP)}:{line}"
        for path in (TOP / "web").rglob("*.py")
        for function in bodies(path)
        for line in yields_in_scope(function)
    }
    assert found == set()


async def handshake(stream: trio.SocketStream) -> tuple[WSConnection, list]:
    """Offer compression; gives the client and the extensions that were agreed on."""
    client = WSConnection(ConnectionType.CLIENT)
    await stream.send_all(client.send(Request(host="127.0.0.1", target="/ws", extensions=[PerMessageDeflate()])))
    client.receive_data(await stream.receive_some())
    [accepted] = client.events()
    assert isinstance(accepted, AcceptConnection)
    return client, accepted.extensions


async def test_no_compression_is_agreed_on(live):
    async with live(lane=True) as here, dialed(here.url) as stream:
        _, agreed = await handshake(stream)
        assert agreed == []


@both_servers
async def test_a_client_that_wants_compression_reads_the_feed(live, lane):
    async with live(lane=lane) as here, dialed(here.url) as stream:
        client, _ = await handshake(stream)
        await stream.send_all(client.send(TextMessage('{"type": "CONNECT"}')))
        heard: list[str] = []
        with trio.fail_after(10):
            while len(heard) < 4:
                client.receive_data(await stream.receive_some())
                for event in client.events():
                    assert isinstance(event, TextMessage), event
                    heard.append(event.data)
                    if len(heard) == 1:
                        await here.tell(*["TRACK_ADDED"] * 3, size=500)
        assert ["WELCOME" in text for text in heard] == [True, False, False, False]
        await stream.send_all(client.send(CloseConnection(code=1000)))


@pytest.mark.parametrize(
    "request_", [b"GET /livez HTTP/1.0\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"]
)
async def test_a_connection_ends_that_was_to_end(live, request_):
    async with live(lane=True) as here, dialed(here.url) as stream:
        await stream.send_all(request_)
        assert (await rest(stream)).startswith(b"HTTP/1.1 200")


async def test_what_follows_the_last_request_spoils_nothing(live):
    async with live(lane=True) as here, dialed(here.url) as stream:
        last = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        await stream.send_all(last + b"\x00 and more\r\n\r\n" * 1_000)
        answer = await rest(stream)
        assert (answer[:12], answer.count(b"HTTP/1.1")) == (b"HTTP/1.1 200", 1)


@pytest.mark.parametrize("key", [b"", b"short", b"dGhlIHNhbXBsZSBub25jZQ", b"!" * 24])
async def test_a_handshake_with_a_bad_key_is_none(live, key):
    async with live(lane=True) as here, dialed(here.url) as stream:
        await stream.send_all(
            b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\nSec-WebSocket-Version: 13\r\n\r\n" % key
        )
        assert (await rest(stream)).startswith(b"HTTP/1.1 400")


def test_no_library_with_a_trap_is_used() -> None:
    pins = dict(
        re.findall(r"^([\w.-]+)==([\w.]+)", (TOP / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )

    assert {"quart-rate-limiter", "quart-schema"}.isdisjoint(pins)
    assert tuple(map(int, pins["coredis"].split("."))) >= (6, 8)
    for path in (TOP / "web").rglob("*.py"):
        assert not re.search(r"\.a(?:info|debug|warning|error|exception)\(", path.read_text(encoding="utf-8")), path
