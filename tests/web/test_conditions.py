"""Conditional requests."""

from datetime import UTC, datetime, timedelta

import pytest

from web.conditions import Verdict, http_date, is_match, range_holds, verdict
from web.errors import ProblemError

ETAG = '"abc"'
MODIFIED = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
BEFORE = http_date(MODIFIED - timedelta(hours=1))
SAME = http_date(MODIFIED)


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, Verdict.GO_ON),
        ({"If-None-Match": ETAG}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": 'W/"abc"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": '"x", "abc"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": "*"}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": '"x"'}, Verdict.GO_ON),
        ({"If-None-Match": '"x,y" ,, "abc"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": "abc"}, Verdict.GO_ON),
        ({"If-None-Match": '"x"', "If-Modified-Since": SAME}, Verdict.GO_ON),
        ({"If-Modified-Since": SAME}, Verdict.NOT_MODIFIED),
        ({"If-Modified-Since": BEFORE}, Verdict.GO_ON),
        ({"If-Modified-Since": "yesterday"}, Verdict.GO_ON),
        ({"If-Match": ETAG}, Verdict.GO_ON),
        ({"If-Match": "*"}, Verdict.GO_ON),
        ({"If-Match": 'W/"abc"'}, Verdict.FAILED),
        ({"If-Match": '"x"'}, Verdict.FAILED),
        ({"If-Match": '"x"', "If-None-Match": ETAG}, Verdict.FAILED),
        ({"If-Unmodified-Since": SAME}, Verdict.GO_ON),
        ({"If-Unmodified-Since": BEFORE}, Verdict.FAILED),
    ],
)
def test_headers_are_judged_in_order(headers: dict[str, str], expected: Verdict) -> None:
    assert verdict(headers, etag=ETAG, modified=MODIFIED) is expected


@pytest.mark.parametrize(
    "if_match", ["abc", "", '"abc', 'abc"', '"a" "b"', 'w/"a"', "*, *", '"a", b', '"a b"', "W/", '"a\x00"']
)
def test_a_condition_that_is_none_is_refused_by_its_name(if_match: str) -> None:
    with pytest.raises(ProblemError) as caught:
        verdict({"If-Match": if_match}, etag=ETAG)

    assert caught.value.refusal.code == "VALIDATION_ERROR"
    assert [error.field for error in caught.value.refusal.errors] == ["If-Match"]


@pytest.mark.parametrize("if_match", ['"x,y" ,, "abc"', ' "abc" ', '"x","abc"', '"\xe4", "abc"'])
def test_a_list_of_tags_may_have_empty_places_and_tags_may_hold_commas(if_match: str) -> None:
    assert verdict({"If-Match": if_match}, etag=ETAG) is Verdict.GO_ON


def test_a_thing_without_a_date_ignores_dates() -> None:
    assert verdict({"If-Modified-Since": SAME, "If-Unmodified-Since": BEFORE}, etag=ETAG) is Verdict.GO_ON


@pytest.mark.parametrize(
    "if_range, expected",
    [(None, True), (ETAG, True), ('W/"abc"', False), ('"x"', False), (SAME, True), (BEFORE, False), ("soon", False)],
)
def test_a_range_counts_only_for_the_version_it_was_asked_of(if_range: str | None, expected) -> None:
    assert range_holds(if_range, etag=ETAG, modified=MODIFIED) is expected


def test_a_change_needs_the_strong_tag() -> None:
    assert is_match(ETAG, ETAG)
    assert not is_match('W/"abc"', ETAG)
