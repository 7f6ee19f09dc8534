"""Bodies in chunks, in whatever pieces they come. h11 is the oracle."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.serving.chunked import LINE_BYTES, TRAILER_BYTES, Chunked
from web.serving.refused import RefusedError

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def decoded(data: bytes, piece: int = 1 << 20) -> tuple[bytes, bool, bytes]:
    """The body, whether it is over, and what is left."""
    chunked, buffer, body = Chunked(), bytearray(), b""
    for start in range(0, len(data), piece):
        buffer += data[start : start + piece]
        body += chunked.take(buffer)
    return body, chunked.is_over, bytes(buffer)


def by_h11(data: bytes) -> tuple[bytes, bool, bytes] | None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(HEAD + data)
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return body, True, connection.trailing_data[0]
            elif event is h11.NEED_DATA:
                return body, False, b""
    except h11.RemoteProtocolError:
        return None


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
def test_a_body_is_read_whatever_pieces_it_comes_in(piece) -> None:
    data = b'5\r\nhello\r\n1;ext="a b"\r\n \r\n005\r\nworld\r\n0\r\nX-Trailer: yes\r\n\r\nGET / HTTP/1.1'

    assert decoded(data, piece)[:2] == (b"hello world", True)
    assert data.endswith(decoded(data, piece)[2])


@pytest.mark.parametrize(
    "data",
    [
        b"5 \r\nhello\r\n0\r\n\r\n"[:0] + b"x\r\n",
        b"-1\r\n",
        b"0x5\r\n",
        b"+5\r\n",
        b" 5\r\n",
        b"5\nhello\r\n",
        b"5\r\nhello0\r\n",
        b"5\r\nhello\n0\r\n",
        b"5\r\nhelloXX",
        b"\r\n",
        b"5;\x00\r\n",
        b"1" * 16 + b"\r\n",
        b"5;" + b"x" * LINE_BYTES,
        b"0\r\nno field\r\n\r\n",
        b"0\r\n X: folded\r\n\r\n",
        b"0\r\nX: a\x00b\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * TRAILER_BYTES,
        b"0\r\n\n",
    ],
    ids=repr,
)
def test_what_is_malformed_is_refused(data) -> None:
    with pytest.raises(RefusedError):
        decoded(data)


chunks = st.lists(st.binary(min_size=1, max_size=20), max_size=4).map(
    lambda parts: b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
)
spoiled = st.builds(
    lambda data, at, what: data[: at % (len(data) + 1)] + what + data[at % (len(data) + 1) :],
    chunks,
    st.integers(0, 100),
    st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b"0", b";a=b", b"\x00", b"g", b"X: y\r\n"]),
)


@given(spoiled, st.integers(1, 50))
def test_no_body_is_accepted_that_h11_refuses(data, piece) -> None:
    theirs = by_h11(data)
    try:
        body, is_over, left = decoded(data, piece)
    except RefusedError:
        return

    if theirs is None:
        assert not is_over
    else:
        assert is_over == theirs[1]
        if is_over:
            assert (body, left) == (theirs[0], theirs[2])
