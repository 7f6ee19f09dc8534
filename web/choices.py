"""Which words a typed value may be, for those whose word is none of them."""

import enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec


def choices(kind: Any) -> tuple[str, ...]:
    """What a value of this type may say, where that is a fixed set of words; none if it may be anything else too."""
    if get_origin(kind) is Annotated:
        return choices(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        parts = [choices(one) for one in get_args(kind) if one not in {NoneType, msgspec.UnsetType}]
        return tuple(word for part in parts for word in part) if all(parts) else ()
    if get_origin(kind) is Literal:
        return tuple(word for word in get_args(kind) if isinstance(word, str))
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, enum.StrEnum) else ()


def one_of(allowed: tuple[str, ...]) -> str:
    """What is said of a value that is none of these words."""
    return f"Expected one of {', '.join(allowed)}"
