"""Heads of requests: what is read, and what is refused. h11 is the oracle: what it refuses is never accepted."""

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web.serving.refused import RefusedError
from web.serving.request import Request, request

HOST = b"Host: a.example\r\n"


def head(line: bytes = b"GET / HTTP/1.1", *fields: bytes, host: bytes = HOST) -> bytes:
    return line + b"\r\n" + host + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def by_h11(data: bytes) -> h11.Request | None:
    """What h11 makes of the same bytes; None if it refuses them."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    return event if isinstance(event, h11.Request) else None


def by_lane(data: bytes) -> Request | None:
    try:
        return request(data)
    except RefusedError:
        return None


def test_a_plain_request_is_read() -> None:
    found = request(head(b"GET /a%20b/%FF?x=1&y=%20 HTTP/1.1", b"Accept:  */* ", b"X-Odd: \xe9"))

    assert (found.method, found.path, found.raw_path, found.query) == (
        "GET",
        "/a b/\ufffd",
        b"/a%20b/%FF",
        b"x=1&y=%20",
    )
    assert found.headers == [(b"host", b"a.example"), (b"accept", b"*/*"), (b"x-odd", b"\xe9")]
    assert (found.length, found.keeps_alive, found.is_1_0, found.waits_to_go_on) == (0, True, False, False)
    assert (found.is_socket, found.has_body) == (False, False)


@pytest.mark.parametrize(
    "fields,length",
    [((), 0), ((b"Content-Length: 12",), 12), ((b"content-length:0",), 0), ((b"Transfer-Encoding: chunked",), None)],
)
def test_how_long_a_body_is(fields, length) -> None:
    assert request(head(b"POST / HTTP/1.1", *fields)).length == length


@pytest.mark.parametrize(
    "line,fields,keeps",
    [
        (b"GET / HTTP/1.1", (), True),
        (b"GET / HTTP/1.1", (b"Connection: close",), False),
        (b"GET / HTTP/1.1", (b"Connection: foo, Close",), False),
        (b"GET / HTTP/1.0", (), False),
        (b"GET / HTTP/1.0", (b"Connection: Keep-Alive",), True),
        (b"GET / HTTP/1.0", (b"Connection: keep-alive, close",), False),
    ],
)
def test_whether_the_connection_goes_on(line, fields, keeps) -> None:
    assert request(head(line, *fields)).keeps_alive is keeps


def test_an_absolute_target_names_the_host() -> None:
    found = request(head(b"GET http://b.example:81/x?y HTTP/1.1"))

    assert (found.raw_path, found.query) == (b"/x", b"y")
    assert found.headers == [(b"host", b"b.example:81")]
    assert request(head(b"GET http://b.example?y HTTP/1.1")).raw_path == b"/"


def test_upgrades_are_noticed() -> None:
    upgrade = (b"Upgrade: WebSocket", b"Connection: keep-alive, Upgrade")

    assert request(head(b"GET / HTTP/1.1", *upgrade)).is_socket
    assert not request(head(b"POST / HTTP/1.1", *upgrade)).is_socket
    assert not request(head(b"GET / HTTP/1.0", *upgrade)).is_socket
    assert not request(head(b"GET / HTTP/1.1", b"Upgrade: websocket")).is_socket


REFUSED = {
    "no version": head(b"GET /"),
    "version 2": head(b"GET / HTTP/2.0"),
    "version 1.2": head(b"GET / HTTP/1.2"),
    "lower case version": head(b"GET / http/1.1"),
    "two spaces": head(b"GET  / HTTP/1.1"),
    "space behind": head(b"GET / HTTP/1.1 "),
    "tab between": head(b"GET\t/ HTTP/1.1"),
    "no target": head(b"GET HTTP/1.1"),
    "control in target": head(b"GET /\x01 HTTP/1.1"),
    "not ASCII in target": head(b"GET /\xe9 HTTP/1.1"),
    "no path": head(b"GET a.example HTTP/1.1"),
    "other scheme": head(b"GET ftp://a.example/ HTTP/1.1"),
    "star of GET": head(b"GET * HTTP/1.1"),
    "bracket in method": head(b"G[T / HTTP/1.1"),
    "no host": head(host=b""),
    "two hosts": head(b"GET / HTTP/1.1", b"Host: b.example"),
    "two equal hosts": head(b"GET / HTTP/1.1", b"Host: a.example"),
    "host with a path": head(host=b"Host: a.example/b\r\n"),
    "host with a blank": head(host=b"Host: a.example b\r\n"),
    "host with a user": head(host=b"Host: u@a.example\r\n"),
    "two hosts of 1.0": head(b"GET / HTTP/1.0", b"Host: b.example"),
    "length and chunks": head(b"POST / HTTP/1.1", b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "chunks and length": head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    "two lengths": head(b"POST / HTTP/1.1", b"Content-Length: 3", b"Content-Length: 4"),
    "two equal lengths": head(b"POST / HTTP/1.1", b"Content-Length: 3", b"Content-Length: 3"),
    "list of lengths": head(b"POST / HTTP/1.1", b"Content-Length: 3, 3"),
    "signed length": head(b"POST / HTTP/1.1", b"Content-Length: +3"),
    "negative length": head(b"POST / HTTP/1.1", b"Content-Length: -3"),
    "hexadecimal length": head(b"POST / HTTP/1.1", b"Content-Length: 0x3"),
    "empty length": head(b"POST / HTTP/1.1", b"Content-Length:"),
    "huge length": head(b"POST / HTTP/1.1", b"Content-Length: 99999999999999999999"),
    "digits of another script": head(b"POST / HTTP/1.1", "Content-Length: ٣".encode()),
    "gzip, chunked": head(b"POST / HTTP/1.1", b"Transfer-Encoding: gzip, chunked"),
    "identity": head(b"POST / HTTP/1.1", b"Transfer-Encoding: identity"),
    "chunked twice": head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "chunked, chunked": head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked, chunked"),
    "almost chunked": head(b"POST / HTTP/1.1", b"Transfer-Encoding: xchunked"),
    "quoted chunked": head(b"POST / HTTP/1.1", b'Transfer-Encoding: "chunked"'),
    "vertical tab chunked": head(b"POST / HTTP/1.1", b"Transfer-Encoding: \x0bchunked"),
    "chunks of 1.0": head(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked"),
    "blank before colon": head(b"POST / HTTP/1.1", b"Content-Length : 3"),
    "folded": head(b"GET / HTTP/1.1", b"X: a", b" b"),
    "folded at first": b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n",
    "no colon": head(b"GET / HTTP/1.1", b"nonsense"),
    "no name": head(b"GET / HTTP/1.1", b": value"),
    "NUL in value": head(b"GET / HTTP/1.1", b"X: a\x00b"),
    "CR in value": head(b"GET / HTTP/1.1", b"X: a\rb"),
    "LF in value": head(b"GET / HTTP/1.1", b"X: a\nY: b"),
    "vertical tab in value": head(b"GET / HTTP/1.1", b"X: a\x0bb"),
    "bare LF": b"GET / HTTP/1.1\n" + HOST + b"\r\n",
    "underscore is a name, blank is not": head(b"GET / HTTP/1.1", b"X Y: z"),
    "bracket in name": head(b"GET / HTTP/1.1", b"X(Y): z"),
    "CONNECT": head(b"CONNECT a.example:443 HTTP/1.1"),
    "TRACE": head(b"TRACE / HTTP/1.1"),
    "too many fields": head(b"GET / HTTP/1.1", *[b"X: y"] * 100),
    "too long a target": head(b"GET /" + b"x" * 9000 + b" HTTP/1.1"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data) -> None:
    assert by_lane(data) is None


@pytest.mark.parametrize(
    "data,status",
    [
        (REFUSED["too long a target"], 414),
        (REFUSED["too many fields"], 431),
        (REFUSED["TRACE"], 405),
        (REFUSED["folded"], 400),
    ],
)
def test_the_reason_is_named(data, status) -> None:
    with pytest.raises(RefusedError) as refused:
        request(data)

    assert refused.value.status == status


odd = st.sampled_from(
    [
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n",
        b"\x00",
        b"\x0b",
        b"\x7f",
        b"\x80",
        b"\xff",
        b":",
        b",",
        b";",
        b'"',
        b"chunked",
        b"3",
        b"+",
    ]
)
names = st.sampled_from(
    [b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Upgrade", b"Expect", b"X", b"X_Y"]
) | st.binary(max_size=5)
values = st.sampled_from([b"a.example", b"chunked", b"3", b"close", b"", b"gzip"]) | st.binary(max_size=8)
fields = st.builds(
    lambda name, colon, value: name + colon + value + b"\r\n",
    names,
    st.sampled_from([b":", b": ", b" :", b":\t"]),
    values,
)
lines = st.builds(
    lambda method, first, target, second, version, end: method + first + target + second + version + end,
    st.sampled_from([b"GET", b"POST", b"get", b"", b"G\x00"]),
    st.sampled_from([b" ", b"  ", b"\t", b""]),
    st.sampled_from([b"/", b"/x?y=z", b"http://a.example/", b"*", b"", b"//", b"/\xff"]),
    st.sampled_from([b" ", b"  ", b""]),
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1.1 ", b""]),
    st.sampled_from([b"\r\n", b"\n", b"\r\r\n"]),
)
heads = st.builds(
    lambda line, listed: line + b"".join(listed) + b"\r\n", lines, st.lists(fields, max_size=5)
) | st.builds(
    lambda listed, at, what: (
        (whole := head(b"POST / HTTP/1.1", *listed))[: at % len(whole)] + what + whole[at % len(whole) :]
    ),
    st.lists(
        st.sampled_from([b"Content-Length: 3", b"Transfer-Encoding: chunked", b"X: y", b"Connection: close"]),
        max_size=2,
    ),
    st.integers(0, 200),
    odd,
)


@given(heads.filter(lambda data: data.find(b"\r\n\r\n") == len(data) - 4))
@example(REFUSED["blank before colon"])
@example(head(b"GET / HTTP/1.1", b"X: y"))
def test_the_lane_accepts_nothing_that_h11_refuses(data) -> None:
    ours, theirs = by_lane(data), by_h11(data)

    if ours is not None:
        assert theirs is not None
        assert ours.method.encode() == theirs.method
        assert (b"1.0" if ours.is_1_0 else b"1.1") == theirs.http_version
        if theirs.target.startswith(b"/"):
            assert ours.raw_path + (b"?" + ours.query if b"?" in theirs.target else b"") == theirs.target
            assert ours.headers == list(theirs.headers)
