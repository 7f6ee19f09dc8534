"""Values to answers."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.encoding import answer, content_tag, entity_tag, json_bytes, nothing, now, raw_answer


class Thing(msgspec.Struct, rename="camel"):
    """With a time."""

    added_at: datetime


def test_times_are_rfc_3339_utc() -> None:
    moment = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
    assert json_bytes(Thing(moment)) == b'{"addedAt":"2026-03-01T12:30:00.123456Z"}'
    assert now().tzinfo is UTC


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert msgspec.json.decode(json_bytes(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_null(value: float) -> None:
    assert json_bytes(value) == b"null"


async def test_answers_carry_their_headers() -> None:
    made = answer({"a": 1}, status=201, headers={"Location": "/x"})

    assert (made.status_code, made.content_type, made.headers["Location"]) == (201, "application/json", "/x")
    assert await made.get_data() == b'{"a":1}'
    assert raw_answer(b"x", content_type="image/png").content_length == 1


def test_tags_tell_their_parts_apart() -> None:
    assert entity_tag("a", 1) == entity_tag("a", 1)
    assert len({entity_tag("a", 1), entity_tag("a", 2), entity_tag("a1"), entity_tag("a", 1, "")}) == 4
    assert entity_tag("\ud800").startswith('"')


async def test_an_answer_without_a_body_has_no_kind() -> None:
    response = nothing(headers={"Location": "/x"})

    assert (response.status_code, await response.get_data(), response.headers["Location"]) == (204, b"", "/x")
    assert "Content-Type" not in response.headers


def test_other_bytes_have_another_tag() -> None:
    assert content_tag(b"a") == content_tag(b"a") != content_tag(b"b")
