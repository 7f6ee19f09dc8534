"""A record of the log as a line that is finished: bounded, without anything that changes, breaks or cannot be written. Never raises."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from math import isfinite
from types import TracebackType
from typing import Any

from actors.errors import RookeryError
from actors.model.log_line import (
    FIELDS,
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    TRACEBACK_CHARACTERS,
    VALUE_CHARACTERS,
    VALUES_CHARACTERS,
    Level,
    LogLine,
    Scalar,
    cut,
    cut_before,
)

SAFE_INTEGER = 2**53
"""From here on programs that read numbers as floating ones would read another number; it is told as a text."""
FRAMES = 50
"""So many calls of a traceback are kept at each of its ends."""

_NO_FIELDS = frozenset({"event", "level", "logger", "timestamp", "request_id", "exc_info"})
_LEVELS = {level.value: level for level in Level}

Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def line_of(record: logging.LogRecord) -> LogLine:
    """One record, of structlog or of the standard library, as it is at this moment."""
    event: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {}
    message = event["event"] if "event" in event else _message(record)
    request_id = event.get("request_id")
    return LogLine(
        at=datetime.fromtimestamp(record.created, UTC),
        level=_LEVELS.get(record.levelno) or Level.of(record.levelno),
        logger=cut(record.name, NAME_CHARACTERS),
        message=_text(message, MESSAGE_CHARACTERS),
        request_id=None if request_id is None else _text(request_id, VALUE_CHARACTERS),
        fields=_fields(event),
        traceback=_traceback(event.get("exc_info") or record.exc_info),
    )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 — arguments that do not fit their text are no reason to fail; the text alone says more than nothing
        return _text(record.msg, MESSAGE_CHARACTERS)


def _fields(event: dict[str, Any]) -> dict[str, Scalar]:
    """Its values. Every request comes by here, so what needs no care takes no call."""
    fields: dict[str, Scalar] = {}
    room = VALUES_CHARACTERS
    for name, value in event.items():
        if name in _NO_FIELDS:
            continue
        if len(fields) == FIELDS or room <= 0:
            break
        most = min(room, VALUE_CHARACTERS)
        told = value if _is_plain(value, most) else _text(value, most)
        if type(told) is str:
            room -= len(told)
        fields[name if name.isascii() and len(name) <= NAME_CHARACTERS else cut(name, NAME_CHARACTERS)] = told
    return fields


def _is_plain(value: object, characters: int) -> bool:
    """Whether JSON has a form for a value as it is, and it is short enough."""
    if type(value) is str:
        return len(value) <= characters and value.isascii()
    if type(value) is int:
        return -SAFE_INTEGER < value < SAFE_INTEGER
    if type(value) is float:
        return isfinite(value)
    return value is None or type(value) is bool


def _text(value: object, characters: int) -> str:
    """What is no text is shown as in Python; the beginning is enough of bytes, which may be many."""
    try:
        if not isinstance(value, str):
            value = repr(bytes(value[:characters]) if isinstance(value, bytes | bytearray) else value)
        return cut(str(value), characters)
    except Exception:  # noqa: BLE001 — a value that cannot be shown is no reason for whoever logs it to fail
        return f"<{type(value).__name__}>"


def _traceback(info: object) -> str | None:
    raised = _raised(info)
    if raised is None or isinstance(raised[1], RookeryError):
        return None
    try:
        told = traceback.TracebackException(*raised, limit=-FRAMES, capture_locals=False, compact=True)
        return cut_before("".join(told.format()).rstrip(), TRACEBACK_CHARACTERS)
    except Exception:  # noqa: BLE001 — as above
        return f"<{raised[0].__name__}>"


def _raised(info: object) -> Raised | None:
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        return type(info), info, info.__traceback__
    if isinstance(info, tuple) and len(info) == 3 and isinstance(info[1], BaseException):
        return type(info[1]), info[1], info[2]
    return None
