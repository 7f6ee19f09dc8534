"""Keys as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.features import Key
from actors.model.wheel import KEY_PATTERN, camelot, place


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("is_minor", [False, True])
def test_every_key_has_one_place_by_both_its_names(tonic: int, *, is_minor: bool):
    key = Key(tonic=tonic, is_minor=is_minor, confidence=1.0)
    assert place(key.name) == place(key.camelot)
    assert camelot(place(key.name)) == key.camelot


@pytest.mark.parametrize(
    "name,meant",
    [("Am", "8A"), ("a minor", "8A"), ("A", "11B"), ("F#", "2B"), ("Gb major", "2B"), ("Bbm", "3A"), ("bb", "6B"), ("8a", "8A"),
     ("12B", "12B"), ("Cb", "1B"), ("E♯ min", "4A"), ("Bm", "10A"), ("B", "1B"), ("Cmaj", "8B")],
)  # fmt: skip
def test_the_names_of_keys(name: str, meant: str):
    assert re.match(KEY_PATTERN, name)
    assert camelot(place(name)) == meant


@given(st.from_regex(KEY_PATTERN))
def test_all_that_the_pattern_lets_in_is_a_key(name: str):
    assert 2 <= place(name.rstrip("\n")) <= 25
