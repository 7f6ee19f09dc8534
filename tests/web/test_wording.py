"""What is wrong with a value, in plain words."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest

from actors.model.track import Presence
from web.errors import FieldError
from web.openapi.shapes import WITHOUT_NUL
from web.wording import fault, missing, one_of, unknown

Order = Literal["asc", "desc"]


class Inner(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What lies inside."""

    how_deep: Annotated[int, msgspec.Meta(ge=0)]
    order: Order = "asc"


class Left(msgspec.Struct, tag="LEFT", tag_field="type"):
    """One of two."""


class Right(msgspec.Struct, tag="RIGHT", tag_field="type"):
    """One of two."""


def told(value: Any, kind: Any, *, name: str = "size", is_text: bool = False) -> FieldError:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    return fault(name, caught.value, value, kind, is_text=is_text)


def meta(kind: Any, **bounds: Any) -> Any:
    return Annotated[kind, msgspec.Meta(**bounds)]


@pytest.mark.parametrize(
    "value,kind,said",
    [
        (501, meta(int, le=500), "size must be at most 500, not 501"),
        (0, meta(int, ge=1), "size must be at least 1, not 0"),
        (1.5, meta(float, lt=1), "size must be less than 1, not 1.5"),
        (0.0, meta(float, gt=0), "size must be more than 0, not 0.0"),
        (3, meta(int, multiple_of=2), "size must be a multiple of 2, not 3"),
        (2.5, meta(float, ge=2.75), "size must be at least 2.75, not 2.5"),
        ("x", int, 'size must be a whole number, not "x"'),
        (1.5, int, "size must be a whole number, not 1.5"),
        (True, int, "size must be a whole number, not true"),
        ("x", float | None, 'size must be a number or null, not "x"'),
        (None, str, "size must be text, not null"),
        ({}, str, "size must be text, not an object"),
        ([], bool, "size must be true or false, not a list"),
        (1, list[int], "size must be a list, not 1"),
        (1, dict[str, int], "size must be an object, not 1"),
        ("", meta(str, min_length=1), "size must not be empty"),
        ("a", meta(str, min_length=2), "size must have at least 2 characters, not 1"),
        ("abc", meta(str, max_length=2), "size must have at most 2 characters, not 3"),
        ([1, 2], meta(list[int], max_length=1), "size must have at most 1 entries, not 2"),
        ([1, 2], tuple[int], "size must have 1 entries, not 2"),
        ({"a": 1}, meta(dict[str, int], max_length=0), "size must have at most 0 entries, not 1"),
        ("a\0b", meta(str, pattern=WITHOUT_NUL), "size must not hold the character NUL"),
        ("a'b", meta(str, pattern="^b'$"), "size must match ^b'$, not \"a'b\""),
        ("up", Order, 'size must be one of asc, desc, not "up"'),
        ("ascc", Order | None, 'size must be one of asc, desc, not "ascc"; did you mean asc?'),
        ("gone", Presence, 'size must be one of present, missing, unverified, not "gone"'),
        ("yesterday", datetime, 'size must be a moment such as 2026-03-01T12:30:00Z, not "yesterday"'),
        ("2026-01-01T00:00:00", meta(datetime, tz=True), None),
        ({"x": 1}, dict[int, int], "Every name in size must be a whole number"),
        ({"x": {"y": "q"}}, dict[str, dict[str, int]], "size[...][...] must be a whole number"),
        ("x" * 100, int, f'size must be a whole number, not "{"x" * 60}…"'),
    ],
)  # fmt: skip
def test_every_refusal_is_a_sentence_for_people(value: Any, kind: Any, said: str | None) -> None:
    message = told(value, kind).message

    assert said in {message, None}
    assert "`" not in message
    assert "Expected" not in message


@pytest.mark.parametrize(
    "value,field,said",
    [
        ({"howDeep": -1}, "at[0].howDeep", "at[0].howDeep must be at least 0, not -1"),
        ({}, "at[0].howDeep", "at[0].howDeep is required"),
        ({"howDeep": 1, "oder": 1}, "at[0].oder", "There is no field at[0].oder; did you mean order?"),
        ({"howDeep": 1, "zzz": 1}, "at[0].zzz", "There is no field at[0].zzz; there are howDeep, order"),
        ({"howDeep": 1, "order": "dsc"}, "at[0].order", 'at[0].order must be one of asc, desc, not "dsc"; did you mean desc?'),
    ],
)  # fmt: skip
def test_what_lies_inside_is_named_by_its_path(value: Any, field: str, said: str) -> None:
    error = told([value], list[Inner], name="at")

    assert (error.field, error.message) == (field, said)


def test_the_word_that_tells_shapes_apart_is_one_of_several() -> None:
    assert told({"type": "UP"}, Left | Right, name="").message == 'type must be one of LEFT, RIGHT, not "UP"'


def test_addresses_hold_text_only_so_null_and_lists_are_not_spoken_of() -> None:
    assert told("9" * 30, int, is_text=True).message == f'size is out of range, not "{"9" * 30}"'
    assert told("x", int | None, is_text=True).message == 'size must be a whole number, not "x"'


@pytest.mark.parametrize("name", ["password", "oldPassword", "token"])
def test_secrets_are_not_repeated(name: str) -> None:
    assert told("hunter22", meta(str, pattern="^x$"), name=name).message == f"{name} must match ^x$"


def test_a_message_that_is_not_known_is_passed_on() -> None:
    error = fault("size", msgspec.ValidationError("Strange thing"), 1, int)

    assert error.message == "size cannot be used: Strange thing"


def test_a_body_as_a_whole_has_a_name_too() -> None:
    assert told([], Inner, name="").message == "The body must be an object, not a list"


def test_names_that_are_not_are_answered_with_those_that_are() -> None:
    assert unknown("colour", "colour", ("color", "size")).message == "There is no field colour; did you mean color?"
    assert unknown("x", "x", (), noun="parameter").message == "There is no parameter x; there are none"
    assert missing("size").message == "size is required"
    assert one_of(("asc", "desc"), "x" * 1000).endswith('…"')
