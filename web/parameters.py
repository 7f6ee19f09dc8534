"""Query parameters to a typed value: every parameter that cannot be used is named, the unknown and doubled ones too.

A parameter of several values is a tuple in the model, and is repeated in the address.
"""

import math
import re
from functools import lru_cache
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from web.errors import FieldError, ProblemError, invalid
from web.wording import fault, missing, unknown

Model = TypeVar("Model", bound=msgspec.Struct)

MOST_PARAMETERS = 100

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?", re.ASCII)
_WORDS = {"true": True, "false": False}


def parameters(query: bytes, model: type[Model]) -> Model:
    """The query string of a request as a value of the model.

    Args:
        query: percent-encoded UTF-8, without the question mark.
        model: a Struct whose every field has a default or is required by it.

    Raises:
        ProblemError: VALIDATION_ERROR naming every parameter that is unknown, doubled, missing or cannot be used.
    """
    fields = _fields(model)
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    given: dict[str, list[str]] = {}
    for name, text in _pairs(query):
        given.setdefault(name, []).append(text)
    for name, texts in given.items():
        field = fields.get(name)
        if field is None:
            readable = _shown(name)
            errors.append(unknown(readable, readable, tuple(fields), value=_shown(texts[0]), noun="parameter"))
            continue
        values[name] = None
        try:
            values[name] = _values(name, texts, field.type)
        except _UnusableError as error:
            errors.append(error.fault)
    errors.extend(missing(name) for name, field in fields.items() if field.required and name not in values)
    if errors:
        raise invalid(*errors)
    return model(**{fields[name].name: value for name, value in values.items()})


@lru_cache(maxsize=256)
def _fields(model: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(model)}


def _pairs(query: bytes) -> list[tuple[str, str]]:
    # What is not UTF-8 becomes a lone surrogate, so that the parameter can be named.
    try:
        return parse_qsl(
            query.decode("latin-1"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="surrogateescape",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise ProblemError("BAD_REQUEST", f"More than {MOST_PARAMETERS} parameters") from None


class _UnusableError(Exception):
    def __init__(self, fault: FieldError) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _values(name: str, texts: list[str], kind: Any) -> Any:
    """One text as a value; several only where the kind holds several."""
    items = _items(kind)
    if items is not None:
        values = [_value(name, text, items) for text in texts]
        try:
            return msgspec.convert(values, kind)
        except msgspec.ValidationError as error:
            raise _UnusableError(fault(name, error, values, kind, is_text=True)) from None
    if len(texts) > 1:
        raise _unusable(name, texts[-1], "is given more than once")
    return _value(name, texts[0], kind)


def _items(kind: Any) -> Any:
    """What a parameter that may be repeated holds; None for any other."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_args(bare)[0] if get_origin(bare) is tuple else None


def _value(name: str, text: str, kind: Any) -> Any:
    if "\0" in text:
        raise _unusable(name, text, "must not contain NUL")
    if not _is_unicode(text):
        raise _unusable(name, text, "must be UTF-8")
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as error:
        refusal = error
    if (typed := _typed(text)) is not None:
        try:
            return msgspec.convert(typed, kind)
        except msgspec.ValidationError as error:
            # What was of the wrong type altogether was refused as text for a better reason.
            if "got `" not in str(error):
                raise _UnusableError(_as_sent(fault(name, error, typed, kind, is_text=True), text)) from None
    raise _UnusableError(fault(name, refusal, text, kind, is_text=True))


def _as_sent(fault: FieldError, text: str) -> FieldError:
    return msgspec.structs.replace(fault, value=text)


def _unusable(name: str, text: str, why: str) -> _UnusableError:
    return _UnusableError(FieldError(field=name, message=f"{name} {why}", value=_shown(text)))


def _typed(text: str) -> int | float | bool | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return _WORDS.get(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
