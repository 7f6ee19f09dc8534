"""What surrounds every request and socket."""

import httpx
import pytest
import structlog
import structlog.testing
import trio
import trio.testing
from trio_websocket import connect_websocket_url

from tests.web.conftest import SERVER
from tests.web.serving.second import connected
from web.exchange import exchange


async def raw(served, head: bytes) -> tuple[int, bytes]:
    """Status and answer to a request written by hand, without what the client libraries would mend."""
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    async with stream:
        await stream.send_all(head + b"\r\n")
        answer = b""
        with trio.fail_after(10):
            while b"\r\n\r\n" not in answer:
                answer += await stream.receive_some()
    return int(answer.split(b" ", 2)[1]), answer


async def test_a_body_that_comes_after_the_answer_spoils_nothing(served) -> None:
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    async with stream:
        with trio.fail_after(10):
            await stream.send_all(b"PUT /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
            assert b" 405 " in await stream.receive_some()
            await stream.send_all(b"late" + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while b'{"status":"ok"}' not in answer:
                answer += await stream.receive_some()


async def test_a_connection_closes_when_it_was_asked_to(served) -> None:
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    async with stream:
        await stream.send_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with trio.fail_after(10):
            answer = b"".join([piece async for piece in stream])
    assert answer.endswith(b'{"status":"ok"}')


async def test_a_body_without_an_end_costs_the_connection(served) -> None:
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    async with stream:
        await stream.send_all(b"PUT /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx")
        with trio.fail_after(10):
            answer = b"".join([piece async for piece in stream])
    assert b" 405 " in answer


@pytest.mark.parametrize("sent", ["a", "A-1._z", "x" * 128])
async def test_a_usable_request_id_is_kept(served, sent: str) -> None:
    response = await served.client.get("/livez", headers={"X-Request-ID": sent})
    assert response.headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "a,b", "ä".encode(), "{}"])
async def test_another_one_is_replaced(served, sent: str) -> None:
    response = await served.client.get("/livez", headers={"X-Request-ID": sent})
    assert len(response.headers["x-request-id"]) == 32


async def test_two_request_ids_are_none(served) -> None:
    response = await served.client.get("/livez", headers=[("X-Request-ID", "a"), ("X-Request-ID", "a")])
    assert response.headers["x-request-id"] != "a"


@pytest.mark.parametrize("path", ["/livez", "/nope", "/api/v1/tracks?page=0", "/docs"])
async def test_every_answer_is_safe_in_a_browser(served, path: str) -> None:
    headers = (await served.client.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] in {"no-store", "no-cache"}
    assert "total;dur=" in headers["server-timing"]
    assert "access-control-allow-origin" not in headers


async def test_the_database_has_its_share_in_the_timing(served) -> None:
    assert "db;dur=" in (await served.client.get("/api/v1/tracks")).headers["server-timing"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example"])
async def test_strangers_names_are_refused(served, refused, host: str) -> None:
    refused(await served.client.get("/api/v1/tracks", headers={"Host": host}), 400, "BAD_REQUEST")


async def test_an_old_client_need_not_say_a_host(served) -> None:
    status, _ = await raw(served, b"GET /livez HTTP/1.0\r\n")
    assert status == 200
    status, _ = await raw(served, b"GET /livez HTTP/1.0\r\nHost: evil.example\r\n")
    assert status == 400


async def test_reading_is_open_to_every_page_that_cannot_see_it(served) -> None:
    response = await served.client.get("/api/v1/tracks", headers={"Origin": "http://evil.example"})

    assert response.status_code == 200
    assert response.headers["cross-origin-resource-policy"] == "same-origin"


async def test_long_targets_and_heads_are_refused(served, refused) -> None:
    refused(await served.client.get("/" + "x" * 8200), 414, "URI_TOO_LONG")
    refused(await served.client.get("/api/v1/tracks?q=" + "x" * 8200), 414, "URI_TOO_LONG")
    many = [(f"X-{number}", "x") for number in range(101)]
    refused(await served.client.get("/livez", headers=many), 431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize(
    "path",
    ["/nope", "/api/v1/nope", "/api/v1/tracks/", "/api//v1/tracks", "/api/v2/tracks", "/..%2f", "/%ff", "/static/../x"],
)
async def test_what_is_not_there_is_a_problem(served, refused, path: str) -> None:
    status, answer = await raw(served, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n")

    assert status == 404
    assert b"application/problem+json" in answer
    told = refused(await served.client.get("/nope?token=secret"), 404, "NOT_FOUND")
    assert told["path"] == "/nope"


async def test_what_fails_inside_is_told_without_its_insides(served, refused) -> None:
    async def fail() -> None:
        raise ValueError("secret")

    served.app.add_url_rule("/fail", "fail", fail)
    response = await served.client.get("/fail")
    refused(response, 500, "INTERNAL")
    assert "secret" not in response.text


@pytest.mark.parametrize("error", [ValueError("secret"), ExceptionGroup("", [ValueError("secret")])])
async def test_what_fails_before_the_app_is_told_too(served, refused, error: Exception) -> None:
    async def fail(*_: object) -> None:
        raise error

    served.app.asgi_app._inside = fail
    response = await served.client.get("/livez")
    refused(response, 500, "INTERNAL")
    assert "secret" not in response.text


@pytest.mark.parametrize("status", [200, 500])
async def test_what_belongs_to_an_exchange_ends_with_it(served, status: int) -> None:
    ended = trio.Event()

    async def hold() -> str:
        exchange().leaving.callback(ended.set)
        assert status == 200
        return "held"

    served.app.add_url_rule("/hold", "hold", hold)
    response = await served.client.get("/hold")

    assert response.status_code == status
    # The client has its bytes before the server has done with them.
    with trio.fail_after(5):
        await ended.wait()


async def test_half_an_answer_ends_with_the_connection(served) -> None:
    async def fail(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("secret")

    served.app.asgi_app._inside = fail
    with pytest.raises(httpx.RemoteProtocolError):
        await served.client.get("/livez")


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.mark.parametrize(
    "headers, expected",
    [
        (b"Host: evil.example\r\n", 400),
        (b"Host: localhost\r\nOrigin: http://evil.example\r\n", 403),
        (b"Host: localhost\r\nOrigin: null\r\n", 403),
    ],
)
async def test_sockets_of_other_sites_are_refused(served, headers: bytes, expected: int) -> None:
    status, answer = await raw(served, HANDSHAKE + headers)

    assert status == expected
    assert b"application/problem+json" in answer


async def test_sockets_of_this_site_and_of_programs_are_let_in(served) -> None:
    for headers in ([], [("Origin", served.url)]):
        async with trio.open_nursery() as nursery:
            socket = await connect_websocket_url(nursery, f"ws{served.url[4:]}/ws", extra_headers=headers)
            await socket.aclose()


async def test_excess_requests_wait_and_then_are_sent_away(served_over, store, refused) -> None:
    async with served_over(store, requests_at_once=1, requests_waiting=1, request_wait_s=20) as served:
        room = served.services.traffic.room

        async def wait() -> None:
            with await room.take():
                pass

        async with trio.open_nursery() as nursery:
            with await room.take():
                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked()
                full = await served.client.get("/api/v1/info")
                claimed = await served.client.get("/api/v1/info", headers={"Content-Type": "multipart/form-data"})
                refused(claimed, 503, "OVERLOADED")
                assert (await served.client.get("/livez")).status_code == 200
        assert refused(full, 503, "OVERLOADED")["path"] == "/api/v1/info"
        assert full.headers["retry-after"] == "2"
        assert (await served.client.get("/api/v1/info")).status_code == 200


async def test_a_place_that_comes_free_is_the_next_ones(served_over, store) -> None:
    async with served_over(store, requests_at_once=1, requests_waiting=1, request_wait_s=20) as served:
        answers: list[int] = []

        async def ask() -> None:
            answers.append((await served.client.get("/api/v1/info")).status_code)

        async with trio.open_nursery() as nursery:
            with await served.services.traffic.room.take():
                nursery.start_soon(ask)
                await trio.testing.wait_all_tasks_blocked(0.05)
                assert answers == []
        assert answers == [200]


async def test_a_stream_that_has_begun_holds_no_place(served_over, store) -> None:
    async with (
        served_over(store, requests_at_once=1, requests_waiting=0) as served,
        served.client.stream("GET", "/api/v1/events") as stream,
    ):
        assert stream.status_code == 200
        assert (await served.client.get("/api/v1/info")).status_code == 200


async def test_a_body_that_stops_coming_is_told_so(served, monkeypatch) -> None:
    monkeypatch.setattr("web.front.outgoing.Body.__init__.__kwdefaults__", {"silence_s": 0.2, "least_rate": 0.0})
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    head = b"POST /api/v1/cache/warm HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
    async with stream:
        await stream.send_all(head + b'{"most"')
        with trio.fail_after(10):
            answer = b"".join([piece async for piece in stream])
    assert b" 408 " in answer
    assert b'"code":"REQUEST_TIMEOUT"' in answer


@pytest.mark.skipif(SERVER != "lane", reason="the stock protocols speak no HTTP/2")
async def test_a_body_over_http_2_that_stops_coming_is_told_so_although_it_named_no_length(served, monkeypatch) -> None:
    monkeypatch.setattr("web.front.outgoing.Body.__init__.__kwdefaults__", {"silence_s": 0.2, "least_rate": 0.0})
    client = await connected(served.url.replace("localhost", "127.0.0.1"))
    async with client.stream:
        number = await client.ask(
            "/api/v1/cache/warm",
            ("content-type", "application/json"),
            method="POST",
            is_whole=False,
            authority="localhost",
        )
        client.connection.send_data(number, b'{"most"')
        await client.flush()
        status, body = await client.answer(number)
    assert status == 408
    assert b'"code":"REQUEST_TIMEOUT"' in body


async def test_a_body_that_drips_is_told_so_too(served_over, store, monkeypatch) -> None:
    monkeypatch.setattr("web.front.outgoing.BODY_GRACE_S", 0.2)
    head = (
        b"POST /api/v1/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 200000\r\n\r\n--x\r\n"
    )
    async with served_over(store, body_rate_bytes=1_000_000) as served:
        stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
        with trio.fail_after(10):
            async with stream, trio.open_nursery() as nursery:

                async def drip() -> None:
                    await stream.send_all(head)
                    while True:
                        await stream.send_all(b"C")
                        await trio.sleep(0.01)

                nursery.start_soon(drip)
                answer = b""
                while b'"code":"REQUEST_TIMEOUT"' not in answer:
                    piece = await stream.receive_some()
                    assert piece, answer
                    answer += piece
                nursery.cancel_scope.cancel()

    assert b" 408 " in answer


ALLOWED = "https://app.example"


async def test_pages_of_configured_sites_may_use_it(served_over, store) -> None:
    async with served_over(store, cors_origins=(ALLOWED,)) as served:
        asked = {"Origin": ALLOWED, "Access-Control-Request-Method": "DELETE"}
        preflight = await served.client.options("/api/v1/tracks/x", headers=asked)
        written = await served.client.post("/api/v1/library/scan", headers={"Origin": ALLOWED})
        refused = await served.client.get("/nope", headers={"Origin": ALLOWED})
        foreign = await served.client.options(
            "/api/v1/tracks/x", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
        )

    assert (preflight.status_code, preflight.content) == (204, b"")
    assert "DELETE" in preflight.headers["access-control-allow-methods"]
    assert written.status_code == 202
    for told in (preflight, written, refused):
        assert told.headers["access-control-allow-origin"] == ALLOWED
        assert told.headers["vary"] == "Origin"
    assert foreign.status_code == 405
    assert "access-control-allow-origin" not in foreign.headers
    assert foreign.headers["vary"] == "Origin"


async def test_a_request_is_logged_with_who_what_and_in_which_trace(served) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with structlog.testing.capture_logs() as logged:
        answer = await served.client.get("/api/v1/tracks/nope", headers={"traceparent": parent})
        await trio.testing.wait_all_tasks_blocked(0.05)

    assert answer.headers["traceparent"].startswith(parent[:36])
    (line,) = [one for one in logged if one["event"] == "request"]
    assert (line["trace_id"], line["user"]) == (parent[3:35], "local")
    assert (line["route"], line["status"], line["client"]) == ("/api/v1/tracks/{trackId}", 404, "127.0.0.1")
