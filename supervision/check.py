"""Validators of specifications: each refuses with the field's name. Nothing but checks lives here."""

import math
from collections.abc import Callable
from typing import Any

import attrs

from supervision.errors import SpecError

type_error = "must be {}, not {!r}"

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def number(field: str, value: object, *, whole: bool) -> float:
    """The value, if it is a number and no bool; a whole one if that is wanted."""
    kind = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kind):
        raise SpecError(field, type_error.format("a whole number" if whole else "a number", value))
    if math.isnan(value):
        raise SpecError(field, "must be a number, not NaN")
    return value


def at_least(least: int) -> Check:
    """A whole number, `least` or more."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if number(attribute.name, value, whole=True) < least:
            raise SpecError(attribute.name, f"must be at least {least}, not {value!r}")

    return check


def finite_above(least: float) -> Check:
    """A finite number greater than `least`."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        given = number(attribute.name, value, whole=False)
        if not (given > least and math.isfinite(given)):
            raise SpecError(attribute.name, f"must be finite and more than {least:g}, not {value!r}")

    return check


def finite_from(least: float) -> Check:
    """A finite number, `least` or more."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        given = number(attribute.name, value, whole=False)
        if not (given >= least and math.isfinite(given)):
            raise SpecError(attribute.name, f"must be finite and at least {least:g}, not {value!r}")

    return check


def number_from(least: float) -> Check:
    """A number, `least` or more; infinity is one."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if number(attribute.name, value, whole=False) < least:
            raise SpecError(attribute.name, f"must be at least {least:g}, not {value!r}")

    return check


def is_a(kind: type, *, optional: bool = False) -> Check:
    """An instance of `kind`."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if not (isinstance(value, kind) or (optional and value is None)):
            raise SpecError(attribute.name, type_error.format(f"of type {kind.__name__}", value))

    return check


def name(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """A non-empty string without a slash, which is what paths are joined with."""
    if not isinstance(value, str) or not value or "/" in value:
        raise SpecError(attribute.name, f"must be a non-empty string without '/', not {value!r}")
