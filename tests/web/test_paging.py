"""Pages and cursors."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.errors import ProblemError
from web.paging import Cursor, Position, opened, position, sealed, surroundings

CURSOR = Cursor(form=2, path="/things", sort="title", order="asc", filters={"stage": "pending"}, value="Ä", id="t1")


def asked(**changes: object) -> Position:
    values: dict[str, object] = {
        "path": "/things", "sort": None, "order": None, "filters": {}, "page": None, "cursor": None, "page_size": 10,
        "default_sort": "addedAt", "default_order": "desc",
    }  # fmt: skip
    return position(**{**values, **changes})  # type: ignore[arg-type]


def code_of(**changes: object) -> str:
    with pytest.raises(ProblemError) as caught:
        asked(**changes)
    return caught.value.refusal.code


@given(st.text(), st.text(), st.text(), st.text(), st.dictionaries(st.text(), st.text()))
def test_a_cursor_comes_back_as_it_was(sort: str, order: str, value: str, id_: str, filters: dict[str, str]) -> None:
    cursor = Cursor(form=2, path="/things", sort=sort, order=order, filters=filters, value=value, id=id_)
    assert opened(sealed(cursor)) == cursor


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_one_changed_sign_is_noticed(at: int, sign: str) -> None:
    text = sealed(CURSOR)
    at %= len(text)
    forged = text[:at] + sign + text[at + 1 :]
    if forged == text:
        return
    with pytest.raises(ProblemError) as caught:
        opened(forged)
    assert caught.value.refusal.code == "INVALID_CURSOR"


@pytest.mark.parametrize(
    "text",
    ["x", "====", "ä", "AAAA", base64.urlsafe_b64encode(msgspec.msgpack.encode(CURSOR)).decode(), sealed(CURSOR) + "=", sealed(CURSOR) + "A",
     sealed(msgspec.structs.replace(CURSOR, form=0))],
)  # fmt: skip
def test_what_was_not_made_here_is_refused(text: str) -> None:
    assert code_of(cursor=text) == "INVALID_CURSOR"


def test_nothing_said_is_the_first_page_of_the_default() -> None:
    assert asked() == Position(sort="addedAt", order="desc", filters={}, page=1, after=None, page_size=10)


def test_a_cursor_brings_its_sort_order_and_filters() -> None:
    expected = Position(
        sort="title", order="asc", filters={"stage": "pending"}, page=None, after=("Ä", "t1"), page_size=10
    )
    assert asked(cursor=sealed(CURSOR)) == expected
    assert asked(cursor=sealed(CURSOR), sort="title", order="asc", filters={"stage": "pending"}) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"sort": "artist"},
        {"order": "desc"},
        {"filters": {"stage": "failed"}},
        {"filters": {"q": "x"}},
        {"path": "/others"},
    ],
)
def test_a_cursor_used_for_another_list_is_refused(changes: dict[str, object]) -> None:
    assert code_of(cursor=sealed(CURSOR), **changes) == "INVALID_CURSOR"


def test_a_page_and_a_cursor_do_not_go_together() -> None:
    assert code_of(cursor=sealed(CURSOR), page=1) == "VALIDATION_ERROR"


def test_a_middle_page_knows_its_neighbors() -> None:
    meta, links = surroundings(asked(page=2, filters={"q": "a b"}), path="/x", total=25, after=("v", "i"))

    assert (meta.total, meta.page, meta.total_pages) == (25, 2, 3)
    assert (meta.has_next_page, meta.has_previous_page) == (True, True)
    assert meta.next_cursor is not None
    assert opened(meta.next_cursor).filters == {"q": "a b"}
    common = "/x?q=a+b&sort=addedAt&order=desc&pageSize=10&page="
    assert (links.here, links.first, links.last) == (f"{common}2", f"{common}1", f"{common}3")
    assert (links.next, links.previous) == (f"{common}3", f"{common}1")


def test_past_the_end_leads_back_to_the_last_page() -> None:
    meta, links = surroundings(asked(page=9), path="/x", total=25, after=None)

    assert (meta.has_next_page, meta.has_previous_page, meta.next_cursor) == (False, True, None)
    assert links.next is None
    assert links.previous is not None
    assert links.previous.endswith("page=3")


def test_an_empty_list_has_one_empty_page() -> None:
    meta, links = surroundings(asked(), path="/x", total=0, after=None)

    assert (meta.total, meta.total_pages, meta.has_previous_page) == (0, 1, False)
    assert links.last == links.here


def test_pages_by_cursor_are_not_counted() -> None:
    meta, links = surroundings(asked(cursor=sealed(CURSOR)), path="/x", total=None, after=("v", "i"))

    assert (meta.total, meta.is_total_exact, meta.page, meta.total_pages) == (None, None, None, None)
    assert (meta.has_next_page, meta.has_previous_page) == (True, True)
    assert (links.last, links.previous) == (None, None)
    assert links.next is not None
    assert "cursor=" in links.next
    assert "cursor=" in links.here
