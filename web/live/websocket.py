"""`/ws`: the live socket, as Quart gives it."""

import contextlib

import attrs
import trio
from quart import Blueprint, websocket

from web.live.session import Session, Wire
from web.services import services
from web.serving import Line

PING = b"\x89\x00"
"""A whole ping frame (RFC 6455, 5.5.2): final, opcode 9, without payload, unmasked as everything from a server."""

blueprint = Blueprint("live_socket", __name__)


@attrs.frozen(kw_only=True)
class Pulse:
    """The peer's signs of life, felt on its connection, below the frames that the framework shows."""

    line: Line

    @property
    def heard_at(self) -> float:
        """When its last byte came in, on Trio's clock."""
        return self.line.heard_at

    async def ping(self) -> None:
        """Ask for a sign of life; a line that is closed needs none."""
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.line.send_all(PING)


@blueprint.websocket("/ws")
async def socket() -> None:
    """One client of the live feed, until either side closes."""
    current = websocket._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 — werkzeug's way to unwrap
    await current.accept()
    here = services()
    line = current.scope.get("state", {}).get("line")
    wire = Wire(
        receive=current.receive,
        send=current.send,
        close=current.close,
        # Under HTTP/2 frames are not bytes of the line; and other servers have no line to show.
        pulse=Pulse(line=line) if line is not None and current.http_version == "1.1" else None,
    )
    session = Session(
        wire, feed=here.feed, stopping=here.stopping, heartbeat_s=here.config.heartbeat_s, cache=here.cache
    )
    await session.run()
