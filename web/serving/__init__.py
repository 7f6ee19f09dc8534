"""The server: a lane of our own for HTTP/1.1 and WebSocket, another for HTTP/2, on sockets that are watched, so that no client can hold the process."""

from web.serving.crowd import Crowd
from web.serving.line import Line
from web.serving.serve import serve

__all__ = ["Crowd", "Line", "serve"]
