"""Schemas with the meanings that the classes tell."""

import re
from typing import Annotated

import msgspec
import pytest

from web.openapi.shapes import WITHOUT_NUL, meanings, shapes, without_nul


class Feather(msgspec.Struct, rename="camel"):
    """Of a rook."""

    length_cm: float
    """From end to end, in centimeters."""
    added_at: str
    color: Annotated[str, msgspec.Meta(description="By its name.")] | None = None


class LongFeather(Feather, rename="camel"):
    """A long one."""

    length_cm: float
    """More than thirty."""


class Wish(msgspec.Struct):
    """What somebody sends."""

    words: str
    like: Feather | None = None
    labels: dict[str, str] = {}
    letters: Annotated[str, msgspec.Meta(pattern=r"\S")] = "a"


async def test_the_docstring_below_a_field_is_its_meaning_the_heirs_own_first() -> None:
    assert meanings(LongFeather) == {"length_cm": "More than thirty."}

    _, components = shapes([Feather, LongFeather])
    assert components["Feather"]["properties"]["lengthCm"]["description"] == "From end to end, in centimeters."
    assert components["LongFeather"]["properties"]["lengthCm"]["description"] == "More than thirty."


async def test_a_field_without_a_docstring_means_what_its_type_or_its_name_says() -> None:
    _, components = shapes([Feather])

    assert components["Feather"]["properties"]["color"]["description"] == "By its name."
    assert components["Feather"]["properties"]["addedAt"]["description"] == "When it was added."


async def test_only_what_is_sent_must_be_free_of_nul() -> None:
    _, components = shapes([Wish, LongFeather], sent=[Wish])

    assert components["Wish"]["properties"]["words"]["pattern"] == WITHOUT_NUL
    assert components["Wish"]["properties"]["labels"]["propertyNames"] == {"pattern": WITHOUT_NUL}
    assert components["Wish"]["properties"]["letters"]["not"] == {"pattern": "\\u0000"}
    assert components["Feather"]["properties"]["addedAt"]["pattern"] == WITHOUT_NUL
    assert "pattern" not in components["LongFeather"]["properties"]["addedAt"]
    assert not re.search(WITHOUT_NUL, "a\0")


async def test_a_schema_of_its_own_can_be_freed_of_nul() -> None:
    given = {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]}

    assert without_nul(given)["anyOf"][0] == {"type": "string", "maxLength": 3, "pattern": WITHOUT_NUL}
    assert "pattern" not in given["anyOf"][0]


async def test_two_classes_of_one_name_are_refused() -> None:
    other = msgspec.defstruct("Wish", [("words", str)])

    with pytest.raises(ValueError, match="name of another class"):
        shapes([Wish, other])
