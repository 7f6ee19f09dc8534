"""What surrounds every request and socket: its id, who may ask, headers of the answer, metrics and the access log.

An ASGI application around another, so that it holds for whatever answers inside, errors of the framework included.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import structlog
import trio

from actors.config import KIB, MIB, SECONDS
from actors.metrics import Metrics
from web.errors import PROBLEM_JSON, Refusal, refusal_of
from web.exchange import Exchange, serving
from web.origin import SAFE_METHODS, Names, is_own_origin

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

TARGET_LIMIT_BYTES = 8 * KIB
MOST_HEADERS = 100
DRAIN_LIMIT_BYTES = 2 * MIB
DRAIN_LIMIT_S = 2 * SECONDS

PAGE_POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""Content-Security-Policy of pages: everything from here, nothing inline."""
OTHER_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Of everything else: nothing runs, even if a browser shows it."""

_USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/livez", "/readyz", "/health", "/metrics"})
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

_log = structlog.get_logger("rookery.access")


class Envelope:
    """The outermost ASGI application; owns nothing but what it counts into `metrics`."""

    def __init__(self, inside: Application, *, names: Names, metrics: Metrics) -> None:
        self._inside = inside
        self._names = names
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, socket or lifespan."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._inside(scope, receive, send)

    async def _request(self, scope: Message, receive: Receive, send: Send) -> None:
        current = Exchange(request_id=_request_id(scope), method=scope["method"], path=scope["path"])
        answer = _Answer(send, current)
        body = _Body(receive)
        self._metrics.open.inc()
        try:
            with serving(current):
                await self._answer(scope, body.receive, answer)
                await body.drain()
                await answer.finish()
        finally:
            self._metrics.open.dec()
            self._count(scope, current, answer)

    async def _answer(self, scope: Message, receive: Receive, answer: "_Answer") -> None:
        refused = self._refusal(scope)
        if refused is not None:
            await answer.refuse(refused)
            return
        try:
            await self._inside(scope, receive, answer.send)
        except Exception as error:
            refusal = refusal_of(error)
            if answer.status is not None:
                # Half an answer is out: only a broken connection can still tell that it is not whole.
                raise
            await answer.refuse(refusal)

    async def _socket(self, scope: Message, receive: Receive, send: Send) -> None:
        current = Exchange(request_id=_request_id(scope), method="WEBSOCKET", path=scope["path"])
        with serving(current):
            refused = self._refusal(scope)
            if refused is None:
                await self._inside(scope, receive, send)
                return
            _log.warning("socket refused", path=current.path, code=refused.code, client=_client(scope))
            await receive()
            if "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1008})
                return
            headers = [(b"content-type", PROBLEM_JSON.encode()), *_ALWAYS]
            await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": refused.body()})

    def _refusal(self, scope: Message) -> Refusal | None:
        if len(scope.get("raw_path", b"")) + len(scope["query_string"]) > TARGET_LIMIT_BYTES:
            return Refusal(code="URI_TOO_LONG", message=f"An address has at most {TARGET_LIMIT_BYTES} bytes")
        if len(scope["headers"]) > MOST_HEADERS:
            return Refusal(code="HEADERS_TOO_LARGE", message=f"A head has at most {MOST_HEADERS} fields")
        host = _header(scope, b"host")
        if (host or scope["http_version"] != "1.0") and not self._names.include(host or "", here=_here(scope)):
            return Refusal(code="BAD_REQUEST", message="The Host header does not name this server")
        origin = _header(scope, b"origin")
        writes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        if origin is not None and writes and not is_own_origin(origin, host or ""):
            return Refusal(code="FORBIDDEN", message="Pages of other sites may not do this")
        return None

    def _count(self, scope: Message, current: Exchange, answer: "_Answer") -> None:
        method = current.method if current.method in _METHODS else "other"
        status = "left" if answer.status is None else str(answer.status)
        elapsed_s = current.elapsed_s()
        self._metrics.requests.labels(method, status).inc()
        self._metrics.seconds.labels(method, current.route).observe(elapsed_s)
        self._metrics.sent.inc(answer.sent_bytes)
        say = _log.debug if current.path in _QUIET else _log.info
        say(
            "request",
            method=current.method,
            path=current.path,
            status=answer.status,
            whole=answer.whole,
            bytes=answer.sent_bytes,
            ms=round(elapsed_s * 1000, 2),
            request_id=current.request_id,
            client=_client(scope),
        )


class _Body:
    """The body of one request on its way in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def receive(self) -> Message:
        """Pass on one ASGI message."""
        message = await self._receive()
        self._is_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Take what nobody read, within limits: an answer that ends before its request costs the connection."""
        left = DRAIN_LIMIT_BYTES
        with trio.move_on_after(DRAIN_LIMIT_S):
            while not self._is_over and left > 0:
                left -= len((await self.receive()).get("body", b""))


class _Answer:
    """One answer on its way out: gets its headers, counts its bytes.

    Its last message waits for `finish`. When it is out the server tells the application that the client is gone, which
    makes Quart cancel its own tasks; one of them would otherwise be the one that still ends the answer in the server.
    """

    def __init__(self, send: Send, current: Exchange) -> None:
        self._send = send
        self._current = current
        self.status: int | None = None
        self.sent_bytes = 0
        self.whole = False
        self._last: Message | None = None

    async def send(self, message: Message) -> None:
        """Pass on one ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._added(message["headers"])]
        elif message["type"] == "http.response.body":
            if self._current.method == "HEAD":
                message["body"] = b""
            self.sent_bytes += len(message.get("body", b""))
            if not message.get("more_body", False):
                self._last = message
                return
        await self._send(message)

    async def finish(self) -> None:
        """Send the last message, if the answer came so far."""
        if self._last is not None:
            await self._send(self._last)
            self.whole = True

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a problem."""
        body = refusal.body()
        headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _added(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name.lower(): value for name, value in headers}
        added = [
            *_ALWAYS,
            (b"x-request-id", self._current.request_id.encode()),
            (b"server-timing", self._current.server_timing().encode()),
        ]
        if b"content-security-policy" not in present:
            is_page = present.get(b"content-type", b"").startswith(b"text/html")
            added.append((b"content-security-policy", (PAGE_POLICY if is_page else OTHER_POLICY).encode()))
        if b"cache-control" not in present:
            added.append((b"cache-control", b"no-store"))
        return added


def _request_id(scope: Message) -> str:
    sent = [value for name, value in scope["headers"] if name.lower() == b"x-request-id"]
    if len(sent) == 1 and _USABLE_ID.fullmatch(sent[0]):
        return str(sent[0], "ascii")
    return secrets.token_hex(16)


def _header(scope: Message, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == wanted:
            return str(value, "latin-1")
    return None


def _here(scope: Message) -> str | None:
    server = scope.get("server")
    return server[0] if server else None


def _client(scope: Message) -> str | None:
    client = scope.get("client")
    return client[0] if client else None
