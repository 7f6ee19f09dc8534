"""Sorts, filters and cursors as SQL."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import InvalidError
from actors.store.listing import SORTS, Query, Sort, TrackFilter, beginning_after, cursor, filtered, sort_of

VALUES = {
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "float8": st.floats(allow_nan=False),
    "bigint": st.integers(0, 2**63 - 1),
}


@given(st.sampled_from(list(SORTS.values())), st.data(), st.text(min_size=1))
def test_a_cursor_carries_its_value_exactly(sort: Sort, data: st.DataObject, track_id: str):
    value = data.draw(VALUES[sort.type])
    query = beginning_after(Query(), sort, cursor(sort, value, track_id), is_descending=False)
    assert query is not None
    assert query.arguments[0] == value


@given(st.sampled_from(list(SORTS.values())), st.text(min_size=1), st.text())
def test_a_forged_cursor_is_refused_or_harmless(sort: Sort, value: str, track_id: str):
    """Whatever it says, no text of it becomes part of the statement."""
    with contextlib.suppress(InvalidError):
        query = beginning_after(Query(), sort, (value, track_id), is_descending=True)
        assert query is not None
        assert query.conditions == [f"({sort.column}, id) < ($1::{sort.type}, $2::text)"]


def test_a_cursor_without_a_value_stands_among_those_without():
    assert cursor(SORTS["bpm"], None, "x") == ("", "x")
    assert beginning_after(Query(), SORTS["bpm"], ("", "x"), is_descending=False) is None


@pytest.mark.parametrize(
    "sort,value",
    [
        ("addedAt", "=2024-01-01T00:00:00"),
        ("addedAt", "=yesterday"),
        ("size", "=99999999999999999999"),
        ("bpm", "=fast"),
    ],
)
def test_values_that_do_not_fit_the_sort_are_refused(sort: str, value: str):
    with pytest.raises(InvalidError, match="cursor"):
        beginning_after(Query(), sort_of(sort), (value, "x"), is_descending=False)


def test_an_unknown_sort_is_refused_with_those_there_are():
    with pytest.raises(InvalidError, match="title, artist, album, addedAt") as caught:
        sort_of("mood")
    assert caught.value.field == "sort"


def test_arguments_are_numbered_through():
    query = Query()
    query.add("a = {}", 1)
    query.add("b BETWEEN {} AND {}", 2, 3)
    assert query.where == "WHERE a = $1 AND b BETWEEN $2 AND $3"
    copy = query.copy()
    copy.add("c = {}", 4)
    assert query.arguments == [1, 2, 3]
    assert copy.conditions[-1] == "c = $4"


def test_no_filter_is_no_condition():
    assert filtered(TrackFilter()).where == ""
    assert filtered(TrackFilter(text="  ")).where == ""


def test_every_word_of_a_text_is_a_condition():
    query = filtered(TrackFilter(text=" blue  train "))
    assert query.arguments == ["blue", "train"]


def test_a_time_is_written_to_the_microsecond():
    when = datetime(2024, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC)
    assert cursor(SORTS["addedAt"], when, "x")[0] == "=2024-05-06T07:08:09.123456+00:00"
