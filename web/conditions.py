"""Conditional requests (RFC 9110, 13): whether an answer is still needed, and whether a change may happen."""

import enum
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Protocol

from quart import Response

from web.encoding import OWN
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange
from web.wording import shown

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_TAGS = re.compile(rf"[ \t,]*{_TAG.pattern}(?:[ \t]*,[ \t,]*{_TAG.pattern})*[ \t,]*")
"""RFC 9110, 8.8.3 and 5.6.1: tags with commas between them; empty places count for nothing."""
_OWN_PART = re.compile(OWN + r'[0-9a-f]+(?=")')


class Headers(Protocol):
    """Headers of a request, found without regard to case."""

    def get(self, name: str, /) -> str | None:
        """The value, or None."""
        ...


class Verdict(enum.Enum):
    """What the conditions of a request say."""

    GO_ON = enum.auto()
    NOT_MODIFIED = enum.auto()
    """Answer 304, without a body."""
    FAILED = enum.auto()
    """Answer 412."""


def verdict(headers: Headers, *, etag: str, modified: datetime | None = None) -> Verdict:
    """Judge a GET or HEAD by its conditions, in the order of RFC 9110, 13.2.2.

    Args:
        headers: of the request, found without regard to case.
        etag: the present entity tag, quotes included.
        modified: when the thing last changed; None where that is not told.

    Raises:
        ProblemError: VALIDATION_ERROR for an If-Match that is none. An If-None-Match that is none is left aside, as RFC 9110
            demands of dates that are none: the answer is whole, and so never wrong.
    """
    if (if_match := headers.get("If-Match")) is not None:
        _refuse_malformed(if_match)
        if not _names(if_match, etag, weakly=False):
            return Verdict.FAILED
    elif modified is not None and (since := _time(headers.get("If-Unmodified-Since"))) and _second(modified) > since:
        return Verdict.FAILED
    if (if_none_match := headers.get("If-None-Match")) is not None:
        return Verdict.NOT_MODIFIED if _names(if_none_match, etag, weakly=True) else Verdict.GO_ON
    if modified is not None and (since := _time(headers.get("If-Modified-Since"))) and _second(modified) <= since:
        return Verdict.NOT_MODIFIED
    return Verdict.GO_ON


def is_match(if_match: str, etag: str) -> bool:
    """Whether an If-Match header names the present strong tag; a change may then happen.

    What only the one who asks sees is left aside: their new rating does not make their picture of the track stale.
    """
    return _names(_shared(if_match), _shared(etag), weakly=False)


def _shared(tags: str) -> str:
    return _OWN_PART.sub("", tags)


def range_holds(if_range: str | None, *, etag: str, modified: datetime) -> bool:
    """Whether a Range header counts: without If-Range always, else only for exactly this tag or date."""
    if if_range is None:
        return True
    if if_range.strip().startswith(('"', "W/")):
        return if_range.strip() == etag
    return _time(if_range) == _second(modified)


def http_date(moment: datetime) -> str:
    """A moment in the form of HTTP headers, to the second."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _names(header: str, etag: str, *, weakly: bool) -> bool:
    if header.strip() == "*":
        return True
    tags = [found[0] for found in _TAG.finditer(header)]
    if weakly:
        return any(tag.removeprefix("W/") == etag.removeprefix("W/") for tag in tags)
    # A weak tag names no exact bytes, so it never matches strongly.
    return any(tag == etag and not tag.startswith("W/") for tag in tags)


def _refuse_malformed(if_match: str) -> None:
    """A change under a condition that cannot be understood must not happen as if it failed, nor as if there were none."""
    if if_match.strip() != "*" and not _TAGS.fullmatch(if_match):
        message = f"If-Match must be * or entity tags in their quotes, not {shown(if_match)}"
        raise invalid(FieldError(field="If-Match", message=message, value=if_match))


def _time(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def conditional(etag: str, build: Callable[[], Response], *, modified: datetime | None = None) -> Response:
    """The answer to the present GET or HEAD: what `build` gives, with its tag, or 304 without a body.

    Raises:
        ProblemError: PRECONDITION_FAILED, or VALIDATION_ERROR for an If-Match that is none.
    """
    judged = verdict(exchange().sent, etag=etag, modified=modified)
    if judged is Verdict.FAILED:
        raise ProblemError("PRECONDITION_FAILED", "It is not the version that If-Match names")
    response = Response(b"", 304) if judged is Verdict.NOT_MODIFIED else build()
    if judged is Verdict.NOT_MODIFIED:
        del response.headers["Content-Type"], response.headers["Content-Length"]
    response.headers["ETag"] = etag
    response.headers.setdefault("Cache-Control", "no-cache")
    if modified is not None:
        response.headers["Last-Modified"] = http_date(modified)
    return response


def demanded(etag: str, version: int) -> int | None:
    """Which version of the thing with this tag the present request means by its If-Match; None for any.

    Raises:
        ProblemError: as `demand_match`.
    """
    demand_match(etag)
    return None if exchange().sent["If-Match"].strip() == "*" else version


def demand_match(etag: str) -> None:
    """Let a change of the thing with this tag go on only if the present request names it.

    Raises:
        ProblemError: PRECONDITION_REQUIRED without If-Match, PRECONDITION_FAILED with a stale one, VALIDATION_ERROR with one
            that is none.
    """
    if_match = exchange().sent.get("If-Match")
    if if_match is None:
        raise ProblemError("PRECONDITION_REQUIRED", "Send the ETag of what you saw as If-Match")
    _refuse_malformed(if_match)
    if not is_match(if_match, etag):
        raise ProblemError("PRECONDITION_FAILED", "It was changed since you saw it", headers={"ETag": etag})
