"""Every refusal in one form: `application/problem+json` (RFC 9457) with a stable code. Never a traceback.

Which error becomes which code is decided here and nowhere else; `answered` is the one door.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec
import structlog
import trio
from quart import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing.exceptions import WebsocketMismatch

from actors.errors import (
    BusyError,
    ConflictError,
    DatabaseError,
    InvalidError,
    ItemGoneError,
    StaleError,
    TrackGoneError,
    VersionError,
)
from actors.model.time import Time
from supervision import AdministrationError, AskTimeoutError, DeadlockError, NotFoundError, SendError
from web.encoding import json_bytes, now
from web.exchange import Exchange, exchange, serving

PROBLEM_JSON = "application/problem+json"

CODES: Mapping[str, tuple[int, str]] = {
    "BAD_REQUEST": (400, "The request cannot be understood"),
    "MALFORMED_JSON": (400, "The body is no JSON"),
    "INVALID_CURSOR": (400, "The cursor cannot be used"),
    "UNAUTHENTICATED": (401, "Who are you?"),
    "FORBIDDEN": (403, "This is not allowed"),
    "NOT_FOUND": (404, "There is nothing here"),
    "TRACK_NOT_FOUND": (404, "There is no such track"),
    "METHOD_NOT_ALLOWED": (405, "This method is not for this path"),
    "REQUEST_TIMEOUT": (408, "The request came too slowly"),
    "CONFLICT": (409, "This conflicts with how things are"),
    "PRECONDITION_FAILED": (412, "It was changed meanwhile"),
    "PAYLOAD_TOO_LARGE": (413, "The body is too large"),
    "URI_TOO_LONG": (414, "The address is too long"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "This kind of body is not understood"),
    "RANGE_NOT_SATISFIABLE": (416, "There are no such bytes"),
    "VALIDATION_ERROR": (422, "Some values cannot be used"),
    "UNPLAYABLE": (422, "What this recording holds cannot be decoded"),
    "IDEMPOTENCY_MISMATCH": (422, "This key was used for something else"),
    "PRECONDITION_REQUIRED": (428, "Say which version you mean, by If-Match"),
    "RATE_LIMITED": (429, "Too many requests"),
    "HEADERS_TOO_LARGE": (431, "The head is too large"),
    "INTERNAL": (500, "Something went wrong here"),
    "UNAVAILABLE": (503, "A part of the service is away"),
    "INSUFFICIENT_STORAGE": (507, "There is no room left for it"),
    "OVERLOADED": (503, "Too much to do at the moment"),
    "TIMEOUT": (504, "It took too long"),
}
"""Every code with its status and what it says to people."""

_CODE_OF_STATUS = {status: code for code, (status, _) in reversed(tuple(CODES.items()))}
_SHOWN_CHARACTERS = 200
SECRETS = ("password", "token", "secret")
"""Fields that end so have no value in a problem: problems are logged and shown."""

_log = structlog.stdlib.get_logger("rookery.web")


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One value that was refused; `field` is the name of a parameter, or the path of a value in the body."""

    field: str
    """Name of a parameter or header, or the path of a value in the body; empty for the body as a whole."""
    message: str
    """What is wrong with it."""
    value: Any = None
    """What was sent, shortened; nothing where it was missing, and for secrets."""


class Problem(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What was wrong, for people (`title`, `message`) and for programs (`status`, `code`)."""

    type: str
    """Address of the code in the documentation."""
    title: str
    """What the code says to people."""
    status: int
    """The HTTP status again."""
    code: str
    """A stable word for programs."""
    message: str
    """What is wrong here, for people."""
    details: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    """More, where there is more to tell."""
    errors: tuple[FieldError, ...] | msgspec.UnsetType = msgspec.UNSET
    """Every value that was refused."""
    request_id: str
    """Id under which this request stands in the log."""
    timestamp: Time
    """When it was refused."""
    path: str
    """Path that was asked for."""


@attrs.frozen(kw_only=True)
class Refusal:
    """A problem before it is told: its code and what belongs to it."""

    code: str = attrs.field(validator=attrs.validators.in_(CODES))
    message: str
    errors: tuple[FieldError, ...] = ()
    details: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return CODES[self.code][0]

    def body(self) -> bytes:
        """The problem of the exchange being served, as JSON."""
        current = exchange()
        return json_bytes(
            Problem(
                type=f"/docs#{self.code}",
                title=CODES[self.code][1],
                status=self.status,
                code=self.code,
                message=self.message,
                details=dict(self.details) if self.details else msgspec.UNSET,
                errors=tuple(map(_shortened, self.errors)) or msgspec.UNSET,
                request_id=current.request_id,
                timestamp=now(),
                path=current.path,
            )
        )


class ProblemError(Exception):
    """Ends the handling of a request with a problem; raised by routes, told by the app."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        errors: Sequence[FieldError] = (),
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.refusal = Refusal(code=code, message=message, errors=tuple(errors), details=details, headers=headers or {})

    @classmethod
    def of(cls, refusal: Refusal) -> "ProblemError":
        """The error for a refusal that is made already."""
        return cls(
            refusal.code, refusal.message, errors=refusal.errors, details=refusal.details, headers=refusal.headers
        )


def invalid(*errors: FieldError) -> ProblemError:
    """The error for values that were refused, each by its name."""
    names = ", ".join(dict.fromkeys(error.field or "the body" for error in errors))
    return ProblemError("VALIDATION_ERROR", f"Not usable: {names}", errors=errors)


def refusal_of(error: Exception) -> Refusal:
    """What an error means to the one who asked; what is nobody's fault but ours is logged with its traceback."""
    match error:
        case ProblemError():
            return error.refusal
        case HTTPException():
            return _refusal_of_http(error)
        case NotFoundError():
            return Refusal(code="NOT_FOUND", message=str(error))
        case AdministrationError() | DeadlockError():
            return Refusal(code="CONFLICT", message=str(error))
        case TrackGoneError():
            return Refusal(code="TRACK_NOT_FOUND", message="No track has this id")
        case StaleError():
            return Refusal(code="PRECONDITION_FAILED", message="It was changed since you saw it")
        case VersionError():
            return Refusal(code="CONFLICT", message=str(error), details={"version": error.version})
        case ItemGoneError():
            return Refusal(code="NOT_FOUND", message="No item of the queue has this id")
        case ConflictError():
            return Refusal(code="CONFLICT", message=str(error))
        case BusyError():
            return Refusal(code="OVERLOADED", message=str(error), headers={"Retry-After": "5"})
        case AskTimeoutError():
            return Refusal(code="TIMEOUT", message=str(error))
        case SendError():
            return Refusal(code="UNAVAILABLE", message=str(error), headers={"Retry-After": "1"})
        case InvalidError(field="cursor"):
            return Refusal(code="INVALID_CURSOR", message=error.message)
        case InvalidError():
            return invalid(FieldError(field=error.field, message=error.message)).refusal
        case trio.TooSlowError():
            return Refusal(code="TIMEOUT", message="The answer was not ready in time")
        case DatabaseError():
            _log.warning("database away", error=str(error), request_id=exchange().request_id)
            return Refusal(code="UNAVAILABLE", message=str(error), headers={"Retry-After": "5"})
        case ExceptionGroup():
            # Of what was done at once: our own fault, if there is one, hides behind nothing else.
            return min(map(refusal_of, error.exceptions), key=lambda refusal: refusal.code != "INTERNAL")
        case _:
            _log.error("request failed", exc_info=error, request_id=exchange().request_id, path=exchange().path)
            return Refusal(code="INTERNAL", message="The error was logged under this request's id")


async def answered(error: Exception) -> Response:
    """Tell an error as a problem; Quart calls it for all of them."""
    refusal = refusal_of(error)
    response = Response(refusal.body(), refusal.status, content_type=PROBLEM_JSON)
    response.headers.update(refusal.headers)
    return response


def _refusal_of_http(error: HTTPException) -> Refusal:
    code = _CODE_OF_STATUS.get(error.code or 500)
    if code is None:
        code = "BAD_REQUEST" if 400 <= (error.code or 500) < 500 else "INTERNAL"
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return Refusal(code=code, message=f"Use one of: {allowed}", headers={"Allow": allowed})
    if isinstance(error, WebsocketMismatch):
        return Refusal(code=code, message="What is here is a WebSocket, and opened as one; this was a request of HTTP")
    return Refusal(code=code, message=CODES[code][1])


def _shortened(error: FieldError) -> FieldError:
    value = error.value
    if error.field.lower().endswith(SECRETS):
        value = None
    elif isinstance(value, str) and len(value) > _SHOWN_CHARACTERS:
        value = value[:_SHOWN_CHARACTERS] + "…"
    elif isinstance(value, dict | list):
        value = "{…}" if isinstance(value, dict) else "[…]"
    return msgspec.structs.replace(error, field=error.field[:_SHOWN_CHARACTERS], value=value)


_OF_THE_SERVER = {
    400: ("BAD_REQUEST", "The bytes are no HTTP request"),
    405: ("METHOD_NOT_ALLOWED", "This method is not served"),
    408: ("REQUEST_TIMEOUT", "The head did not come in time"),
    414: ("URI_TOO_LONG", "The address is too long"),
    429: ("RATE_LIMITED", "There are too many connections from this address"),
    431: ("HEADERS_TOO_LARGE", "The head is too large"),
    500: ("INTERNAL", "The error was logged"),
    503: ("OVERLOADED", "There are too many connections"),
}


def refused_by_server(status: int, message: str | None = None) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The answer that the server itself gives to what never becomes a request: status, headers and body."""
    code, usual = _OF_THE_SERVER.get(status, _OF_THE_SERVER[400])
    current = Exchange(request_id=secrets.token_hex(16), method="-", path="")
    with serving(current):
        refusal = Refusal(code=code, message=message or usual)
        _log.info("line refused", code=code, reason=refusal.message, request_id=current.request_id)
        body = refusal.body()
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", current.request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if refusal.status in {429, 503}:
        headers.append((b"retry-after", b"5"))
    if refusal.status == 405:
        headers.append((b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"))
    return refusal.status, headers, body
