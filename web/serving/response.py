"""The head of an answer, as bytes. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BROKEN = re.compile(rb"[\x00\r\n]")
_LINES = {int(status): b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"

Headers = Iterable[tuple[bytes, bytes]]


def head(status: int, headers: Headers) -> bytes:
    """Status line and headers, with the empty line behind them.

    Raises:
        ValueError: a header holds what would end it early: CR, LF or NUL, or a name that is none.
    """
    return b"".join((status_line(status), lines(headers), b"\r\n"))


def status_line(status: int) -> bytes:
    """The first line."""
    return _LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def lines(headers: Headers) -> bytes:
    """Headers, each with the end of its line.

    Raises:
        ValueError: as `head`.
    """
    parts: list[bytes] = []
    for name, value in headers:
        if not _is_name(name) or _BROKEN.search(value):
            raise ValueError(f"not a header: {name!r}: {value!r}")
        parts += (name, b": ", value, b"\r\n")
    return b"".join(parts)


@lru_cache(maxsize=256)
def _is_name(name: bytes) -> bool:
    return _NAME.fullmatch(name) is not None


def has_no_body(status: int, method: str) -> bool:
    """Whether an answer ends with its head, whatever its headers say (RFC 9110, 6.4.1)."""
    return method == "HEAD" or status in {204, 304} or 100 <= status < 200
