"""Query parameters to a typed value: every parameter that cannot be used is named, the unknown and doubled ones too.

A parameter of several values is a tuple in the model, and is repeated in the address.
"""

import math
import re
from functools import lru_cache
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from web.choices import choices, one_of
from web.errors import FieldError, ProblemError, invalid

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
            known = ", ".join(fields) or "none"
            message = f"Unknown parameter; known: {known}"
            errors.append(FieldError(field=_shown(name), message=message, value=_shown(texts[0])))
            continue
        values[name] = None
        try:
            values[name] = _values(texts, field.type)
        except msgspec.ValidationError as error:
            errors.append(FieldError(field=name, message=str(error), value=_shown(texts[-1])))
    errors.extend(
        FieldError(field=name, message="Required")
        for name, field in fields.items()
        if field.required and name not in values
    )
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


def _values(texts: list[str], kind: Any) -> Any:
    """One text as a value; several only where the kind holds several."""
    items = _items(kind)
    if items is not None:
        return msgspec.convert([_value(text, items) for text in texts], kind)
    if len(texts) > 1:
        raise msgspec.ValidationError("Given more than once")
    return _value(texts[0], kind)


def _items(kind: Any) -> Any:
    """What a parameter that may be repeated holds; None for any other."""
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_args(bare)[0] if get_origin(bare) is tuple else None


def _value(text: str, kind: Any) -> Any:
    if "\0" in text:
        raise msgspec.ValidationError("Must not contain NUL")
    if not _is_unicode(text):
        raise msgspec.ValidationError("Must be UTF-8")
    allowed = choices(kind)
    if allowed and text not in allowed:
        raise msgspec.ValidationError(one_of(allowed))
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as as_text:
        typed = _typed(text)
        if typed is None:
            raise msgspec.ValidationError(_EXPECTED.sub(_expected, str(as_text))) from None
        try:
            return msgspec.convert(typed, kind)
        except msgspec.ValidationError as as_typed:
            message = str(as_text if "got `str`" in str(as_typed) else as_typed)
            raise msgspec.ValidationError(_EXPECTED.sub(_expected, message)) from None


_EXPECTED = re.compile(r"Expected `([^`]+)`, got `\w+`")
_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def _expected(found: re.Match[str]) -> str:
    """Without the types of Python and JSON: all that a query can hold is text."""
    kinds = [_KINDS.get(kind, kind) for kind in found[1].split(" | ") if kind != "null"]
    return f"Expected {' or '.join(kinds)}"


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
