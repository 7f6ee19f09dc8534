"""The latency histogram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.latency import Histogram


def test_no_message_gives_zeros() -> None:
    latency = Histogram().latency()

    assert (latency.count, latency.p50_s, latency.p99_s) == (0, 0, 0)


def test_quantiles_stand_where_they_should() -> None:
    histogram = Histogram()
    for _ in range(98):
        histogram.add(1_000)
    for _ in range(2):
        histogram.add(1_000_000)
    latency = histogram.latency()

    assert latency.count == 100
    assert latency.p50_s == pytest.approx(1e-6, rel=0.25)
    assert latency.p95_s == pytest.approx(1e-6, rel=0.25)
    assert latency.p99_s == pytest.approx(1e-3, rel=0.25)


def test_one_may_stand_for_several() -> None:
    histogram = Histogram()
    histogram.add(1_000, 8)
    histogram.add(1_000_000)

    assert histogram.latency().count == 9
    assert histogram.latency().p50_s < 2e-6


def test_messages_are_counted_up_to_a_power_of_two() -> None:
    histogram = Histogram()
    for nanoseconds in (1, 1_023, 1_024, 1_025, 5_000_000):
        histogram.add(nanoseconds)
    latency = histogram.latency()

    assert [latency.no_longer_than(bits) for bits in (3, 10, 11, 40)] == [1, 2, 4, 5]
    assert latency.sum_s == pytest.approx(5_003_073e-9)


def test_figures_stay_when_more_is_entered() -> None:
    histogram = Histogram()
    histogram.add(1_000)
    before = histogram.latency()
    histogram.add(1_000)

    assert before.count == 1
    assert before.sum_s == 1e-6
    assert before != histogram.latency() == histogram.latency()
    assert len({before, histogram.latency(), histogram.latency()}) == 2


@given(st.integers(0, 2**60))
def test_one_value_is_read_back_from_above_within_a_quarter(nanoseconds) -> None:
    histogram = Histogram()
    histogram.add(nanoseconds)
    back = histogram.latency().p50_s * 1e9

    assert nanoseconds <= back * (1 + 1e-9)
    assert back <= max(nanoseconds * 1.25, 9) * (1 + 1e-9)


@given(st.lists(st.integers(0, 2**48), max_size=200))
def test_memory_is_bounded(values) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)

    assert len(histogram.counts) <= 200
    assert max(histogram.counts, default=0) <= 4 * 49 + 3
