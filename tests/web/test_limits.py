"""JSON bodies."""

from contextlib import suppress
from typing import Annotated, Literal

import msgspec
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from web.errors import ProblemError
from web.exchange import Exchange, serving
from web.limits import AT_ONCE_BYTES, json_body, structured, undivided
from web.sent import Sent


class Nested(msgspec.Struct):
    """Within."""

    depth: Annotated[int, msgspec.Meta(ge=0)]


class Body(msgspec.Struct, rename="camel", kw_only=True):
    """What is sent."""

    root_path: Annotated[str, msgspec.Meta(pattern="^/")]
    nested: Nested | None = None
    order: Literal["asc", "desc"] | None = None


def refused(body: bytes) -> tuple[str, list[str]]:
    with pytest.raises(ProblemError) as caught:
        structured(body, Body)
    refusal = caught.value.refusal
    return refusal.code, [error.field for error in refusal.errors]


async def test_a_long_body_is_read_beside_the_loop() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async def read() -> bytes:
        return b'{"rootPath": ["' + b"x" * AT_ONCE_BYTES + b'"]}'

    sent = Sent([(b"content-type", b"application/json")])
    current = Exchange(request_id="1", method="POST", path="/", sent=sent, read=read)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        with serving(current), pytest.raises(ProblemError):
            await json_body(Body)
        nursery.cancel_scope.cancel()

    assert turns


async def test_what_is_undivided_outlives_its_client(autojump_clock) -> None:
    done = []
    with trio.move_on_after(1):
        with undivided(10):
            await trio.sleep(5)
            done.append("all")
    assert done == ["all"]


async def test_what_is_undivided_has_an_end(autojump_clock) -> None:
    with pytest.raises(trio.TooSlowError), undivided(10):
        await trio.sleep_forever()


def test_a_whole_number_is_one_however_it_is_written() -> None:
    assert structured(b'{"rootPath": "/m", "nested": {"depth": 1.0}}', Body).nested == Nested(1)
    assert structured(b'{"rootPath": "/m", "nested": {"depth": 1e2}}', Body).nested == Nested(100)
    assert refused(b'{"rootPath": "/m", "nested": {"depth": 1.5}}') == ("VALIDATION_ERROR", ["nested.depth"])


def test_a_good_body_becomes_its_model() -> None:
    assert structured(b'{"rootPath": "/m", "nested": {"depth": 1}}', Body) == Body(root_path="/m", nested=Nested(1))


@pytest.mark.parametrize("depth", [100, 300, 500, 700, 900])
def test_however_deep_it_is_nested_it_is_refused(depth) -> None:
    with pytest.raises(ProblemError):
        structured(b'{"rootPath": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}", Body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"rootPath": "\xff"}',
        b'{"rootPath": "\\ud800"}',
        b'{"rootPath": NaN}',
        b'{"rootPath": 1e999}',
        b'{"rootPath": "/a"} x',
        b'{"rootPath": "/a", "rootPath": "/b"}',
        b'{"rootPath": ' + b"9" * 5000 + b"}",
        b'{"rootPath": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=[
        "empty", "open", "no-utf-8", "no-utf-8-inside", "half-a-pair", "nan", "too-large", "trailing", "doubled", "huge", "deep",
    ],
)  # fmt: skip
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    assert refused(body) == ("MALFORMED_JSON", [])


@pytest.mark.parametrize(
    "body, fields",
    [
        (b"[]", [""]),
        (b"null", [""]),
        (b"{}", ["rootPath"]),
        (b'{"rootPath": 1}', ["rootPath"]),
        (b'{"rootPath": null}', ["rootPath"]),
        (b'{"rootPath": "m"}', ["rootPath"]),
        (b'{"rootPath": "/\\u0000"}', ["rootPath"]),
        (b'{"rootPath": "/m", "nested": {"depth": -1}}', ["nested.depth"]),
        (b'{"rootPath": "/m", "nested": {"depth": "\\u0000"}}', ["nested"]),
        (b'{"rootPath": "/m", "nope": 1}', ["nope"]),
        (b'{"rootPath": "/m", "order": "up"}', ["order"]),
        (b'{"rootPath": "/m", "order": 1}', ["order"]),
        (b'{"root_path": "/m"}', ["root_path", "rootPath"]),
    ],
)
def test_what_does_not_fit_is_named(body: bytes, fields: list[str]) -> None:
    assert refused(body) == ("VALIDATION_ERROR", fields)


@pytest.mark.parametrize(
    "body,said",
    [
        (b'{"rootPath": "/m", "order": "up"}', 'order must be one of asc, desc, not "up"'),
        (b'{"rootPath": "/m", "nope": 1}', "There is no field nope; there are rootPath, nested, order"),
    ],
)
def test_who_chose_wrongly_is_told_what_there_is(body: bytes, said: str) -> None:
    with pytest.raises(ProblemError) as caught:
        structured(body, Body)
    assert [error.message for error in caught.value.refusal.errors] == [said]


def test_a_body_that_is_no_object_is_named_as_such() -> None:
    with pytest.raises(ProblemError, match="Not usable: the body"):
        structured(b"[]", Body)


@given(
    st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(msgspec.json.encode)
)
def test_no_bytes_do_harm(body: bytes) -> None:
    with suppress(ProblemError):
        structured(body, Body)
