"""One HTTP/2 connection: frames in and out, and the streams between. h2 reads and writes the frames; it does no I/O."""

from contextlib import suppress
from typing import Any

import attrs
import h2.connection
import h2.events
import h2.exceptions
import trio
from h2.config import H2Configuration
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings
from hypercorn.config import Config

from actors.config import KIB
from web.serving.crowd import Crowd
from web.serving.fields import asked
from web.serving.line import STALL_S, Line
from web.serving.outlet import Outlet
from web.serving.patience import Patience
from web.serving.refused import Refused, RefusedError
from web.serving.stream import Stream

MOST_STREAMS = 100
"""Requests of one connection that are worked at; one that was reset counts until its app has ended (RFC 9113 asks for at least 100)."""
TABLE_BYTES = 4 * KIB
"""Of former headers, to which later heads may point, whatever the peer could remember: for each header all of them are looked through."""
READ_BYTES = 4 * KIB
"""As many of the smallest frames take h2 a few milliseconds."""
WINDOW_BYTES = 64 * KIB * MOST_STREAMS
"""Of the connection, so that one stream whose app does not read holds up no other."""


@attrs.define(eq=False, kw_only=True)
class Streams:
    """The connection. Owns nothing: the line is closed by whoever made it."""

    app: Any
    config: Config
    line: Line
    state: dict[str, Any]
    scheme: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    crowd: Crowd
    refused: Refused
    stall_s: float = STALL_S
    is_ending: bool = False
    """No further request is taken, because the server is shutting down."""
    _h2: h2.connection.H2Connection = attrs.field(init=False)
    _streams: dict[int, Stream] = attrs.field(init=False, factory=dict)
    """By number: those whose app has not ended."""
    _outlet: Outlet = attrs.field(init=False)
    _widened: trio.Event = attrs.field(init=False, factory=trio.Event)
    _reading: trio.CancelScope = attrs.field(init=False, factory=trio.CancelScope)
    _patience: Patience = attrs.field(init=False, factory=Patience)

    def end(self) -> None:
        """Take no further request; those that are being answered go on.

        The peer is told (GOAWAY) when the last of them has ended: clients that use h2 read nothing behind that. What it asks
        meanwhile is refused as never seen, so that it may ask again elsewhere.
        """
        self.is_ending = True
        if not self._streams:
            self._reading.cancel()

    async def run(self) -> None:
        """Serve until either side ends it. Raises nothing that a peer can cause."""
        self._outlet = Outlet(self.line)
        self._begin()
        async with trio.open_nursery() as apps:
            async with trio.open_nursery() as writing:
                writing.start_soon(self._write)
                await self._read(apps)
                self._end_all()
            await self.line.aclose()

    def _begin(self) -> None:
        self._h2 = h2.connection.H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: self.config.h11_max_incomplete_size,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW_BYTES)
        self._push()
        if self.is_ending:
            self._reading.cancel()

    async def _read(self, apps: trio.Nursery) -> None:
        self._reading.deadline = trio.current_time() + self.config.keep_alive_timeout
        with self._reading:
            # What comes in the very moment of an end stays unread: by the goodbye the peer knows that it may ask again.
            while (data := await self._received()) and not self._reading.cancel_called:
                try:
                    events = self._h2.receive_data(bytes(data))
                except h2.exceptions.ProtocolError:
                    return  # h2 has told the peer why
                for event in events:
                    if not self._handle(event, apps):
                        return
                self._push()
                await self._outlet.room()

    async def _received(self) -> bytes | bytearray:
        try:
            return await self.line.receive_some(READ_BYTES)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return b""

    def _handle(self, event: h2.events.Event, apps: trio.Nursery) -> bool:
        """Heed what the peer sent; whether the connection goes on."""
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        match event:
            case h2.events.RequestReceived():
                self._ask(event, apps)
            case h2.events.DataReceived():
                size_bytes = event.flow_controlled_length or 0
                if stream is None or stream.is_gone or stream.is_answered:
                    self.has_taken(event.stream_id, size_bytes)
                    if not self._patience.skips(size_bytes):
                        self.reset(event.stream_id, ErrorCodes.NO_ERROR)
                else:
                    stream.take(event.data, size_bytes)
            case h2.events.StreamEnded() if stream is not None:
                stream.complete()
            case h2.events.StreamReset():
                if stream is not None:
                    stream.leave()
                self._widen()
                return self._suffers()
            case h2.events.RemoteSettingsChanged():
                encoder = self._h2.encoder
                encoder.header_table_size = min(encoder.header_table_size, TABLE_BYTES)
                self._widen()
                return self._suffers()
            case h2.events.WindowUpdated():
                self._widen()
            case h2.events.ConnectionTerminated():
                return False
        return True

    def _suffers(self) -> bool:
        """Bear what asks for nothing; whether the connection goes on."""
        if not (goes_on := self._patience.bears()):
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
        return goes_on

    def _ask(self, event: h2.events.RequestReceived, apps: trio.Nursery) -> None:
        """Take a request, or refuse it here and now."""
        number, peer = event.stream_id, self.line.peer
        if self.is_ending or len(self._streams) >= MOST_STREAMS:
            self.reset(number, ErrorCodes.REFUSED_STREAM)  # it may be sent again elsewhere
            return
        try:
            if (status := self.crowd.refusal(peer)) is not None:
                self._refuse(number, RefusedError(status, ""))
                return
            request = asked(list(event.headers), has_body=event.stream_ended is None)
        except RefusedError as refused:
            self._refuse(number, refused)
            return
        stream = Stream(number, request, self, heard_at=self.line.heard_at, common=self.config.response_headers("h2"))
        self._streams[number] = stream
        self._reading.deadline = float("inf")
        self.crowd.enter(peer)
        apps.start_soon(self._serve, stream, peer)

    async def _serve(self, stream: Stream, peer: str) -> None:
        """One stream to its end, whatever its app does."""
        try:
            await self.app(self._scope(stream), stream.receive, stream.send)
        except Exception:  # noqa: BLE001 — the app's fault ends this stream at most
            await self.config.log.exception("Error in ASGI Framework")
        finally:
            self.crowd.leave(peer)
            del self._streams[stream.number]
            self._close(stream)

    def _close(self, stream: Stream) -> None:
        """The app has ended: what it left undone is told, and the connection may be idle, or over."""
        self.has_taken(stream.number, stream.forget())
        if stream.is_answered:
            self._patience.answered += 1
        elif stream.has_begun:
            self.reset(stream.number)
        elif not stream.is_gone:
            self._refuse(stream.number, stream.refused or RefusedError(500, "The error was logged"))
        if not self._streams:
            self._reading.deadline = trio.current_time() + self.config.keep_alive_timeout
            if self.is_ending:
                self._reading.cancel()

    def _refuse(self, number: int, refused: RefusedError) -> None:
        """Answer what no app answers. Its words are left out where the peer takes none."""
        status, headers, body = self.refused(refused.status, refused.message or None)
        head = [(b":status", b"%d" % status), *(pair for pair in headers if pair[0] != b"connection")]
        with suppress(h2.exceptions.ProtocolError):  # it is gone
            self._h2.send_headers(number, head + self.config.response_headers("h2"))
            if self._h2.local_flow_control_window(number) >= len(body):
                self._h2.send_data(number, body, end_stream=True)
            else:
                self._h2.reset_stream(number, ErrorCodes.CANCEL)
        self._push()

    def _scope(self, stream: Stream) -> dict[str, Any]:
        request = stream.request
        return {
            "type": "http",
            "asgi": {"spec_version": "2.4", "version": "3.0"},
            "http_version": "2",
            "method": request.method,
            "scheme": self.scheme,
            "path": request.path,
            "raw_path": request.raw_path,
            "query_string": request.query,
            "root_path": self.config.root_path,
            "headers": request.headers,
            "client": self.client,
            "server": self.server,
            "state": {**self.state, "line": stream},
            "extensions": {},
        }

    def send_head(self, number: int, head: list[tuple[bytes, bytes]], *, is_last: bool) -> None:
        """See `Frames`. Raises: ValueError for a head that is none."""
        try:
            self._h2.send_headers(number, head, end_stream=is_last)
        except h2.exceptions.StreamClosedError:
            return
        except h2.exceptions.ProtocolError as error:
            if not self._outlet.has_ended:
                raise ValueError(f"not a head of HTTP/2: {error}") from error
        self._push()

    async def send_some(self, number: int, data: memoryview, *, is_last: bool) -> int | None:
        """See `Frames`."""
        await self._outlet.room()
        if data and not await self._has_window(number):
            return None
        try:
            size = min(len(data), self._h2.max_outbound_frame_size)
            if data:
                size = min(size, self._h2.local_flow_control_window(number))
            self._h2.send_data(number, bytes(data[:size]), end_stream=is_last and size == len(data))
        except h2.exceptions.ProtocolError:
            return None
        self._push()
        return size

    async def _has_window(self, number: int) -> bool:
        """Wait until the peer takes something of a stream; False where it is gone, or takes nothing for `stall_s`."""
        with trio.move_on_after(self.stall_s):
            while not self._streams[number].is_gone:
                try:
                    if self._h2.local_flow_control_window(number) > 0:
                        return True
                except h2.exceptions.ProtocolError:
                    return False
                await self._widened.wait()
        return False

    def has_taken(self, number: int, size_bytes: int) -> None:
        """See `Frames`."""
        if size_bytes and not self._outlet.has_ended:
            self._h2.acknowledge_received_data(size_bytes, number)
            self._push()

    def reset(self, number: int, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        """See `Frames`."""
        with suppress(h2.exceptions.ProtocolError):
            self._h2.reset_stream(number, code)
        self._push()

    async def _write(self) -> None:
        await self._outlet.run()
        self._end_all()
        self._reading.cancel()

    def _end_all(self) -> None:
        """Nothing more is read: what is out in full still goes, and every app learns that its peer is gone."""
        if self._h2.state_machine.state is not h2.connection.ConnectionState.CLOSED:
            self._h2.close_connection()
        self._push()
        self._outlet.complete()
        for stream in self._streams.values():
            stream.leave()
        self._widen()

    def _push(self) -> None:
        self._outlet.put(self._h2.data_to_send())

    def _widen(self) -> None:
        self._widened.set()
        self._widened = trio.Event()
