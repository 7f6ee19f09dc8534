"""Quart's side of one WebSocket, on which what the client said before it left can still be read."""

from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart.asgi import ASGIWebsocketConnection
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIWebsocketConnection

from actors.config import SECONDS

LEAVING_S = 12 * SECONDS
"""So long a handler has for what its client said last; longer than the commands among it may take."""


class Connection(TrioASGIWebsocketConnection):
    """The framework's own would cancel the handler as soon as the client has left, with messages still waiting for it.

    Here the handler itself takes each message from the server, which spares every client two tasks and a channel; so it has to receive all the time.
    Receiving raises trio.EndOfChannel behind the last message; a handler that goes on regardless is cancelled `LEAVING_S` later.
    """

    def __init__(self, app: QuartTrio, scope: WebsocketScope) -> None:
        self.app = app
        self.scope = scope
        self._accepted = False
        self._closed = False

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Run the handler."""
        with trio.CancelScope() as handling:
            self.receive_channel = _Incoming(receive, handling)  # type: ignore[assignment]  # all that the framework uses of it
            await ASGIWebsocketConnection.handle_websocket(self, self._create_websocket_from_scope(send), send)


class _Incoming:
    def __init__(self, receive: ASGIReceiveCallable, handling: trio.CancelScope) -> None:
        self._receive = receive
        self._handling = handling
        self._has_left = False

    async def receive(self) -> bytes | str:
        """The next message, until the client leaves."""
        while not self._has_left:
            event = await self._receive()
            if event["type"] == "websocket.receive":
                return _said(event)
            if event["type"] == "websocket.disconnect":
                self._has_left = True
                self._handling.deadline = trio.current_time() + LEAVING_S
        raise trio.EndOfChannel


def _said(event: Any) -> bytes | str:
    said: bytes | str = event["bytes"] if event.get("text") is None else event["text"]
    return said
