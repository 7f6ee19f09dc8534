"""Every way in: HTTP, WebSocket, page, command line."""

from typing import Any


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The service as an ASGI application: `hypercorn --worker-class trio web:app`."""
    from web.asgi import application  # noqa: PLC0415  # the command line starts faster without it

    await application(scope, receive, send)
