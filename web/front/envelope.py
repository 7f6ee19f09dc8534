"""What surrounds every request and socket: its id and trace, limits, headers of the answer, metrics and the access log.

An ASGI application around another, so that it holds for whatever answers inside, errors of the framework included.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import structlog

from actors.metrics import Metrics
from web.errors import PROBLEM_JSON, ProblemError, Refusal, refusal_of
from web.exchange import Exchange, exchange, serving
from web.front.again import Again, may_be_given_again
from web.front.cors import granted, is_preflight
from web.front.gate import Gate
from web.front.ledger import Ledger
from web.front.outgoing import ALWAYS, Body, Message, Outgoing, Receive, Send
from web.logs import ACCESS
from web.rates import over
from web.sent import Sent
from web.serving.again import EXTENSION
from web.trace import trace_of
from web.traffic import FullError, Place, Traffic
from web.traffic.policy import FREE

Application = Callable[[Message, Receive, Send], Awaitable[None]]

RETRY_FULL_S = 2
"""When to come again if all places are taken."""

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_ANNOUNCING = frozenset({"content-length", "transfer-encoding"})
"""Without these a request of HTTP/1 has no body (RFC 9112, 6.3); one of HTTP/2 says so by its frames."""

_log = structlog.get_logger(ACCESS)


class Envelope:
    """The outermost ASGI application; owns nothing but what it counts into `metrics`."""

    def __init__(
        self, inside: Application, *, gate: Gate, traffic: Traffic, metrics: Metrics, body_rate: float = 0.0
    ) -> None:
        self._inside = inside
        self._gate = gate
        self._traffic = traffic
        self._metrics = metrics
        self._ledger = Ledger(metrics)
        self._body_rate = body_rate

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, socket or lifespan."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._inside(scope, receive, send)

    async def _request(self, scope: Message, receive: Receive, send: Send) -> None:
        sent = Sent(scope["headers"])
        current = self._exchange(scope, sent, scope["method"])
        asks_first = is_preflight(current.method, sent)
        answer = Outgoing(send, current, more=granted(sent.get("origin"), self._gate.origins, is_preflight=asks_first))
        is_empty = scope["http_version"] != "2" and not any(name in sent for name in _ANNOUNCING)
        body = Body(receive, current, least_rate=self._body_rate, is_empty=is_empty)
        self._metrics.open.inc()
        try:
            with serving(current):
                if asks_first and sent["origin"] in self._gate.origins:
                    await answer.send({"type": "http.response.start", "status": 204, "headers": []})
                    await answer.send({"type": "http.response.body", "body": b""})
                else:
                    async with current.leaving:
                        await self._answer(scope, sent, body, answer)
                await body.drain()
                await answer.finish()
                self._leave(scope, current, answer)
        finally:
            self._metrics.open.dec()
            self._ledger.close(current, status=answer.status, sent_bytes=answer.sent_bytes, is_whole=answer.whole)

    async def _answer(self, scope: Message, sent: Sent, body: Body, answer: Outgoing) -> None:
        try:
            if (refused := await self._refusal(scope, sent)) is not None:
                await answer.refuse(refused)
                return
            place = exchange().place = await self._place()
            with place or nullcontext():
                await self._inside(scope, body.receive, answer.send)
        except Exception as error:
            refusal = refusal_of(error)
            if answer.status is not None:
                # Half an answer is out: only a broken connection can still tell that it is not whole.
                raise
            await answer.refuse(refusal)
        else:
            if body.is_silent and answer.status is None:
                silent = Refusal(code="REQUEST_TIMEOUT", message="The rest of the body did not come")
                await answer.refuse(silent, is_last=True)

    def _leave(self, scope: Message, current: Exchange, answer: Outgoing) -> None:
        """Let the server give this answer again, where it can and that may be."""
        leave = scope.get("extensions", {}).get(EXTENSION)
        if leave is None or answer.status is None or not answer.whole:
            return
        if may_be_given_again(current):
            leave(Again.of(current, answer.status, answer.lasting, traffic=self._traffic, ledger=self._ledger))

    async def _place(self) -> Place | None:
        """A place at work until the answer begins, if one is needed; its body, which may be a stream, needs none."""
        if exchange().path in FREE:
            return None
        try:
            return await self._traffic.room.take()
        except FullError:
            raise ProblemError(
                "OVERLOADED", "Too many requests at once", headers={"Retry-After": str(RETRY_FULL_S)}
            ) from None

    async def _socket(self, scope: Message, receive: Receive, send: Send) -> None:
        sent = Sent(scope["headers"])
        current = self._exchange(scope, sent, "WEBSOCKET")
        with serving(current):
            refused = await self._refusal(scope, sent)
            if refused is None:
                await self._inside(scope, receive, send)
                return
            _log.warning("socket refused", path=current.path, code=refused.code, client=current.client)
            await receive()
            if "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1008})
                return
            headers = [(b"content-type", PROBLEM_JSON.encode()), *ALWAYS]
            headers += [(name.lower().encode(), value.encode()) for name, value in refused.headers.items()]
            await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": refused.body()})

    async def _refusal(self, scope: Message, sent: Sent) -> Refusal | None:
        refused = self._gate.refusal(scope, sent)
        if refused is not None:
            return refused
        current = exchange()
        verdict = await self._traffic.count_address(current.client, current.method, current.path)
        if verdict is None:
            return None
        current.verdicts.append(verdict)
        return None if verdict.is_allowed else over(verdict)

    def _exchange(self, scope: Message, sent: Sent, method: str) -> Exchange:
        ids = sent.getlist("x-request-id")
        usable = len(ids) == 1 and _USABLE_ID.fullmatch(ids[0])
        peer = scope.get("client")
        return Exchange(
            request_id=ids[0] if usable else secrets.token_hex(16),
            method=method,
            path=scope["path"],
            query=scope["query_string"],
            sent=sent,
            client=self._traffic.client(peer[0] if peer else None, sent.getlist("x-forwarded-for")),
            trace=trace_of(sent.getlist("traceparent"), sent.getlist("tracestate")),
        )
