"""The socket of one client of the live feed, as a server's framework gives it, and how it is closed. No session here."""

import enum
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import attrs

from actors.config import SECONDS
from actors.feed import Outlet, encoded
from web.connections import Cause
from web.live.messages import Refused

RETRY_S = (1 * SECONDS, 5 * SECONDS)
"""GOODBYE spreads the returning clients over this time."""


class Close(enum.IntEnum):
    """Why the server closes a socket."""

    GOING_AWAY = 1001
    INTERNAL = 1011
    SILENT = 4000
    UNAUTHENTICATED = 4001
    FORBIDDEN = 4003
    TOO_SLOW = 4008
    TOO_MANY = 4009
    BAD_MESSAGE = 4022


CODES = {
    Cause.SILENT: Close.SILENT,
    Cause.UNAUTHENTICATED: Close.UNAUTHENTICATED,
    Cause.FORBIDDEN: Close.FORBIDDEN,
    Cause.TOO_SLOW: Close.TOO_SLOW,
    Cause.TOO_MANY: Close.TOO_MANY,
    Cause.BAD_MESSAGES: Close.BAD_MESSAGE,
    Cause.SHUTDOWN: Close.GOING_AWAY,
    Cause.UNAVAILABLE: Close.GOING_AWAY,
}
"""How a socket is closed for a cause; for any other as for an error here."""
_SHUT = {"UNAUTHENTICATED": Cause.UNAUTHENTICATED, "FORBIDDEN": Cause.FORBIDDEN}
"""Why a refusal of who is there ends a connection; anything else may pass."""


class SignsOfLife(Protocol):
    """Whether the peer is still there."""

    @property
    def heard_at(self) -> float:
        """When its last byte came in, on Trio's clock."""
        ...

    async def ping(self) -> None:
        """Make it answer; waits while it takes nothing."""
        ...


@attrs.frozen(kw_only=True)
class Wire:
    """The socket, as the server's framework gives it."""

    receive: Callable[[], Awaitable[object]]
    """The next message: text, or anything else for binary. Raises: trio.EndOfChannel once the peer has left and all was given."""
    send: Callable[[str], Awaitable[None]]
    """Waits while the peer takes nothing; whoever owns the connection cuts it when that lasts too long."""
    close: Callable[[int, str], Awaitable[None]]
    outlet: Outlet | None = None
    """Whole frames as bytes, past the framework; None where its messages are not frames of the connection. Once the connection is
    gone it does nothing: `receive` tells."""
    pulse: SignsOfLife | None
    """None when the server cannot tell; then silence is not noticed here."""


def cause_of(refused: Refused) -> Cause:
    """Why a connection ends whose client may not come in, or not stay."""
    return _SHUT.get(refused.code, Cause.UNAVAILABLE)


async def refuse(wire: Wire, refused: Refused) -> None:
    """End a socket before any session: its handshake showed what cannot be."""
    await wire.send(message_text("ERROR", {"code": refused.code, "message": refused.message}, None))
    await wire.close(CODES[cause_of(refused)], refused.message)


def goodbye(reason: str) -> dict[str, Any]:
    """The payload of GOODBYE: when to come back is spread, so that not everyone does at once."""
    return {"reason": reason, "retrySeconds": round(random.uniform(*RETRY_S), 1)}  # noqa: S311 — spreads load, guards nothing


def message_text(message_type: str, payload: dict[str, Any], request_id: str | None) -> str:
    """One message to a client, of this moment."""
    return encoded(message_type, payload, at=datetime.now(UTC), request_id=request_id).decode()
