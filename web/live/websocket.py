"""`/ws`: the live socket, as Quart gives it."""

import contextlib

from quart import Blueprint, websocket

from web.live.session import Session, Wire
from web.services import services

blueprint = Blueprint("live_socket", __name__)


@blueprint.websocket("/ws")
async def socket() -> None:
    """One client of the live feed, until either side closes."""
    current = websocket._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 — werkzeug's way to unwrap
    await current.accept()
    here = services()
    wire = Wire(
        receive=current.receive,
        send=current.send,
        close=current.close,
        ear=current.scope.get("state", {}).get("line"),
    )
    session = Session(wire, feed=here.feed, stopping=here.stopping, heartbeat_s=here.config.heartbeat_s)
    with contextlib.suppress(ConnectionError):
        await session.run()
