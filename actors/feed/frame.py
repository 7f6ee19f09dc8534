"""One message of the live feed as the bytes that every transport sends. No I/O here."""

import struct
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs
import msgspec

from actors.model.event import TOPIC_OF_TYPE, Event, Passing

VERSION = "1.0"


class _Message(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    type: str
    payload: Any
    request_id: str | None
    timestamp: datetime
    version: str = VERSION
    seq: int | msgspec.UnsetType = msgspec.UNSET


_ENCODER = msgspec.json.Encoder()


def encoded(
    message_type: str, payload: Any, *, at: datetime, request_id: str | None = None, seq: int | None = None
) -> bytes:
    """The JSON of one message, without a line break; `seq` is left out when None. `at` is UTC."""
    return _ENCODER.encode(
        _Message(
            type=message_type,
            payload=payload,
            request_id=request_id,
            timestamp=at,
            seq=msgspec.UNSET if seq is None else seq,
        )
    )


def text_frame(body: bytes) -> bytes:
    """A text message as one frame of a server: final, opcode 1, without a mask and extensions (RFC 6455, 5.2)."""
    size = len(body)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + body
    if size < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, size) + body
    return struct.pack("!BBQ", 0x81, 127, size) + body


@attrs.frozen(kw_only=True, eq=False)
class Frame:
    """One message, encoded once for all who get it."""

    type: str
    topic: str
    """Empty for what the feed tells everyone (RESYNC)."""
    body: bytes
    """The whole JSON message, without a line break."""
    at: datetime
    """UTC; of the commit of an event."""
    seq: int | None = None
    newest: int | None = None
    """Of RESYNC: who reads it goes on behind this number."""
    subject: str | None = None
    """Of several waiting frames with the same subject only the newest is kept."""
    owner: str | None = None
    """Id of the only user who gets it; None for all."""

    @cached_property
    def text(self) -> str:
        """The body for transports that send text; decoded once for all."""
        return self.body.decode()

    @cached_property
    def framed(self) -> bytes:
        """The body as one whole text frame of a WebSocket server; framed once for all."""
        return text_frame(self.body)

    @classmethod
    def of_event(cls, event: Event) -> "Frame":
        """One event of the log. A type that only a newer version knows goes to `tracks`."""
        return cls(
            type=event.type,
            topic=TOPIC_OF_TYPE.get(event.type, "tracks"),
            body=encoded(event.type, event.payload, at=event.at, seq=event.seq),
            at=event.at,
            seq=event.seq,
            owner=event.owner,
        )

    @classmethod
    def of_passing(cls, passing: Passing) -> "Frame":
        """A message without a number."""
        return cls(
            type=passing.type,
            topic=passing.topic,
            body=encoded(passing.type, passing.payload, at=passing.at),
            at=passing.at,
            subject=passing.subject,
            owner=passing.owner,
        )

    @classmethod
    def of_resync(cls, *, oldest: int, newest: int, at: datetime) -> "Frame":
        """History is gone: read the catalogue anew; the next event is the one after `newest`."""
        body = encoded("RESYNC", {"oldest": oldest, "newest": newest}, at=at)
        return cls(type="RESYNC", topic="", body=body, at=at, newest=newest)
