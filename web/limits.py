"""Bodies that clients send: how large, of which kind, and whether they say what they should. And changes that must not
be broken off half-way.
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
import trio

from actors.config import KIB, MIB, SECONDS
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange
from web.wording import fault, missing, one_of, shown, unknown

Model = TypeVar("Model", bound=msgspec.Struct)

JSON_LIMIT_BYTES = 1 * MIB
BODY_LIMIT_S = 15 * SECONDS
"""A JSON body must have come whole by then."""
AT_ONCE_BYTES = 16 * KIB
"""A longer JSON body, which may take 6 ms for every so many bytes to read, is read in a thread."""
MOST_TOLD = 50
"""So many faults of one body are told."""
MOST_EXACT = 2**53
"""No float beyond it says exactly which integer it is."""

_readers = trio.CapacityLimiter(2)


@contextmanager
def undivided(limit_s: float) -> Iterator[None]:
    """What happens inside is done as a whole even if the client leaves meanwhile.

    Raises:
        TooSlowError: it took longer than `limit_s`, and was cancelled where it stood.
    """
    with trio.fail_after(limit_s) as scope:
        scope.shield = True
        yield


async def json_body(model: type[Model], *, is_needed: bool = True) -> Model:
    """The body of the present request as a value of the model.

    Args:
        model: as for `fielded`.
        is_needed: whether there must be one; without one nothing in it is said.

    Raises:
        ProblemError: UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON, or VALIDATION_ERROR naming every field.
        HTTPException: 413 when it is larger than `JSON_LIMIT_BYTES`, 408 when it came too slowly.
    """
    current = exchange()
    mimetype = current.sent.media_type
    is_json = mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))
    body = b""
    if is_json or not mimetype:
        assert current.read is not None
        body = await current.read()
    elif current.sent.get("content-length") != "0":
        raise _other_kind()
    if not body and not is_needed:
        return fielded({}, model)
    if not is_json:
        raise _other_kind()
    if len(body) <= AT_ONCE_BYTES:
        return structured(body, model)
    return await trio.to_thread.run_sync(structured, body, model, limiter=_readers)


def _other_kind() -> ProblemError:
    return ProblemError(
        "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json", headers={"Accept": "application/json"}
    )


def structured(body: bytes, model: type[Model]) -> Model:
    """JSON bytes as a value of the model; unknown and doubled names are refused.

    Raises:
        ProblemError: MALFORMED_JSON, or VALIDATION_ERROR naming every field.
    """
    try:
        value = _parsed(body)
        if not isinstance(value, dict):
            raise invalid(FieldError(field="", message=f"The body must be an object, not {shown(value)}"))
        return fielded(value, model)
    except RecursionError:
        raise ProblemError("MALFORMED_JSON", "The body is nested too deeply") from None


def _parsed(body: bytes) -> Any:
    try:
        value = _DECODER.decode(body)
        # msgspec takes the last of two equal names; only the standard parser can tell that there were two.
        json.loads(body, object_pairs_hook=_without_doubles)
    except ValueError as error:
        raise ProblemError("MALFORMED_JSON", f"The body is no JSON: {error}") from None
    return value


def fielded(values: dict[str, Any], model: type[Model]) -> Model:
    """The fields of an object or a form as a value of the model; unknown names are refused.

    Args:
        values: by the names that clients use.
        model: a Struct, or several of which a word in the values tells which is meant.

    Raises:
        ProblemError: VALIDATION_ERROR naming every field.
    """
    kind = _meant(values, model)
    if errors := list(islice(_faults(values, kind, ""), MOST_TOLD)):
        raise invalid(*errors)
    return msgspec.convert(values, kind)


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return int(number) if number.is_integer() and abs(number) <= MOST_EXACT else number


_DECODER = msgspec.json.Decoder(float_hook=_number)
"""For JSON, 2.0 is an integer."""


def _meant(values: dict[str, Any], model: type[Model]) -> type[Model]:
    kinds = {kind.__struct_config__.tag: kind for kind in get_args(model)}
    if not kinds:
        return model
    tag = next(iter(kinds.values())).__struct_config__.tag_field
    if tag not in values:
        raise invalid(missing(tag))
    word = values[tag]
    if not isinstance(word, str):
        raise invalid(FieldError(field=tag, message=f"{tag} must be text, not {shown(word)}", value=word))
    if word not in kinds:
        raise invalid(FieldError(field=tag, message=f"{tag} {one_of(tuple(kinds), word)}", value=word))
    chosen: type[Model] = kinds[word]
    return chosen


def _faults(values: dict[str, Any], kind: type[msgspec.Struct], above: str) -> Iterator[FieldError]:
    """What is wrong with an object, field by field, and with the objects in it."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    for name, value in values.items():
        if name not in fields and name != tag:
            yield unknown(above + name, name, tuple(fields), value=value)
    for name, field in fields.items():
        if name not in values:
            if field.required:
                yield missing(above + name)
        elif isinstance(values[name], dict) and (inner := _struct_in(field.type)) is not None:
            yield from _faults(values[name], inner, f"{above}{name}.")
        elif _has_nul(values[name]):
            yield FieldError(field=above + name, message=f"{above}{name} must not contain NUL", value=values[name])
        else:
            try:
                msgspec.convert(values[name], field.type)
            except msgspec.ValidationError as error:
                yield fault(above + name, error, values[name], field.type)


@lru_cache(maxsize=512)
def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The one shape of object that a field may hold, if it is a strict one."""
    if get_origin(kind) is Annotated:
        return _struct_in(get_args(kind)[0])
    kinds = [one for one in get_args(kind) or (kind,) if one not in {NoneType, msgspec.UnsetType}]
    if len(kinds) == 1 and isinstance(kinds[0], type) and issubclass(kinds[0], msgspec.Struct):
        return kinds[0] if kinds[0].__struct_config__.forbid_unknown_fields else None
    return None


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
