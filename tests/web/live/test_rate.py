"""How many messages a client may send."""

from hypothesis import given
from hypothesis import strategies as st

from web.live.rate import Rate


def test_a_burst_is_allowed_and_then_a_steady_rate():
    rate = Rate(now=0.0, per_second=10, burst=5)

    assert [rate.allows(0.0) for _ in range(6)] == [True] * 5 + [False]
    assert rate.allows(0.1)
    assert not rate.allows(0.1)


def test_a_long_pause_saves_no_more_than_the_burst():
    rate = Rate(now=0.0, per_second=10, burst=5)

    assert sum(rate.allows(1000.0) for _ in range(100)) == 5


@given(st.lists(st.floats(0, 2), max_size=200))
def test_never_more_than_burst_and_rate_together(pauses):
    rate = Rate(now=0.0, per_second=10, burst=20)
    now, allowed = 0.0, 0
    for pause in pauses:
        now += pause
        allowed += rate.allows(now)

    assert allowed <= 20 + 10 * now + 1e-6
