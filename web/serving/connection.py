"""One connection as Hypercorn serves it, but with the refusals of its own in the one form, a limit for slow heads, and without HTTP/2."""

from typing import Any

import h11
import trio
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.tcp_server import TCPServer

from web.serving.inlet import HEAD_LIMIT_S
from web.serving.refused import Refused


class Connection(TCPServer):
    """Hypercorn's server of one connection. Reads and ends as that does."""

    refused: Refused
    head_limit_s: float = HEAD_LIMIT_S
    """Here from the moment that the connection is free to the end of the next head."""
    _wrapper: ProtocolWrapper

    @property
    def protocol(self) -> ProtocolWrapper:  # what TCPServer.run makes passes here
        """Bytes to events and back."""
        return self._wrapper

    @protocol.setter
    def protocol(self, wrapper: ProtocolWrapper) -> None:
        if isinstance(wrapper.protocol, H11Protocol):
            wrapper.protocol = _Http1(wrapper, self.refused)
        self._wrapper = wrapper

    async def _read_data(self) -> None:
        await super()._read_data()
        # Nothing more will come: a peer that has gone would otherwise be held as long as an idle connection.
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        with trio.move_on_after(self.config.keep_alive_timeout):
            await self.context.terminated.wait()
        protocol = self.protocol.protocol
        if isinstance(protocol, _Http1) and protocol.is_within_head:
            with trio.move_on_after(self.head_limit_s - self.config.keep_alive_timeout) as slow:
                await self.context.terminated.wait()
            if slow.cancelled_caught:
                await protocol.refuse(408)
        with trio.CancelScope(shield=True):  # closing has its own limit, see Line.aclose
            await self._initiate_server_close()


class _Http1(H11Protocol):
    """Hypercorn's HTTP/1.1 with another form for what it refuses."""

    def __init__(self, wrapper: ProtocolWrapper, refused: Refused) -> None:
        super().__init__(
            wrapper.app,
            wrapper.config,
            wrapper.context,
            wrapper.task_group,
            wrapper.state,
            wrapper.ssl,
            wrapper.client,
            wrapper.server,
            wrapper.send,
        )
        self._refused = refused

    @property
    def is_within_head(self) -> bool:
        """Whether a head has begun to come but is not whole."""
        connection: Any = self.connection
        return self.stream is None and bool(connection.trailing_data[0])

    async def refuse(self, status: int) -> None:
        """Send a refusal that no application made; the connection ends after it."""
        status, headers, body = self._refused(status)
        await self._send_h11_event(
            h11.Response(status_code=status, headers=[*headers, *self.config.response_headers("h11")])
        )
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Pass an upgrade to HTTP/2 over, refuse its preface: Hypercorn's own has no bounds (see decision 23)."""
        if event.method == b"PRI":
            await self.refuse(400)
            raise ConnectionAbortedError("HTTP/2 is not spoken here")

    async def _send_error_response(self, status_code: int) -> None:
        await self.refuse(status_code)
