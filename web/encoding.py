"""Values to answers: msgspec JSON (camelCase, RFC 3339), and entity tags."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from quart import Response

JSON = "application/json"

_encoder = msgspec.json.Encoder()


def json_bytes(value: Any) -> bytes:
    """A value as JSON. Costs one pass; msgspec Structs bring their own names."""
    return _encoder.encode(value)


def now() -> datetime:
    """The present time, UTC; encoded as RFC 3339."""
    return datetime.now(UTC)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return raw_answer(_encoder.encode(value), content_type=JSON, status=status, headers=headers)


def raw_answer(
    body: bytes, *, content_type: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer of ready bytes."""
    response = Response(body, status, content_type=content_type)
    if headers:
        response.headers.update(headers)
    return response


def nothing(*, headers: Mapping[str, str] | None = None) -> Response:
    """The answer 204: it is done, and there is nothing to say."""
    response = Response(b"", 204, headers=dict(headers or {}))
    del response.headers["Content-Type"]
    return response


OWN = "~"
"""In an entity tag, what stands before the part that only the one who asks sees; changes are not judged by that part."""


def entity_tag(*parts: object, own: tuple[object, ...] = ()) -> str:
    """A strong entity tag of what the parts say, quotes included; `own` are those that only the one who asks sees."""
    return f'"{_digest(parts)}{OWN + _digest(own) if own else ""}"'


def content_tag(body: bytes) -> str:
    """The strong entity tag of exactly these bytes."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def _digest(parts: tuple[object, ...]) -> str:
    text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=12).hexdigest()
