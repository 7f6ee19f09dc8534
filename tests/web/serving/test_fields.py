"""The head of an HTTP/2 request is refused where the same over HTTP/1.1 is."""

import pytest

from web.serving.fields import asked
from web.serving.refused import RefusedError

PSEUDO = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/a%20b?q=1"), (b":authority", b"a.example")]


def head(*more, **pseudo):
    changed = {f":{name}".encode(): value for name, value in pseudo.items()}
    return [(name, changed.get(name, value)) for name, value in PSEUDO if changed.get(name, value) is not None] + [
        *more
    ]


def test_it_is_what_the_same_over_http_1_would_be():
    found = asked(head((b"accept", b"*/*")), has_body=False)

    assert (found.method, found.path, found.raw_path, found.query) == ("GET", "/a b", b"/a%20b", b"q=1")
    assert found.headers == [(b"host", b"a.example"), (b"accept", b"*/*")]
    assert (found.length, found.is_socket, found.waits_to_go_on) == (0, False, False)


def test_with_a_body_its_length_is_not_known():
    assert asked(head(), has_body=True).length is None
    assert asked(head((b"expect", b"100-continue")), has_body=True).waits_to_go_on


def test_the_crumbs_of_a_cookie_are_one():
    found = asked(head((b"cookie", b"a=1"), (b"accept", b"*/*"), (b"cookie", b"b=2")), has_body=False)

    assert found.headers[1:] == [(b"accept", b"*/*"), (b"cookie", b"a=1; b=2")]


def test_a_host_may_stand_for_the_authority():
    assert asked(head((b"host", b"a.example"), authority=None), has_body=False).headers == [(b"host", b"a.example")]


@pytest.mark.parametrize(
    "fields, status",
    [
        (head(method=b"TRACE"), 405),
        (head(method=b"CONNECT"), 405),
        (head(method=b"G T"), 400),
        (head(path=b"/" + b"a" * 8192), 414),
        (head(path=b"/\xff"), 400),
        (head(path=b"/ HTTP/1.1"), 400),
        (head(path=b"http://a.example/"), 400),
        (head(path=b"*"), 400),
        (head(path=b""), 400),
        (head(authority=None), 400),
        (head(authority=b""), 400),
        (head(authority=b"a/b"), 400),
        (head(authority=b"user@a.example"), 400),
        (head((b"host", b"b.example")), 400),
        (head((b"host", b"a.example"), (b"host", b"a.example")), 400),
        (head((b"host", b"a.example"), (b"host", b"a.example"), authority=None), 400),
        (head((b"content-length", b"1"), (b"content-length", b"1")), 400),
        (head((b"content-length", b"+1")), 400),
        (head((b"content-length", b"1_0")), 400),
        (head((b"a", b"1\r\nb: 2")), 400),
        (head((b"a", b"\x00")), 400),
        (head((b"a b", b"1")), 400),
        (head(*((b"x-%d" % i, b"1") for i in range(100))), 431),
    ],
)
def test_what_is_no_request_is_refused(fields, status):
    with pytest.raises(RefusedError) as refused:
        asked(fields, has_body=False)

    assert refused.value.status == status


def test_the_server_as_a_whole_may_be_asked_for_its_options():
    assert asked(head(method=b"OPTIONS", path=b"*"), has_body=False).raw_path == b"*"
