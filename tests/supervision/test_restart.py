"""Decisions about restarts."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from supervision.errors import SpecError
from supervision.restart import (
    Budget,
    Exit,
    Intensity,
    Reason,
    Restart,
    Strategy,
    Verdict,
    affected,
    fatal,
    verdict,
)


@pytest.mark.parametrize(
    "restart,reason,expected",
    [
        (Restart.PERMANENT, Reason.NORMAL, Verdict.RESTART),
        (Restart.PERMANENT, Reason.CRASHED, Verdict.RESTART),
        (Restart.PERMANENT, Reason.CANCELLED, Verdict.RESTART),
        (Restart.TRANSIENT, Reason.NORMAL, Verdict.KEEP),
        (Restart.TRANSIENT, Reason.CRASHED, Verdict.RESTART),
        (Restart.TRANSIENT, Reason.ESCALATED, Verdict.RESTART),
        (Restart.TRANSIENT, Reason.AUTO_SHUTDOWN, Verdict.KEEP),
        (Restart.TEMPORARY, Reason.NORMAL, Verdict.FORGET),
        (Restart.TEMPORARY, Reason.CRASHED, Verdict.FORGET),
    ],
    ids=str,
)
def test_restart_kind_and_exit_decide(restart, reason, expected) -> None:
    assert verdict(restart, Exit(reason)) is expected


@pytest.mark.parametrize(
    "strategy,places",
    [
        (Strategy.ONE_FOR_ONE, [2]),
        (Strategy.DYNAMIC, [2]),
        (Strategy.REST_FOR_ONE, [2, 3, 4]),
        (Strategy.ONE_FOR_ALL, [0, 1, 2, 3, 4]),
    ],
    ids=str,
)
def test_strategy_says_who_restarts_together(strategy, places) -> None:
    assert list(affected(strategy, 2, 5)) == places


def test_one_restart_more_than_allowed_is_too_many() -> None:
    budget = Budget(Intensity(restarts=2, within_s=5))

    assert [budget.spend(at, "a") for at in (0, 1, 2)] == [True, True, False]


def test_restarts_leave_the_window() -> None:
    budget = Budget(Intensity(restarts=1, within_s=5))

    assert budget.spend(0, "a")
    assert budget.spend(5.1, "a")
    assert budget.spent(5.1) == 1
    assert budget.remaining(5.1) == 0
    assert budget.remaining(11) == 1


def test_restart_exactly_a_window_ago_still_counts() -> None:
    budget = Budget(Intensity(restarts=1, within_s=5))

    assert budget.spend(0, "a")
    assert not budget.spend(5, "a")


def test_outlook_counts_and_names_the_time_left() -> None:
    budget = Budget(Intensity(restarts=2, within_s=20))
    budget.spend(100, "a")

    assert budget.outlook(108) == "escalates after 2 more within 12 s"


def test_each_child_has_its_share_of_what_is_spent() -> None:
    budget = Budget(Intensity(restarts=2, within_s=10))
    budget.spend(0, "a")
    budget.spend(4, "b")

    assert [budget.spent_on(name, 5) for name in ("a", "b", "c")] == [1, 1, 0]
    assert [budget.spent_on(name, 11) for name in ("a", "b", "c")] == [0, 1, 0]
    assert not budget._shares["a"]
    assert budget.spent(11) == 1


def test_no_restart_allowed_escalates_at_the_first() -> None:
    assert not Budget(Intensity(restarts=0)).spend(0, "a")


@given(
    st.lists(st.floats(0, 100), max_size=30).map(sorted),
    st.integers(0, 5),
    st.floats(0.5, 20),
)
def test_budget_agrees_with_counting_by_hand(times, restarts, within_s) -> None:
    budget = Budget(Intensity(restarts=restarts, within_s=within_s))
    granted = []
    for now in times:
        expected = len([at for at in granted if at >= now - within_s]) < restarts
        assert budget.spend(now, "a") is expected
        if not expected:
            break
        granted.append(now)


@pytest.mark.parametrize("within_s", [0, -1, float("inf"), float("nan"), "5", True])
def test_window_must_be_finite_and_positive(within_s) -> None:
    with pytest.raises(SpecError) as raised:
        Intensity(within_s=within_s)

    assert raised.value.field == "within_s"


@pytest.mark.parametrize("restarts", [-1, 1.5, None])
def test_restarts_must_be_a_count(restarts) -> None:
    with pytest.raises(SpecError) as raised:
        Intensity(restarts=restarts)

    assert raised.value.field == "restarts"


@pytest.mark.parametrize(
    "error,expected",
    [
        (ValueError(), False),
        (KeyboardInterrupt(), True),
        (SystemExit(), True),
        (trio.TrioInternalError(), True),
        (ExceptionGroup("", [ValueError()]), False),
        (BaseExceptionGroup("", [ValueError(), BaseExceptionGroup("", [KeyboardInterrupt()])]), True),
    ],
    ids=repr,
)
def test_fatal_errors_are_never_restarted(error, expected) -> None:
    assert fatal(error) is expected
