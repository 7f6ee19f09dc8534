"""Filters as parameters and as JSON are one selection."""

from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest

from actors.model.kind import Kind
from actors.store.filters import Range, TrackFilter
from actors.store.listing import SORT_NAMES
from web.errors import ProblemError
from web.parameters import parameters
from web.selection import Between, Filters, Selection, TrackSort, selection_of, told, track_filter, understood

QUERY = b"q=a+b&artist=x&artist=y&key=8A&kind=mix&minBpm=100&maxBpm=120.5&minAddedAt=2020-01-01T00:00:00Z&maxYear=1999&minRating=3"
FILTERS = Filters(
    artists=("x", "y"),
    key=("8A",),
    kind=Kind.MIX,
    bpm=Between(100.0, 120.5),
    added_at=Between(datetime(2020, 1, 1, tzinfo=UTC)),
    year=Between(None, 1999),
    rating=Between(3),
)


def test_parameters_and_json_say_the_same():
    assert parameters(QUERY, Selection) == selection_of("a b", FILTERS, None)


def test_what_a_cursor_carries_comes_back():
    selection = selection_of("a b", FILTERS, "s")
    assert understood(told(selection)) == selection
    assert told(selection)["artist"] == ["x", "y"]
    assert told(Selection()) == {}


def test_parameters_of_the_page_are_no_part_of_it():
    class Asked(Selection, rename="camel", kw_only=True):
        page: int = 1

    assert told(Asked(q="x", page=3)) == {"q": "x"}


@pytest.mark.parametrize(
    "forged", [{"kind": "noise"}, {"minBpm": "fast"}, {"artist": "x"}, {"key": ["H"]}, [], {"minYear": "1" * 50}]
)
def test_what_only_a_forged_cursor_says_is_refused(forged: object):
    with pytest.raises(ProblemError) as caught:
        understood(forged)
    assert caught.value.refusal.code == "INVALID_CURSOR"


def test_the_store_understands_it():
    assert track_filter(parameters(QUERY, Selection)) == TrackFilter(
        text="a b",
        artists=("x", "y"),
        camelot=(16,),
        kind=Kind.MIX,
        bpm=Range(100.0, 120.5),
        added_at=Range(datetime(2020, 1, 1, tzinfo=UTC), None),
        year=Range(None, 1999),
        rating=Range(3, None),
    )


def test_every_sort_can_be_asked_for():
    assert set(get_args(TrackSort)) == set(SORT_NAMES)


def test_every_filter_of_a_body_is_a_parameter_too():
    bodies = {field.name for field in msgspec.structs.fields(Filters)}
    parameters_ = {field.name for field in msgspec.structs.fields(Selection)}
    alone = {"artists": "artist", "genres": "genre"}
    assert {alone.get(name, name) for name in bodies if f"min_{name}" not in parameters_} <= parameters_
