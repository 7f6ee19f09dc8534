"""Messages per second."""

import pytest

from supervision.rate import WINDOW_NS, Rate

SECOND = 1_000_000_000


def test_nothing_handled_is_no_rate() -> None:
    assert Rate().per_s(0, 5 * SECOND) == 0


def test_rate_is_the_mean_of_the_last_windows() -> None:
    rate, count = Rate(), 0
    for second in range(60):
        now = (second + 1) * SECOND
        if now > rate.until_ns:
            rate.roll(count, now)
        count += 100 if second >= 30 else 10

    assert rate.per_s(count, 61 * SECOND) == pytest.approx(100, rel=0.02)


def test_old_traffic_is_forgotten() -> None:
    rate = Rate()
    rate.roll(0, SECOND)

    assert rate.per_s(100, 2 * SECOND) == 100
    assert rate.per_s(100, SECOND + 3 * WINDOW_NS) == 0
    rate.roll(100, SECOND + 3 * WINDOW_NS)
    assert rate.per_s(200, 2 * SECOND + 3 * WINDOW_NS) == 100
