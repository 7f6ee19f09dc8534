"""What mailboxes promise."""

import pytest

from supervision import InFlight, Mailbox, Overflow, SpecError
from supervision.mailbox import Fate


def test_defaults_are_a_hundred_waiting_and_dropping_what_crashed() -> None:
    assert Mailbox() == Mailbox(capacity=100, overflow=Overflow.WAIT, in_flight=InFlight.drop())


@pytest.mark.parametrize("capacity", [0, -1, 1.5, float("inf"), None])
def test_capacity_is_always_bounded(capacity) -> None:
    with pytest.raises(SpecError) as raised:
        Mailbox(capacity=capacity)

    assert raised.value.field == "capacity"


@pytest.mark.parametrize("times", [0, -1, 1.5])
def test_redelivery_is_at_least_one_try(times) -> None:
    with pytest.raises(SpecError) as raised:
        InFlight.redeliver(times=times)

    assert raised.value.field == "times"


def test_fates_are_values() -> None:
    assert InFlight.redeliver(times=3) == InFlight(Fate.REDELIVER, 3)
    assert InFlight.quarantine() != InFlight.drop()


@pytest.mark.parametrize("field", ["overflow", "in_flight"])
def test_other_kinds_are_refused_by_name(field) -> None:
    with pytest.raises(SpecError) as raised:
        Mailbox(**{field: "wait"})

    assert raised.value.field == field
