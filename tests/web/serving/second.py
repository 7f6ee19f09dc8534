"""A client of HTTP/2 that can do what none should, over h2."""

import ssl
from collections.abc import Callable
from typing import Any

import attrs
import h2.config
import h2.connection
import h2.events
import h2.settings
import trio

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


@attrs.define(eq=False)
class Client:
    """One connection. `events` holds all that came; bodies are acknowledged as they come."""

    stream: Stream
    connection: h2.connection.H2Connection
    events: list[Any] = attrs.field(factory=list)
    has_ended: bool = False
    """The server has closed."""

    async def flush(self) -> None:
        """Send what h2 has made."""
        await self.stream.send_all(self.connection.data_to_send())

    async def ask(
        self,
        path: str = "/",
        *more: tuple[str, str],
        method: str = "GET",
        is_whole: bool = True,
        authority: str = "a.example",
    ) -> int:
        """Begin a stream; gives its number."""
        number = self.connection.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", authority), *more]
        self.connection.send_headers(number, head, end_stream=is_whole)
        await self.flush()
        return number

    async def until(self, is_enough: Callable[[], bool], *, limit_s: float = 5) -> None:
        """Take what comes until there is enough, or the server has closed."""
        with trio.fail_after(limit_s):
            while not (is_enough() or self.has_ended):
                try:
                    data = await self.stream.receive_some()
                except trio.BrokenResourceError:
                    data = b""
                self.has_ended = not data
                for event in self.connection.receive_data(bytes(data)):
                    self.events.append(event)
                    if isinstance(event, h2.events.DataReceived):
                        self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if not self.has_ended:
                    await self.flush()

    async def answer(self, number: int) -> tuple[int, bytes]:
        """Status and body of a stream that ends, or is reset."""
        await self.until(lambda: bool(self.of(number, h2.events.StreamEnded) or self.of(number, h2.events.StreamReset)))
        (head,) = self.of(number, h2.events.ResponseReceived)
        return int(dict(head.headers)[":status"]), self.body(number)

    def of(self, number: int, *kinds: type) -> list[Any]:
        """What came on a stream."""
        return [event for event in self.events if isinstance(event, kinds) and event.stream_id == number]

    def body(self, number: int) -> bytes:
        """What came of a stream's body."""
        return b"".join(event.data for event in self.of(number, h2.events.DataReceived))

    @property
    def goodbye(self) -> int | None:
        """Why the server ended the connection, if it said so."""
        return next(
            (int(one.error_code) for one in self.events if isinstance(one, h2.events.ConnectionTerminated)), None
        )


async def connected(url: str, *, trusted: ssl.SSLContext | None = None, window: int | None = None) -> Client:
    """A client; `window` is how much of each answer it takes until it says more, 65535 by default."""
    host, port = url.partition("://")[2].split(":")
    stream: Stream = await trio.open_tcp_stream(host, int(port))
    if trusted is not None:
        trusted.set_alpn_protocols(["h2"])
        assert isinstance(stream, trio.SocketStream)
        stream = trio.SSLStream(stream, trusted, server_hostname=host, https_compatible=True)
    client = begun(stream)
    if window is not None:
        client.connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
    await client.flush()
    return client


def begun(stream: Stream) -> Client:
    """A client at the end of a line; nothing is sent before it is flushed."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    return Client(stream, connection)
