"""Trace contexts, by the tables of the W3C recommendation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.trace import trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    "parent", [GOOD, f"00-{TRACE}-{SPAN}-ff", f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what"]
)
def test_a_good_parent_is_continued_with_a_part_of_our_own(parent):
    trace = trace_of([parent], [])

    assert trace.trace_id == TRACE
    assert trace.span_id != SPAN
    assert trace.header() == f"00-{TRACE}-{trace.span_id}-01"


@pytest.mark.parametrize(
    "parents",
    [
        [],
        [GOOD, GOOD],
        [""],
        [GOOD.upper()],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"{GOOD}-more"],
        [f"{GOOD}."],
        [f"cc-{TRACE}-{SPAN}-01.what"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE[1:]}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-1"],
        ["٠٠-" + GOOD[3:]],
    ],
)
def test_anything_else_begins_a_new_one(parents):
    trace = trace_of(parents, ["a=b"])

    assert trace.trace_id != TRACE
    assert trace.state is None
    assert trace.flags == "00"


@pytest.mark.parametrize(
    "states, expected",
    [
        (["rojo=1,congo=2"], "rojo=1,congo=2"),
        (["rojo=1", "congo=2"], "rojo=1,congo=2"),
        (["rojo=1,,congo=2 "], "rojo=1,congo=2"),
        (["tenant@vendor=a b"], "tenant@vendor=a b"),
        ([], None),
        (["nonsense"], None),
        (["a=1,a=2"], None),
        (["a=\r\nSet-Cookie: b"], None),
        ([",".join(f"a{n}=1" for n in range(33))], None),
        (["a=" + "x" * 600], None),
    ],
)
def test_what_others_say_is_passed_on_if_it_is_well_formed(states, expected):
    assert trace_of([GOOD], states).state == expected


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_nothing_breaks_it(parents, states):
    assert len(trace_of(parents, states).header()) == 55
