"""Forms with one file, cut in any way."""

from functools import partial

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from web.errors import ProblemError
from web.upload.multipart import Multipart, parser

BOUNDARY = "edge"


def form(*parts, end=b"--edge--\r\n"):
    """A body of (name, file name or None, value)."""
    body = b""
    for name, filename, value in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        head += f'; filename="{filename}"' if filename is not None else ""
        body += b"--edge\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"
    return body + end


class Pieces:
    """A body as it comes over the line."""

    def __init__(self, body, cut):
        self._rest = [body[start : start + cut] for start in range(0, len(body), cut)]

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self._rest:
            raise StopAsyncIteration
        return self._rest.pop(0)


def reading(body, *, cut=1000, limit_bytes=10**9):
    return Multipart(Pieces(body, cut), parser(BOUNDARY), limit_bytes)


async def taken(one):
    pieces = []
    while piece := await one.piece():
        pieces.append(piece)
    return pieces


async def whole(body, **how):
    one = reading(body, **how)
    fields, name = await one.head()
    data = b"".join(await taken(one))
    await one.end()
    return fields, name, data


async def refusal(body, **how):
    with pytest.raises(ProblemError) as caught:
        await whole(body, **how)
    return caught.value.refusal


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 60))
def test_a_file_comes_out_as_it_went_in_however_it_is_cut(data, cut):
    body = form(("folder", None, "é/b".encode()), ("file", "a.mp3", data))

    assert trio.run(partial(whole, body, cut=cut)) == ({"folder": "é/b"}, "a.mp3", data)


async def test_what_looks_like_an_end_is_none():
    data = b"\r\n--edg\r\n--edgy\r\n-" * 10_000

    assert (await whole(form(("file", "a.mp3", data)), cut=70_000))[2] == data


async def test_a_great_file_comes_in_small_pieces():
    one = reading(form(("file", "a.mp3", bytes(5_000_000))), cut=50_000)
    await one.head()
    sizes = [len(piece) for piece in await taken(one)]

    assert sum(sizes) == 5_000_000
    assert max(sizes) <= 51_000


@pytest.mark.parametrize(
    "body, code, field",
    [
        (b"", "BAD_REQUEST", None),
        (b"--edge", "BAD_REQUEST", None),
        (form(("file", "a.mp3", b"x"), end=b""), "BAD_REQUEST", None),
        (b"--edge\r\nContent-Type: x\r\n\r\nvalue\r\n--edge--\r\n", "BAD_REQUEST", None),
        (b"--edge\r\n" + b"X: " + b"x" * 200_000, "BAD_REQUEST", None),
        (b'--edge\r\nContent-Disposition: form-data; name="a\xff"\r\n\r\nx\r\n--edge--', "BAD_REQUEST", None),
        (b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--", "VALIDATION_ERROR", "file"),
        (form(*[(f"n{number}", None, b"x") for number in range(30)]), "BAD_REQUEST", None),
        (form(end=b"--edge--\r\n"), "VALIDATION_ERROR", "file"),
        (form(("folder", None, b"x")), "VALIDATION_ERROR", "file"),
        (form(("sound", "a.mp3", b"x")), "VALIDATION_ERROR", "sound"),
        (form(("folder", None, b"x"), ("folder", None, b"x")), "VALIDATION_ERROR", "folder"),
        (form(("folder", None, b"\xff"), ("file", "a", b"")), "VALIDATION_ERROR", "folder"),
        (form(("folder", None, b"x" * 20_000), ("file", "a", b"")), "VALIDATION_ERROR", "folder"),
        (form(("file", "a.mp3", b"x"), ("folder", None, b"x")), "VALIDATION_ERROR", "folder"),
        (form(("file", "a.mp3", b"x"), ("file", "b.mp3", b"x")), "VALIDATION_ERROR", "file"),
    ],
)
async def test_what_is_broken_or_misplaced_is_refused(body, code, field):
    told = await refusal(body)

    assert told.code == code
    assert [error.field for error in told.errors] == ([field] if field else [])


async def test_a_file_beyond_the_limit_is_refused_while_it_comes():
    assert (await refusal(form(("file", "a.mp3", bytes(1001))), limit_bytes=1000)).code == "PAYLOAD_TOO_LARGE"
    assert (await whole(form(("file", "a.mp3", bytes(1000))), limit_bytes=1000))[2] == bytes(1000)


@attrs.frozen(kw_only=True)
class Sent:
    """A request, as far as it matters."""

    mimetype: str = "multipart/form-data"
    mimetype_params: dict = attrs.field(factory=lambda: {"boundary": "edge"})
    content_length: int | None = None


@pytest.mark.parametrize(
    "sent, code",
    [
        (Sent(mimetype="application/json"), "UNSUPPORTED_MEDIA_TYPE"),
        (Sent(mimetype_params={}), "UNSUPPORTED_MEDIA_TYPE"),
        (Sent(mimetype_params={"boundary": "x" * 71}), "UNSUPPORTED_MEDIA_TYPE"),
        (Sent(mimetype_params={"boundary": "é"}), "UNSUPPORTED_MEDIA_TYPE"),
        (Sent(content_length=10**6), "PAYLOAD_TOO_LARGE"),
    ],
    ids=["json", "no boundary", "a long boundary", "a foreign boundary", "too large"],
)
def test_a_head_that_cannot_be_is_refused_before_anything_is_read(sent, code):
    with pytest.raises(ProblemError) as caught:
        Multipart.of(sent, limit_bytes=1000)

    assert caught.value.refusal.code == code
