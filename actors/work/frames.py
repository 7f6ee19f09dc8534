"""What travels over the pipes between the service and its workers: length-prefixed MessagePack. Bytes in, values out; no I/O."""

from typing import Annotated

import msgspec

LENGTH_BYTES = 4
LONGEST_FRAME = 4 * 1024 * 1024
"""A child that claims more has lost its mind."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker shall live; JSON, the last argument of its command."""

    task: str
    parent: int
    """Process id of the service; the worker dies with it."""
    memory_bytes: int
    """Address space above what it has when it is ready."""
    niceness: int


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What a source shall make of one file; JSON, all of its standard input."""

    path: bytes
    """For its words alone."""
    descriptor: int
    """The open file, which it inherits under this number."""
    order: msgspec.Raw
    """Whatever the task takes."""


class Order(msgspec.Struct, frozen=True):
    """One file to work on."""

    path: bytes


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The worker has started and waits for orders."""


class Begun(msgspec.Struct, frozen=True, tag=True):
    """The order arrived; whatever happens from here is the file's doing."""


class Progressed(msgspec.Struct, frozen=True, tag=True):
    """A part of the work is done: 0–1."""

    done: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The order's result, encoded; who gave the order knows its type."""

    result: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The file could not be read; kind and text of an `UnreadableError`."""

    kind: str
    message: str


class Chunk(msgspec.Struct, frozen=True, tag=True):
    """The next bytes of what a source makes."""

    data: bytes


Report = Ready | Begun | Progressed | Chunk | Finished | Failed


class FrameError(Exception):
    """The bytes are no frames: the other side is broken."""


def frame(value: Order | Report) -> bytes:
    """One value as it goes into the pipe."""
    body = msgspec.msgpack.encode(value)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Frames:
    """Takes bytes as they come, and gives the bodies of whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def add(self, data: bytes) -> None:
        """More bytes from the pipe."""
        self._buffer += data

    def take(self) -> bytes | None:
        """The body of the next whole frame, or None. Raises FrameError on a length that no frame has."""
        if len(self._buffer) < LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if length > LONGEST_FRAME:
            raise FrameError(f"a frame of {length} bytes")
        end = LENGTH_BYTES + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[LENGTH_BYTES:end])
        del self._buffer[:end]
        return body
