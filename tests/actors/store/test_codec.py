"""Values on their way into PostgreSQL and back."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.store.codec import is_storable, jsonb, storable
from actors.store.store import Store

texts = st.text(st.characters(exclude_categories=()), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_whatever_is_json_ready_becomes_json_without_nul(value: object):
    encoded = jsonb(value)
    assert encoded[:1] == b"\x01"
    decoded = msgspec.json.decode(encoded[1:])
    assert storable(decoded) == decoded


@given(texts)
def test_storable_text_is_utf8_without_nul_and_else_unchanged(text: str):
    clean = storable(text)
    assert "\0" not in clean
    clean.encode()
    assert is_storable(text) == (clean == text)
    if "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert clean == text


async def test_the_server_takes_and_returns_what_was_cleaned(store: Store):
    given = {"nul": "a\0b", "surrogate": "x\udce9", "backslash": r"\u0000", "deep": [{"\0": ["\0"]}], "number": 1.5}
    back = await store.pool.read(lambda connection: connection.fetchval("SELECT $1::jsonb", given))
    assert back["nul"] == "a\ufffdb"
    assert back["backslash"] == r"\u0000"
    assert back["deep"] == [{"\ufffd": ["\ufffd"]}]
    assert back["surrogate"] == "x\ufffd"
    assert back["number"] == 1.5
