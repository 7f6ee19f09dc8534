"""`/ws`: the live socket, as Quart gives it."""

import contextlib

import attrs
import trio
from quart import Blueprint, websocket

from actors.errors import DatabaseError
from web.auth import admitted
from web.connections import Connection, Kind
from web.errors import ProblemError
from web.exchange import exchange
from web.live.door import Door
from web.live.messages import Refused
from web.live.session import Session
from web.live.wire import Wire, cause_of, refuse
from web.orders import commanded_by
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

    @property
    def owed_bytes(self) -> int:
        """What was given and is not out yet."""
        return self.line.owed_bytes

    def give(self, frames: bytes) -> bool:
        """Take whole frames without waiting, or nothing of them; a line that is closed takes everything."""
        return self.line.give(frames)

    async def ping(self) -> None:
        """Ask for a sign of life; a line that is closed needs none."""
        await self.send(PING)

    async def send(self, frames: bytes) -> None:
        """Send whole frames, in one write; nothing once the line is closed. Waits only while the peer takes less."""
        if not self.line.give(frames):
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self.line.send_all(frames)
        elif self.line.owed_bytes:
            await self.settle()

    async def settle(self) -> None:
        """Send what is owed; nothing once the line is closed."""
        with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self.line.send_all(b"")


@blueprint.websocket("/ws")
async def socket() -> None:
    """One client of the live feed, until either side closes."""
    current = websocket._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 — werkzeug's way to unwrap
    await current.accept()
    here = services()
    line = current.scope.get("state", {}).get("line")
    # Under HTTP/2 frames are not bytes of the line; and other servers have no line to show.
    pulse = Pulse(line=line) if line is not None and current.http_version == "1.1" else None
    wire = Wire(
        receive=current.receive,
        send=current.send,
        close=current.close,
        outlet=pulse,
        pulse=pulse,
    )
    door = await _door()
    connection = Connection(kind=Kind.WEBSOCKET, address=exchange().client, caller=None, line=line)
    with here.connections.hold(connection):
        if isinstance(door, Refused):
            connection.ends(cause_of(door))
            await refuse(wire, door)
            return
        connection.caller = door.caller
        session = Session(
            wire,
            connection=connection,
            door=door,
            feed=here.feed,
            stopping=here.stopping,
            heartbeat_s=here.config.heartbeat_s,
            cache=here.cache,
            carry_out=commanded_by,
        )
        await session.run()


async def _door() -> Door | Refused:
    """The way in of who shakes hands; whoever is not known may still say it by CONNECT."""
    here, now = services(), exchange()
    try:
        now.caller, now.shown = await admitted("WEBSOCKET", now.sent, now.client)
    except ProblemError as error:
        if error.refusal.code != "UNAUTHENTICATED":
            return Refused(error.refusal.code, error.refusal.message)
    except DatabaseError as error:
        return Refused("UNAVAILABLE", str(error))
    return Door(access=here.access, client=now.client, caller=now.caller, shown=now.shown)
