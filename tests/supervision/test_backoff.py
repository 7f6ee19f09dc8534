"""Delays before restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision import Backoff, SpecError


def test_delays_grow_by_the_factor_up_to_the_cap() -> None:
    backoff = Backoff(first_s=0.5, factor=3, most_s=10, jitter=0)

    assert [backoff.delay_s(n, key="") for n in (1, 2, 3, 4, 5, 10_000)] == [0.5, 1.5, 4.5, 10, 10, 10]


def test_first_delay_of_zero_restarts_at_once() -> None:
    assert Backoff(first_s=0).delay_s(7, key="") == 0


def test_same_key_gives_the_same_jitter_and_others_spread() -> None:
    backoff = Backoff(first_s=1, jitter=0.2)
    delays = {backoff.delay_s(1, key=str(n)) for n in range(100)}

    assert backoff.delay_s(1, key="5") == backoff.delay_s(1, key="5")
    assert len(delays) > 90


backoffs = st.builds(
    Backoff, first_s=st.floats(0.001, 10), factor=st.floats(1, 10), most_s=st.floats(0, 100), jitter=st.floats(0, 3)
)


@given(backoffs, st.integers(1, 10_000), st.text(max_size=5))
def test_delay_stays_within_the_jitter_of_the_cap(backoff, failures, key) -> None:
    assert 0 <= backoff.delay_s(failures, key=key) <= backoff.most_s * (1 + backoff.jitter)


@pytest.mark.parametrize(
    "field,value",
    [
        ("first_s", -1),
        ("factor", 0.9),
        ("most_s", -1),
        ("jitter", -0.1),
        ("reset_after_s", 0),
        ("reset_after_s", float("inf")),
    ],
)
def test_refusals_name_the_field(field, value) -> None:
    with pytest.raises(SpecError) as raised:
        Backoff(**{field: value})

    assert raised.value.field == field
    assert str(raised.value).startswith(f"{field}: ")
