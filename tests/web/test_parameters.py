"""Query parameters."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.track import Presence
from web.errors import ProblemError
from web.parameters import parameters


class Color(StrEnum):
    """Words."""

    RED = "red"


class Query(msgspec.Struct, rename="camel", kw_only=True):
    """One of each kind."""

    page_size: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    sort: Literal["title", "artist"] | None = None
    color: Color | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5)] | None = None
    digits: Annotated[str, msgspec.Meta(pattern="^[0-9]{3}$")] | None = None
    gain: float | None = None
    deep: bool = False


class Needs(msgspec.Struct, rename="camel", kw_only=True):
    """One that must be."""

    track_id: str


def refused(query: bytes, model: type[msgspec.Struct] = Query) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        parameters(query, model)
    assert caught.value.refusal.code == "VALIDATION_ERROR"
    return [error.field for error in caught.value.refusal.errors]


def test_nothing_said_means_defaults() -> None:
    assert parameters(b"", Query) == Query()


def test_values_get_their_types() -> None:
    found = parameters(b"pageSize=5&sort=title&color=red&text=%C3%A4&digits=123&gain=-1.5&deep=true", Query)

    assert found == Query(page_size=5, sort="title", color=Color.RED, text="ä", digits="123", gain=-1.5, deep=True)


@pytest.mark.parametrize(
    "query, field",
    [
        (b"pageSize=0", "pageSize"),
        (b"pageSize=501", "pageSize"),
        (b"pageSize=x", "pageSize"),
        (b"pageSize=", "pageSize"),
        (b"pageSize=1.0", "pageSize"),
        (b"pageSize=1e2", "pageSize"),
        (b"pageSize=%20" + b"1", "pageSize"),
        (b"pageSize=null", "pageSize"),
        (b"pageSize=true", "pageSize"),
        (b"pageSize=" + b"9" * 5000, "pageSize"),
        (b"pageSize=%D9%A3", "pageSize"),
        (b"pageSize=1&pageSize=1", "pageSize"),
        (b"page_size=1", "page_size"),
        (b"sort=", "sort"),
        (b"sort=TITLE", "sort"),
        (b"color=blue", "color"),
        (b"text=", "text"),
        (b"text=123456", "text"),
        (b"text=%00", "text"),
        (b"text=%ff", "text"),
        (b"digits=12", "digits"),
        (b"gain=nan", "gain"),
        (b"gain=inf", "gain"),
        (b"deep=yes", "deep"),
        (b"nope=1", "nope"),
        (b"%ff=1", "?"),
    ],
)
def test_what_cannot_be_used_is_named(query: bytes, field: str) -> None:
    assert refused(query) == [field]


def test_every_fault_is_told_at_once() -> None:
    assert refused(b"pageSize=0&sort=x&nope=1") == ["pageSize", "sort", "nope"]


def test_required_ones_are_missed() -> None:
    assert refused(b"", Needs) == ["trackId"]
    assert parameters(b"trackId=a", Needs) == Needs(track_id="a")


def test_too_many_are_refused_unread() -> None:
    with pytest.raises(ProblemError) as caught:
        parameters(b"a=1&" * 101, Query)
    assert caught.value.refusal.code == "BAD_REQUEST"


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(query: bytes) -> None:
    refusal = None
    try:
        parameters(query, Query)
    except ProblemError as error:
        refusal = error.refusal
    if refusal is not None:
        assert refusal.status in {400, 422}
        msgspec.json.encode(refusal.errors)


def test_a_word_that_is_none_of_several_is_answered_with_those_there_are():
    class Asked(msgspec.Struct):
        presence: Presence | None = None

    with pytest.raises(ProblemError) as caught:
        parameters(b"presence=bogus", Asked)
    [field] = caught.value.refusal.errors

    assert field.message == 'presence must be one of present, missing, unverified, not "bogus"'
    assert parameters(b"presence=missing", Asked).presence is Presence.MISSING


@pytest.mark.parametrize(
    "query,said",
    [
        (b"pageSize=x", 'pageSize must be a whole number, not "x"'),
        (b"pageSize=501", "pageSize must be at most 500, not 501"),
        (b"gain=x", 'gain must be a number, not "x"'),
        (b"deep=1", 'deep must be true or false, not "1"'),
        (b"sort=titel", 'sort must be one of artist, title, not "titel"; did you mean title?'),
        (b"pagesize=1", "There is no parameter pagesize; did you mean pageSize?"),
        (b"deep=true&deep=true", "deep is given more than once"),
        (b"text=longer", "text must have at most 5 characters, not 6"),
    ],
)
def test_refusals_speak_of_texts_as_queries_hold_nothing_else(query: bytes, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parameters(query, Query)
    assert [error.message for error in caught.value.refusal.errors] == [said]


def test_a_small_number_may_have_an_exponent():
    class Asked(msgspec.Struct):
        start: float | None = None

    assert parameters(b"start=2.5e-07", Asked).start == 2.5e-07
    with pytest.raises(ProblemError):
        parameters(b"start=1e999", Asked)
