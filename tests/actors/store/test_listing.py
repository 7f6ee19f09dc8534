"""Sorts, parts and cursors as SQL."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import InvalidError
from actors.store.filters import Query, Range, TrackFilter
from actors.store.listing import SORTS, Place, cursor, list_of, place, sort_of
from actors.store.meaning import Meaning

SIGNS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
VALUES = {
    "text": st.text(SIGNS),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "float8": st.floats(allow_nan=False),
    "bigint": st.integers(0, 2**63 - 1),
}
MEANING = Meaning(key="k", in_names="'=k'", begun_in_names="'=k':*", anywhere="'k':*")


def parts(sort: str, meaning: Meaning | None = None, *, is_descending: bool = True):
    return list_of(sort, TrackFilter(), meaning, is_descending=is_descending).parts


def test_a_range_of_what_sorts_is_one_stretch_of_the_order():
    found = list_of("bpm", TrackFilter(bpm=Range(120.0, 130.0), year=Range(1990, None)), None, is_descending=True)

    assert found.parts[0].along.conditions[:2] == ["track.bpm >= {}::float8", "track.bpm <= {}::float8"]
    assert found.parts[0].along.arguments == [120.0, 130.0]
    assert list_of("title", TrackFilter(bpm=Range(120.0, 130.0)), None, is_descending=True).parts[0].along == Query()


@given(st.sampled_from(list(SORTS)), st.data(), st.text(SIGNS, min_size=1))
def test_a_cursor_carries_its_value_exactly(name: str, data: st.DataObject, track_id: str):
    value = data.draw(VALUES[SORTS[name].type])
    listed = parts(name)
    assert place(cursor(0, listed[0], value, track_id), listed) == Place(part=0, value=value, track_id=track_id)


@given(st.sampled_from(list(SORTS)), st.text(min_size=1), st.text())
def test_a_forged_cursor_is_refused_or_harmless(name: str, value: str, track_id: str):
    """Whatever it says, no text of it becomes part of the statement."""
    with contextlib.suppress(InvalidError):
        listed = parts(name)
        behind = place((value, track_id), listed)
        query = Query()
        part = listed[behind.part]
        part.behind(query, behind, "v", "i")
        kind = SORTS[name].type
        assert query.where == ("WHERE i < $1::text" if part.key is None else f"WHERE (v, i) < ($1::{kind}, $2::text)")


def test_a_cursor_without_a_value_stands_among_those_without():
    listed = parts("bpm")
    assert cursor(1, listed[1], None, "x") == ("1=", "x")
    assert place(("1=", "x"), listed) == Place(part=1, value=None, track_id="x")


@pytest.mark.parametrize(
    "sort,value",
    [
        ("addedAt", "0=2024-01-01T00:00:00"),
        ("addedAt", "0=yesterday"),
        ("size", "0=99999999999999999999"),
        ("bpm", "0=fast"),
        ("bpm", "2=1"),
        ("bpm", "=1"),
        ("bpm", "-1=1"),
        ("bpm", "²=1"),
        ("bpm", "1"),
        ("title", "1=x"),
    ],
)
def test_values_that_do_not_fit_the_list_are_refused(sort: str, value: str):
    with pytest.raises(InvalidError, match="cursor"):
        place((value, "x"), parts(sort))


def test_an_unknown_sort_is_refused_with_those_there_are():
    with pytest.raises(InvalidError, match="relevance, random, title, artist, album") as caught:
        sort_of("mood")
    assert caught.value.field == "sort"


def test_relevance_needs_a_text():
    with pytest.raises(InvalidError, match="relevance") as caught:
        parts("relevance")
    assert caught.value.field == "sort"


def test_what_is_relevant_comes_in_disjoint_parts_best_first():
    titled, called, *others = parts("relevance", MEANING)
    assert (titled.query.arguments, called.query.arguments) == (["k"], ["k", "k", "k"])
    assert [part.query.arguments[0] for part in others] == ["'=k'", "'=k':*", "'k':*"]
    assert [part.query.arguments[4:] for part in others] == [[], ["'=k'"], ["'=k':*"]]
    assert not any(part.is_descending for part in (titled, called, *others))
    worst_first = parts("relevance", MEANING, is_descending=False)
    assert [part.query for part in worst_first] == [part.query for part in reversed((titled, called, *others))]
    assert all(part.is_descending for part in worst_first)


def test_a_part_that_is_as_the_one_before_is_left_out():
    meaning = Meaning(key="k", begun_in_names="'=k'", anywhere="'k'")
    assert len(parts("relevance", meaning)) == 4
    assert len(parts("relevance", Meaning(key="!"))) == 2


@pytest.mark.parametrize("sort", [sort for sort, value in SORTS.items() if not value.is_total])
def test_what_has_no_value_is_a_part_of_its_own(sort: str):
    valued, without = parts(sort)
    assert valued.key == SORTS[sort]
    assert without.key is None


def test_a_time_is_written_to_the_microsecond():
    when = datetime(2024, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC)
    assert cursor(0, parts("addedAt")[0], when, "x")[0] == "0=2024-05-06T07:08:09.123456+00:00"


def test_what_people_keep_is_sorted_in_its_own_table():
    valued, without = list_of("rating", TrackFilter(), None, is_descending=True, person_id="me").parts
    assert (valued.source, valued.track_id) == ("rating JOIN track ON track.id = rating.track_id", "rating.track_id")
    assert (without.source, without.track_id) == ("track", "track.id")
    assert valued.query.arguments == without.query.arguments == ["me"]


def test_every_seed_begins_elsewhere_in_one_order():
    beginnings = set()
    for seed in ("", "a", "b"):
        behind, before = list_of("random", TrackFilter(), None, is_descending=False, seed=seed).parts
        assert behind.along.where == "WHERE track.id >= $1::text"
        assert before.along.where == "WHERE track.id < $1::text"
        assert behind.query.arguments == before.query.arguments
        beginnings.add(behind.query.arguments[0])
    assert len(beginnings) == 3
