"""What becomes of edits when some of them change."""

from hypothesis import given
from hypothesis import strategies as st

from actors.model.edits import EDITABLE, merged


def test_what_is_not_named_stays_unless_all_is_replaced():
    edits = {"title": "A", "album": "B"}

    assert merged(edits, {"album": "C"}, is_whole=False) == {"title": "A", "album": "C"}
    assert merged(edits, {"album": "C"}, is_whole=True) == {"album": "C"}
    assert merged(edits, {"album": None}, is_whole=False) == {"title": "A"}
    assert merged(edits, {}, is_whole=True) == {}


def test_an_empty_text_or_list_says_that_there_is_none():
    assert merged({}, {"comment": "", "artists": [], "title": " \0 "}, is_whole=False) == {
        "comment": None,
        "artists": [],
        "title": None,
    }


def test_a_date_brings_its_year_along():
    assert merged({}, {"date": "1999-03"}, is_whole=False) == {"date": "1999-03", "year": 1999}
    assert merged({}, {"date": "1999", "year": 2001}, is_whole=False) == {"date": "1999", "year": 2001}
    assert merged({"date": "1999", "year": 1999}, {"date": None}, is_whole=False) == {}
    assert merged({}, {"date": ""}, is_whole=False) == {"date": None, "year": None}


def test_texts_are_cleaned():
    given = {"title": " Blue\t\nHeron\x07 ", "comment": "one\r\ntwo", "artists": ("Ada", " Ada ", "\x00")}

    assert merged({}, given, is_whole=False) == {"title": "Blue Heron", "comment": "one\ntwo", "artists": ["Ada"]}


@given(
    st.dictionaries(st.sampled_from(EDITABLE), st.text(max_size=5) | st.none()),
    st.dictionaries(st.sampled_from(EDITABLE), st.text(max_size=5).map(str.strip) | st.none()),
)
def test_the_same_change_twice_is_one(edits, change):
    before = merged({}, {name: value for name, value in edits.items() if name not in {"date", "year"}}, is_whole=True)
    change = {name: value for name, value in change.items() if name not in {"date", "year"}}
    once = merged(before, change, is_whole=False)

    assert merged(once, change, is_whole=False) == once
    assert set(once) <= set(EDITABLE)
    assert all(name not in once for name, value in change.items() if value is None)
