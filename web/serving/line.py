"""One connection's stream, watched: when it was last heard, and cut when its peer takes nothing. Knows no protocol."""

import contextlib
import errno
import os
import socket
import struct
from typing import Any

import trio

from actors.config import KIB, SECONDS
from web.traffic.address import UNKNOWN

STALL_S = 10 * SECONDS
"""A peer that takes no byte for so long is cut; slow progress is not a stall."""
CHUNK_BYTES = 64 * KIB
NOTHING = memoryview(b"")

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class Line:
    """Stands between a server's protocol and a socket or TLS stream, with the same methods.

    What it does not define itself (`socket`, `do_handshake`, `selected_alpn_protocol`, …) is the stream's own.
    Owns: the stream.
    """

    def __init__(self, stream: Stream, *, stall_s: float = STALL_S) -> None:
        self.heard_at = trio.current_time()
        """When the last byte came in, on Trio's clock."""
        self.has_stalled = False
        """It was cut because its peer took nothing."""
        self.has_said_all = False
        """Its protocol has said its last word, behind which nothing that is given may stand."""
        self._stream = stream
        self._stall_s = stall_s
        self._sending = trio.Lock()
        self._owed = NOTHING
        self._put_back = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def peer(self) -> str:
        """The address at the other end; "unknown" for one that is gone already."""
        transport = self._stream if isinstance(self._stream, trio.SocketStream) else self._stream.transport_stream
        try:
            name = transport.socket.getpeername()
        except OSError:
            return UNKNOWN
        return str(name[0]) if isinstance(name, tuple) else UNKNOWN

    @property
    def is_encrypted(self) -> bool:
        """Whether the peer understands nothing before a handshake."""
        return not isinstance(self._stream, trio.SocketStream)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """The next bytes, empty at the peer's end."""
        if self._put_back:
            kept, self._put_back = self._put_back, b""
            return kept
        data = await self._received(max_bytes)
        if data:
            self.heard_at = trio.current_time()
        return data

    async def receive_next(self, max_bytes: int) -> bytes | bytearray:
        """The same where the bytes have hardly come yet: it waits for them before it asks for them."""
        if self._put_back or not isinstance(self._stream, trio.SocketStream):
            return await self.receive_some(max_bytes)
        while True:
            if self._stream.socket.fileno() == -1:  # Trio can wait for no such thing, and remembers that it was to
                raise trio.ClosedResourceError("this line was closed")
            try:
                await trio.lowlevel.wait_readable(self._stream.socket)
                data = os.read(self._stream.socket.fileno(), max_bytes)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._fault(error) from error
            if data:
                self.heard_at = trio.current_time()
            return data

    async def _received(self, max_bytes: int | None) -> bytes | bytearray:
        if max_bytes is None or not isinstance(self._stream, trio.SocketStream):
            return await self._stream.receive_some(max_bytes)
        # A stream says the same in another way, which costs as much as the call of the system.
        try:
            return await self._stream.socket.recv(max_bytes)
        except OSError as error:
            raise self._fault(error) from error

    def put_back(self, data: bytes) -> None:
        """Give bytes that were received to whoever receives next."""
        self._put_back = data + self._put_back

    async def send_all(self, data: bytes) -> None:
        """Send everything, behind what is owed and what others send at the moment.

        Cancellation: what was begun is owed, and goes out before anything that is sent later; so what the peer reads is whole
        whenever anything follows. Under TLS nothing can follow.
        Raises: BrokenResourceError when the peer took no byte for `stall_s`, the line is then cut; ClosedResourceError
        when it was closed or cut meanwhile.
        """
        async with self._sending:
            await self._pay()
            self._owed = memoryview(data)
            try:
                await self._pay()
            finally:
                if len(self._owed) == len(data):  # nothing of it is out
                    self._owed = NOTHING

    async def send(self, *parts: bytes) -> None:
        """Send everything as `send_all` does; without a turn of the scheduler where the peer takes it at once.

        For the end of an answer: whoever then reads the next request gives others their turn.
        """
        if not self.give(*parts):
            await self.send_all(b"".join(parts))
        elif self._owed:
            await self.send_all(b"")

    def give(self, *parts: bytes) -> bool:
        """Take the whole of some bytes without waiting, or nothing of them.

        So a message to many costs each of them one system call and no turn of the scheduler. What the peer does not take of it is
        owed: `send_all`, also of nothing, sends it. Nothing is taken while something is owed or somebody else sends, under
        TLS, and while the peer takes nothing. A line that is gone, or has said all, takes everything and sends none of it: whoever
        receives learns of that.
        """
        if self.has_said_all:
            return True
        if self._owed or self._sending.locked() or not isinstance(self._stream, trio.SocketStream):
            return False
        try:
            sent = os.writev(self._stream.socket.fileno(), parts)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if sent < sum(map(len, parts)):
            self._owed = memoryview(b"".join(parts))[sent:]
        return True

    @property
    def owed_bytes(self) -> int:
        """What was taken and is not out yet."""
        return len(self._owed)

    async def send_eof(self) -> None:
        """Tell the peer that nothing more comes; a TLS stream cannot."""
        if isinstance(self._stream, trio.SocketStream):
            await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close, at most as long as a stall lasts."""
        with trio.move_on_after(self._stall_s):
            await self._stream.aclose()

    def cut(self) -> None:
        """Reset the connection now: unsent bytes are dropped and everyone who waits on the stream is woken."""
        self._owed = NOTHING
        transport = self._stream if isinstance(self._stream, trio.SocketStream) else self._stream.transport_stream
        with contextlib.suppress(OSError):
            transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.socket.close()

    async def _pay(self) -> None:
        while self._owed:
            with trio.move_on_after(self._stall_s) as scope:
                try:
                    sent = await self._send_some(self._owed[:CHUNK_BYTES])
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    self._owed = NOTHING
                    raise
                self._owed = self._owed[sent:]
            if scope.cancelled_caught:
                self.has_stalled = True
                self.cut()
                raise trio.BrokenResourceError("the peer takes nothing")

    async def _send_some(self, data: memoryview) -> int:
        if isinstance(self._stream, trio.SocketStream):
            try:
                return await self._stream.socket.send(data)
            except OSError as error:
                raise self._fault(error) from error
        await self._stream.send_all(data)
        return len(data)

    def _fault(self, error: OSError) -> Exception:
        """What a failed call on the socket means."""
        if error.errno == errno.EBADF or self._stream.socket.fileno() == -1:
            return trio.ClosedResourceError("this line was closed")
        return trio.BrokenResourceError("the peer is gone")
