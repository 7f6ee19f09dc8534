"""One request's body on its way in and its answer on its way out, as ASGI messages. Decides nothing about who may ask."""

import math
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import trio

from actors.config import MIB, SECONDS
from web.errors import PROBLEM_JSON, Refusal
from web.exchange import Exchange
from web.traffic.policy import limit_headers

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BODY_SILENCE_S = 15 * SECONDS
"""Between bytes of a body that is still coming."""
BODY_GRACE_S = 20 * SECONDS
"""So long a body may come as slowly as it likes; as Apache's RequestReadTimeout has it."""
DRAIN_LIMIT_BYTES = 2 * MIB
DRAIN_LIMIT_S = 2 * SECONDS

NOT_MODIFIED = 304

PAGE_POLICY = b"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""Content-Security-Policy of pages: everything from here, nothing inline."""
OTHER_POLICY = b"default-src 'none'; frame-ancestors 'none'; sandbox"
"""Of everything else: nothing runs, even if a browser shows it."""
ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Body:
    """The body of one request on its way in."""

    def __init__(
        self,
        receive: Receive,
        current: Exchange | None = None,
        *,
        silence_s: float = BODY_SILENCE_S,
        least_rate: float = 0.0,
        is_empty: bool = False,
    ) -> None:
        """The body of a request.

        Args:
            receive: gives its messages.
            current: the exchange, whose intake says when there is room.
            silence_s: so long its next piece is waited for.
            least_rate: bytes a second that must come on average, once it was waited for `BODY_GRACE_S`; 0 for any.
            is_empty: nothing can be waited for.
        """
        self._receive = receive
        self._current = current
        self._silence_s = silence_s
        self._least_rate = least_rate
        self._came_bytes = 0
        self._waited_s = 0.0
        """For the client alone; when there is no room it is we who are slow."""
        self._is_over = False
        self._is_empty = is_empty
        self.is_silent = False
        """Whether it was given up because nothing more of it came in time."""

    async def receive(self) -> Message:
        """Pass on one ASGI message; one that does not come in time is taken for the client's leaving."""
        if self._is_over:
            return await self._receive()
        if self._current is not None and self._current.intake is not None:
            # What the client sent in vain does not come in: it waits in the line until there is room.
            await self._current.intake.room()
        if self._is_empty:
            message = await self._receive()
        else:
            begun_s = trio.current_time()
            with trio.move_on_after(min(self._silence_s, self._left_s())) as scope:
                message = await self._receive()
            self._waited_s += trio.current_time() - begun_s
            if scope.cancelled_caught:
                self._is_over = self.is_silent = True
                return {"type": "http.disconnect"}
            self._came_bytes += len(message.get("body", b""))
        self._is_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _left_s(self) -> float:
        """How long a client may still be waited for that has sent so much: every so many bytes give it a second more."""
        if not self._least_rate:
            return math.inf
        return max(0.0, BODY_GRACE_S + self._came_bytes / self._least_rate - self._waited_s)

    async def drain(self) -> None:
        """Take what nobody read, within limits: an answer that ends before its request costs the connection."""
        if self._is_empty:
            return
        left = DRAIN_LIMIT_BYTES
        self._current = None
        with trio.move_on_after(DRAIN_LIMIT_S):
            while not self._is_over and left > 0:
                left -= len((await self.receive()).get("body", b""))


class Outgoing:
    """One answer on its way out: gets its headers, counts its bytes.

    Its last message waits for `finish`. When it is out the server tells the application that the client is gone, which
    makes Quart cancel its own tasks; one of them would otherwise be the one that still ends the answer in the server.
    """

    def __init__(self, send: Send, current: Exchange, *, more: Headers) -> None:
        self._send = send
        self._current = current
        self._more = more
        self._last: Message | None = None
        self.status: int | None = None
        self.lasting: Headers = []
        """The headers of the answer that are not of this exchange alone."""
        self.sent_bytes = 0
        self.whole = False

    async def send(self, message: Message) -> None:
        """Pass on one ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.lasting = [*message["headers"], *self._added(message["headers"])]
            message["headers"] = [*self.lasting, *own_headers(self._current)]
            self._current.step_aside()
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

    async def refuse(self, refusal: Refusal, *, is_last: bool = False) -> None:
        """Answer with a problem; `is_last`: the connection ends with it."""
        body = refusal.body()
        headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in refusal.headers.items()]
        if is_last:
            headers.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _added(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        present = dict(headers)
        added = [*ALWAYS, *self._more]
        # A browser takes the headers of 304 over the ones that it keeps, and the page must not lose its policy by that.
        if b"content-security-policy" not in present and self.status != NOT_MODIFIED:
            is_page = present.get(b"content-type", b"").startswith(b"text/html")
            added.append((b"content-security-policy", PAGE_POLICY if is_page else OTHER_POLICY))
        if b"cache-control" not in present:
            added.append((b"cache-control", b"no-store"))
        return added


def own_headers(current: Exchange) -> Headers:
    """The headers of an answer that tell of its exchange."""
    own = [
        *limit_headers(current.verdicts),
        (b"x-request-id", current.request_id.encode()),
        (b"server-timing", current.server_timing().encode()),
        (b"traceparent", current.trace.header().encode()),
    ]
    if current.trace.state is not None:
        own.append((b"tracestate", current.trace.state.encode()))
    return own
