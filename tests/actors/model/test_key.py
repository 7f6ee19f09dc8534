"""Secrets and their digests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.key import KEY_PREFIX, TOKEN_PREFIX, digest, fresh_secret, is_one_of


@pytest.mark.parametrize("prefix", [KEY_PREFIX, TOKEN_PREFIX])
def test_a_secret_is_new_each_time_and_fit_for_headers_and_shells(prefix):
    made = {fresh_secret(prefix) for _ in range(100)}

    assert len(made) == 100
    assert all(one.startswith(prefix) and len(one) == len(prefix) + 43 for one in made)
    assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") for one in made)


@given(st.text())
def test_whatever_is_shown_has_a_digest(text):
    assert len(digest(text)) == 32


@given(st.binary(max_size=40), st.lists(st.binary(max_size=40), max_size=5))
def test_one_of_some_is_found_wherever_it_stands(shown, known):
    assert is_one_of(shown, known) == (shown in known)
