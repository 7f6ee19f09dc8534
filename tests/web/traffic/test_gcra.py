"""The arithmetic of quotas."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.traffic.gcra import Quota, spent, verdict

TEN = Quota(name="ten", limit=10, window_s=60.0)


def follow(quota, arrivals):
    """Whether each arrival passes."""
    empty_at, passed = 0.0, []
    for now_s in arrivals:
        is_allowed, backlog_s = spent(quota, empty_at - now_s)
        empty_at = now_s + backlog_s
        passed.append(is_allowed)
    return passed


def test_the_whole_quota_may_come_at_once_and_no_more():
    assert follow(TEN, [0.0] * 12) == [True] * 10 + [False] * 2


def test_what_is_spent_comes_back_evenly():
    assert follow(TEN, [0.0] * 10 + [5.9, 6.0, 6.0, 12.0]) == [True] * 10 + [False, True, False, True]


def test_a_verdict_says_how_things_stand():
    first = verdict(TEN, is_allowed=True, backlog_s=6.0)
    assert (first.remaining, first.reset_s, first.retry_s) == (9, 6.0, 0.0)
    refused = verdict(TEN, is_allowed=False, backlog_s=58.0)
    assert (refused.remaining, refused.reset_s, refused.retry_s) == (0, 58.0, 4.0)


gaps = st.lists(st.floats(0, 30), max_size=60)
quotas = st.builds(Quota, name=st.just("q"), limit=st.integers(1, 20), window_s=st.floats(1, 120))


@given(quotas, gaps)
def test_no_window_ever_holds_more_than_twice_the_quota_and_the_long_run_no_more_than_once(quota, gaps):
    arrivals = list(itertools.accumulate(gaps))
    passed = [at for at, ok in zip(arrivals, follow(quota, arrivals), strict=True) if ok]

    for first in passed:
        within = [at for at in passed if first <= at < first + quota.window_s]
        assert len(within) <= 2 * quota.limit
    if passed:
        whole_s = passed[-1] - passed[0]
        assert len(passed) <= quota.limit + whole_s / quota.interval_s + 1


@given(quotas, st.floats(0, 200))
def test_who_waits_as_long_as_told_passes(quota, backlog_s):
    is_allowed, after_s = spent(quota, min(backlog_s, quota.window_s))
    told = verdict(quota, is_allowed=is_allowed, backlog_s=after_s)

    assert spent(quota, after_s - told.retry_s)[0] or told.is_allowed
    assert 0 <= told.remaining <= quota.limit


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"window_s": 0}])
def test_a_quota_of_nothing_is_none(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Quota(**{"name": "q", "limit": 1, "window_s": 1.0, **wrong})
