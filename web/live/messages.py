"""What clients of the live socket may say, and how a bad message is refused. Values only."""

from typing import Annotated, Any, TypeVar

import attrs
import msgspec

from actors.config import KIB
from actors.feed.frame import VERSION
from actors.model.event import TOPICS
from actors.model.player_commands import COMMANDS, Command, Device
from web.wording import fault

T = TypeVar("T")

LIMIT_BYTES = 64 * KIB
"""A message from a client may be so long."""
ID_CHARACTERS = 128


class Refused(Exception):  # noqa: N818 — what is said to the client, not a failure of this program
    """A message that is answered by ERROR; `code` is one of the stable words of the HTTP errors."""

    def __init__(self, code: str, message: str, *, request_id: str | None = None, is_bad: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id
        self.is_bad = is_bad
        """Counts towards closing; a proper message that cannot be served now does not."""


class Connect(msgspec.Struct, frozen=True):
    """Begin: live only, or from the event after `since`; all but `logs` that the role may have when no topics are named."""

    token: str | None = None
    """What a login gave, or an API key; null if the handshake showed one, or none is needed."""
    since: int | None = None
    """Number of the last event seen; null for live only."""
    topics: tuple[str, ...] | None = None
    """What to hear; null for all but `logs` that the role may have."""
    device: Device | None = None
    """What the client calls itself, so that its player can sound there; null for nothing."""


class Topics(msgspec.Struct, frozen=True):
    """The topics of SUBSCRIBE and UNSUBSCRIBE."""

    topics: tuple[str, ...]
    """Their names."""


class Nothing(msgspec.Struct, frozen=True):
    """No payload is expected; what there is is ignored."""


Payload = Connect | Topics | Nothing | Command

PAYLOADS: dict[str, type[Payload]] = {
    "CONNECT": Connect,
    "SUBSCRIBE": Topics,
    "UNSUBSCRIBE": Topics,
    "PING": Nothing,
    "GET_CACHE_STATS": Nothing,
    **COMMANDS,
}


class _Envelope(msgspec.Struct, rename="camel", frozen=True):
    type: str
    payload: dict[str, Any] | None = None
    request_id: Annotated[str, msgspec.Meta(max_length=ID_CHARACTERS)] | None = None
    timestamp: str | None = None
    version: str = VERSION


@attrs.frozen(kw_only=True)
class Incoming:
    """One well-formed message of a client."""

    type: str
    payload: Payload
    request_id: str | None


def incoming(message: object) -> Incoming:
    """Read one message of a client, text as it came from the socket.

    Raises: Refused with MALFORMED_JSON, VALIDATION_ERROR, PAYLOAD_TOO_LARGE or UNSUPPORTED_MEDIA_TYPE.
    """
    if not isinstance(message, str):
        raise Refused("UNSUPPORTED_MEDIA_TYPE", "messages are JSON in text frames, not binary")
    try:
        raw = message.encode()
    except UnicodeEncodeError as error:
        raise Refused("MALFORMED_JSON", "the message is not UTF-8") from error
    if len(raw) > LIMIT_BYTES:
        raise Refused("PAYLOAD_TOO_LARGE", f"a message may have {LIMIT_BYTES} bytes, this one has {len(raw)}")
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused("MALFORMED_JSON", f"the message is not JSON: {error}") from error
    return _checked(value)


def _checked(value: Any) -> Incoming:
    request_id = value.get("requestId") if isinstance(value, dict) else None
    if not isinstance(request_id, str) or len(request_id) > ID_CHARACTERS:
        request_id = None
    if not isinstance(value, dict):
        raise Refused("VALIDATION_ERROR", "a message is an object with a type and a payload")
    envelope = _converted("", value, _Envelope, request_id)
    if envelope.version != VERSION:
        raise Refused("VALIDATION_ERROR", f"version must be {VERSION}", request_id=request_id)
    if envelope.type not in PAYLOADS:
        raise Refused("VALIDATION_ERROR", f"unknown type {envelope.type[:100]!r}", request_id=request_id)
    payload = _converted("payload", envelope.payload or {}, PAYLOADS[envelope.type], request_id)
    unknown = unknown_topics(payload.topics or ()) if isinstance(payload, Connect | Topics) else []
    if unknown:
        raise Refused("VALIDATION_ERROR", _unknown_text(unknown), request_id=request_id)
    return Incoming(type=envelope.type, payload=payload, request_id=request_id)


def _converted(name: str, value: Any, kind: type[T], request_id: str | None) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said = fault(name, error, value, kind).message
    except RecursionError:
        said = "nested too deeply"
    raise Refused("VALIDATION_ERROR", said, request_id=request_id)


def unknown_topics(topics: tuple[str, ...]) -> list[str]:
    """Those that are no topics of the feed."""
    return sorted(set(topics).difference(TOPICS))


def _unknown_text(unknown: list[str]) -> str:
    return f"unknown topics {', '.join(unknown)[:200]}; there are {', '.join(TOPICS)}"
