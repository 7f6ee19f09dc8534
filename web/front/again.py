"""An answer given again to the same head from the same place, as long as all that it depended on still holds.

The way of an answer through the application costs more than such an answer itself. What does not change from one time to the next
– what the head means, and what was answered – is not found out again; who asks, whether they may, how often, and whether the
answer is still right are, by the same functions as ever. Where any of them says otherwise, the request takes the ordinary way.
"""

import secrets

import attrs

from actors.errors import DatabaseError
from web.errors import ProblemError
from web.exchange import Exchange, serving
from web.front.ledger import Ledger
from web.front.outgoing import NOT_MODIFIED, Headers, own_headers
from web.serving.response import lines, status_line
from web.trace import trace_of
from web.traffic import Traffic

_OF_ONE = frozenset({"x-request-id", "traceparent", "tracestate"})
"""Headers of a request that no other has."""


def may_be_given_again(current: Exchange) -> bool:
    """Whether the answer of an exchange may be given to the same head."""
    return current.still is not None and not any(name in _OF_ONE for name in current.sent)


@attrs.frozen(eq=False)
class Again:
    """What a server asks for the answer to a head that was answered before. Owns nothing; several may ask at once."""

    _former: Exchange
    """Which was answered; what was made for it alone is not used."""
    _status: int
    _begun: bytes
    """The head of its answer, but for what was its own."""
    _traffic: Traffic
    _ledger: Ledger

    @classmethod
    def of(cls, former: Exchange, status: int, lasting: Headers, *, traffic: Traffic, ledger: Ledger) -> "Again":
        """How an exchange is repeated whose answer had such a status, and such headers beside its own."""
        return cls(former, status, status_line(status) + lines(lasting), traffic, ledger)

    async def __call__(self) -> tuple[bytes, bytes] | None:
        """The answer: its head without an end, and its body; None where the ordinary way must be taken, which then accounts for it."""
        former = self._former
        current = Exchange(
            request_id=secrets.token_hex(16),
            method=former.method,
            path=former.path,
            query=former.query,
            sent=former.sent,
            client=former.client,
            trace=trace_of((), ()),
            route=former.route,
        )
        self._ledger.metrics.open.inc()
        body = None
        try:
            with serving(current):
                body = await self._body(current)
        finally:
            self._ledger.metrics.open.dec()
        if body is None:
            return None
        # Unlike what others set, what is said of an exchange holds nothing that could end a header early.
        own = [piece for name, value in own_headers(current) for piece in (name, b": ", value, b"\r\n")]
        begun = b"".join((self._begun, *own))
        self._ledger.close(current, status=self._status, sent_bytes=len(body), is_whole=True)
        return begun, body

    async def _body(self, current: Exchange) -> bytes | None:
        still = self._former.still
        assert still is not None
        try:
            body = await still()
            if body is None:
                return None
        except (DatabaseError, ProblemError):
            return None
        verdict = await self._traffic.count_address(current.client, current.method, current.path)
        if verdict is not None:
            if not verdict.is_allowed:
                return None
            current.verdicts.insert(0, verdict)
        return b"" if self._status == NOT_MODIFIED else body
