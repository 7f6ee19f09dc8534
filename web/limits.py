"""Bodies that clients send: how large, of which kind, and whether they say what they should. And changes that must not
be broken off half-way.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import trio

from actors.config import MIB, SECONDS
from web.choices import choices, one_of
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange

Model = TypeVar("Model", bound=msgspec.Struct)

JSON_LIMIT_BYTES = 1 * MIB
BODY_LIMIT_S = 15 * SECONDS
"""A JSON body must have come whole by then."""
MOST_EXACT = 2**53
"""No float beyond it says exactly which integer it is."""


@contextmanager
def undivided(limit_s: float) -> Iterator[None]:
    """What happens inside is done as a whole even if the client leaves meanwhile.

    Raises:
        TooSlowError: it took longer than `limit_s`, and was cancelled where it stood.
    """
    with trio.fail_after(limit_s) as scope:
        scope.shield = True
        yield


async def json_body(model: type[Model]) -> Model:
    """The body of the present request as a value of the model.

    Raises:
        ProblemError: UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON, or VALIDATION_ERROR naming every field.
        HTTPException: 413 when it is larger than `JSON_LIMIT_BYTES`, 408 when it came too slowly.
    """
    current = exchange()
    mimetype = current.sent.media_type
    if mimetype != "application/json" and not (mimetype.startswith("application/") and mimetype.endswith("+json")):
        raise ProblemError(
            "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json", headers={"Accept": "application/json"}
        )
    assert current.read is not None
    return structured(await current.read(), model)


def structured(body: bytes, model: type[Model]) -> Model:
    """JSON bytes as a value of the model; unknown and doubled names are refused.

    Raises:
        ProblemError: MALFORMED_JSON, or VALIDATION_ERROR naming every field.
    """
    try:
        value = _DECODER.decode(body)
        # msgspec takes the last of two equal names; only the standard parser can tell that there were two.
        json.loads(body, object_pairs_hook=_without_doubles)
    except RecursionError:
        raise ProblemError("MALFORMED_JSON", "The body is nested too deeply") from None
    except ValueError as error:
        raise ProblemError("MALFORMED_JSON", f"The body is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise invalid(FieldError(field="", message="The body must be an object"))
    return fielded(value, model)


def fielded(values: dict[str, Any], model: type[Model]) -> Model:
    """The fields of an object or a form as a value of the model; unknown names are refused.

    Raises:
        ProblemError: VALIDATION_ERROR naming every field.
    """
    errors = [*_unknown(values, model), *_refused(values, model)]
    if errors:
        raise invalid(*errors)
    return msgspec.convert(values, model)


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return int(number) if number.is_integer() and abs(number) <= MOST_EXACT else number


_DECODER = msgspec.json.Decoder(float_hook=_number)
"""For JSON, 2.0 is an integer."""


def _unknown(value: dict[str, Any], model: type[msgspec.Struct]) -> list[FieldError]:
    names = [field.encode_name for field in msgspec.structs.fields(model)]
    message = f"Unknown field; known: {', '.join(names) or 'none'}"
    return [FieldError(field=name, message=message, value=entry) for name, entry in value.items() if name not in names]


def _refused(value: dict[str, Any], model: type[msgspec.Struct]) -> list[FieldError]:
    errors = []
    for field in msgspec.structs.fields(model):
        name = field.encode_name
        if name not in value:
            if field.required:
                errors.append(FieldError(field=name, message="Required"))
            continue
        if _has_nul(value[name]):
            errors.append(FieldError(field=name, message="Must not contain NUL", value=value[name]))
            continue
        allowed = choices(field.type)
        if allowed and isinstance(value[name], str) and value[name] not in allowed:
            errors.append(FieldError(field=name, message=one_of(allowed), value=value[name]))
            continue
        try:
            msgspec.convert(value[name], field.type)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$")
            errors.append(FieldError(field=name + where.rstrip("`"), message=message, value=value[name]))
    return errors


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(entry) for pair in value.items() for entry in pair)
    return isinstance(value, list) and any(map(_has_nul, value))
