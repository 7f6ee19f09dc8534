"""The head that a client sent."""

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from web.sent import Sent

names = st.sampled_from(["Host", "host", "ETag", "If-None-Match", "X-A", "x-a"])
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=5)


@given(st.lists(st.tuples(names, values)))
def test_headers_are_found_as_werkzeug_finds_them(pairs) -> None:
    sent, other = Sent([(name.encode(), value.encode("latin-1")) for name, value in pairs]), Headers(pairs)

    for name in ("HOST", "etag", "if-none-match", "x-A", "absent"):
        assert sent.get(name) == other.get(name)
        assert sent.getlist(name) == other.getlist(name)
        assert (name in sent) is (name in other)
    assert sorted(sent) == sorted({name.lower() for name, _ in pairs})
    assert len(sent) == len(list(sent))


def test_of_cookies_the_first_counts() -> None:
    sent = Sent([(b"Cookie", b"a=1; b=2"), (b"Cookie", b"a=3; c=4")])

    assert [sent.cookies.get(name) for name in "abcd"] == ["1", "2", "4", None]
    assert not Sent().cookies


def test_a_kind_has_no_parameters_and_no_case() -> None:
    assert Sent([(b"content-type", b"Application/JSON; charset=utf-8")]).media_type == "application/json"
    assert Sent().media_type == ""
