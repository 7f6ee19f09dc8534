"""Quart's side of one WebSocket, on which what the client said before it left can still be read."""

from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable
from quart_trio.asgi import TrioASGIWebsocketConnection

from actors.config import SECONDS

LEAVING_S = 12 * SECONDS
"""So long a handler has for what its client said last; longer than the commands among it may take."""


class Connection(TrioASGIWebsocketConnection):
    """The framework's own would cancel the handler as soon as the client has left, with messages still waiting for it.

    Here receiving raises trio.EndOfChannel behind the last message; a handler that goes on regardless is cancelled `LEAVING_S` later.
    """

    async def handle_messages(self, nursery: trio.Nursery, receive: ASGIReceiveCallable) -> None:  # type: ignore[override]  # it has a nursery
        """Pass on what the client says, until it leaves."""
        async with self.send_channel:
            while (event := await receive())["type"] != "websocket.disconnect":
                if event["type"] == "websocket.receive":
                    await self.send_channel.send(_said(event))
        nursery.cancel_scope.deadline = trio.current_time() + LEAVING_S


def _said(event: Any) -> bytes | str:
    said: bytes | str = event["bytes"] if event.get("text") is None else event["text"]
    return said
