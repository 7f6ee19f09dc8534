"""Heads of answers."""

import pytest

from web.serving.response import has_no_body, head


def test_a_head_is_written() -> None:
    assert head(200, [(b"etag", b'"x"'), (b"x", b"")]) == b'HTTP/1.1 200 OK\r\netag: "x"\r\nx: \r\n\r\n'
    assert head(299, []) == b"HTTP/1.1 299 \r\n\r\n"


@pytest.mark.parametrize(
    "name,value", [(b"x", b"a\r\nSet-Cookie: b"), (b"x", b"a\nb"), (b"x", b"\x00"), (b"x y", b""), (b"", b"")]
)
def test_nothing_that_ends_a_header_early_goes_out(name, value) -> None:
    with pytest.raises(ValueError, match="not a header"):
        head(200, [(name, value)])


@pytest.mark.parametrize(
    "status,method,expected",
    [(200, "GET", False), (200, "HEAD", True), (204, "GET", True), (304, "GET", True), (404, "HEAD", True)],
)
def test_which_answers_end_with_their_head(status, method, expected) -> None:
    assert has_no_body(status, method) is expected
