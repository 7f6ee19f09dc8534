"""How values cross into PostgreSQL: jsonb by msgspec, and text that PostgreSQL and JSON accept."""

import re
from typing import Any

import asyncpg
import msgspec

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
JSONB_VERSION = b"\x01"
"""First byte of jsonb's binary form (PostgreSQL, src/backend/utils/adt/jsonb.c, jsonb_send)."""


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text at all; what it does not take is the id of nothing."""
    return UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:
    """The same JSON-ready value with every text made storable: no NUL, no lone surrogate; U+FFFD stands for them."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def jsonb(value: Any) -> bytes:
    """Any JSON-ready value in jsonb's binary form; text that jsonb refuses is cleaned, see `storable`."""
    try:
        encoded = msgspec.json.encode(value)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(storable(value))
    if b"\\u0000" in encoded:
        encoded = msgspec.json.encode(storable(value))
    return JSONB_VERSION + encoded


def _unjsonb(data: bytes) -> Any:
    return msgspec.json.decode(memoryview(data)[1:])


async def set_codecs(connection: asyncpg.Connection) -> None:
    """Teach a new connection jsonb."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=jsonb, decoder=_unjsonb, format="binary")
