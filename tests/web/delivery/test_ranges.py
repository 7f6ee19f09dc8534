"""Which bytes a Range header asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.delivery.ranges import MOST_RANGES, Span, UnsatisfiableError, spans


@pytest.mark.parametrize(
    "header, expected",
    [
        (None, ()),
        ("bytes=0-9", (Span(0, 10),)),
        ("bytes=90-", (Span(90, 100),)),
        ("bytes=-10", (Span(90, 100),)),
        ("bytes=-1000", (Span(0, 100),)),
        ("bytes=95-1000", (Span(95, 100),)),
        ("BYTES = 0-0", (Span(0, 1),)),
        ("bytes=0-0, 50-59 ,-1", (Span(0, 1), Span(50, 60), Span(99, 100))),
        ("bytes=50-59,0-9", (Span(0, 10), Span(50, 60))),
        ("bytes=0-50,25-75,76-80", (Span(0, 81),)),
        ("bytes=0-9,1000-", (Span(0, 10),)),
        ("items=0-9", ()),
        ("bytes=9-0", ()),
        ("bytes=a-b", ()),
        ("bytes=-", ()),
        ("bytes=", ()),
        ("bytes", ()),
        ("bytes=0-9;x", ()),
        ("bytes=٣-٤", ()),
    ],
)
def test_header_gives_spans(header: str | None, expected: tuple[Span, ...]) -> None:
    assert spans(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=" + ",".join(["0-1"] * 11)])
def test_what_lies_outside_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        spans(header, 100)


def test_nothing_of_an_empty_thing_can_be_had() -> None:
    with pytest.raises(UnsatisfiableError):
        spans("bytes=0-", 0)


@given(
    st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1200)), min_size=1, max_size=MOST_RANGES),
    st.integers(1, 1000),
)
def test_no_answer_is_longer_than_the_thing(pairs: list[tuple[int, int]], size: int) -> None:
    asked = [(first, first + length) for first, length in pairs]
    wanted = {byte for first, last in asked for byte in range(first, last + 1) if byte < size}
    header = "bytes=" + ",".join(f"{first}-{last}" for first, last in asked)
    if not wanted:
        with pytest.raises(UnsatisfiableError):
            spans(header, size)
        return
    given_ = [byte for span in spans(header, size) for byte in range(span.start, span.stop)]
    assert given_ == sorted(wanted)


def test_a_span_says_where_it_lies() -> None:
    assert Span(10, 20).content_range(100) == "bytes 10-19/100"
    assert Span(10, 20).length == 10
