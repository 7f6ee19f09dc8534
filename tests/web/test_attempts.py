"""How often one may try to log in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import attempts as module
from web.attempts import (
    FORGIVEN_AFTER_S,
    FREE_OF_ADDRESS,
    FREE_OF_NAME,
    FREE_OF_PAIR,
    LONGEST_PAUSE_S,
    MOST_REMEMBERED,
    Attempts,
)


def failed(attempts: Attempts, times: int, *, name="ada", address="192.0.2.1", now_s=0.0) -> list[float]:
    return [attempts.begin(name, address, now_s=now_s) for _ in range(times)]


def test_a_few_are_free_then_each_must_wait_longer():
    attempts = Attempts()
    assert failed(attempts, FREE_OF_PAIR) == [0.0] * FREE_OF_PAIR

    now_s, pauses_s = 0.0, []
    for _ in range(12):
        pauses_s.append(attempts.begin("ada", "192.0.2.1", now_s=now_s))
        now_s += pauses_s[-1]
        assert attempts.begin("ada", "192.0.2.1", now_s=now_s) == 0.0
    assert pauses_s == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert LONGEST_PAUSE_S == 300


def test_who_is_refused_does_not_wait_longer_for_it():
    attempts = Attempts()
    failed(attempts, FREE_OF_PAIR)

    assert failed(attempts, 100) == [1.0] * 100
    assert attempts.begin("ada", "192.0.2.1", now_s=1.0) == 0.0


def test_neither_another_name_nor_another_address_is_a_way_around_for_long():
    attempts = Attempts()
    assert all(attempts.begin(f"name{i}", "192.0.2.1", now_s=0.0) == 0.0 for i in range(FREE_OF_ADDRESS))
    assert attempts.begin("another", "192.0.2.1", now_s=0.0) > 0
    assert attempts.begin("another", "192.0.2.2", now_s=0.0) == 0.0

    attempts = Attempts()
    assert all(attempts.begin("Ada", f"192.0.2.{i}", now_s=0.0) == 0.0 for i in range(FREE_OF_NAME))
    assert attempts.begin("ADA", "192.0.2.200", now_s=0.0) > 0
    assert attempts.begin("eve", "192.0.2.200", now_s=0.0) == 0.0


def test_success_forgives_what_failed_from_there():
    attempts = Attempts()
    for _ in range(100):
        assert failed(attempts, FREE_OF_PAIR - 1)[-1] == 0.0
        attempts.begin("ada", "192.0.2.1", now_s=0.0)
        attempts.succeed("ada", "192.0.2.1", now_s=0.0)
        attempts._tries.pop(("address", "192.0.2.1"))
        attempts._tries.pop(("name", "ada"))


def test_a_good_try_costs_nothing_and_an_undecided_one_neither():
    attempts = Attempts()
    for _ in range(1_000):
        assert attempts.begin("ada", "192.0.2.1", now_s=0.0) == 0.0
        attempts.succeed("ada", "192.0.2.1", now_s=0.0)
        assert attempts.begin("ada", "192.0.2.1", now_s=0.0) == 0.0
        attempts.withdraw("ada", "192.0.2.1", now_s=0.0)
    assert attempts._tries == {}


def test_after_a_quarter_of_an_hour_it_is_forgotten():
    attempts = Attempts()
    failed(attempts, FREE_OF_PAIR)

    assert failed(attempts, 1, now_s=FORGIVEN_AFTER_S) == [0.0]
    assert failed(attempts, FREE_OF_PAIR - 1, now_s=FORGIVEN_AFTER_S) == [0.0] * (FREE_OF_PAIR - 1)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_REMEMBERED", 10)
    attempts = Attempts()
    for number in range(100):
        attempts.begin(f"name{number}", f"address{number}", now_s=float(number))

    assert len(attempts._tries) == 10
    assert ("name", "name99") in attempts._tries
    assert MOST_REMEMBERED == 10_000


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(0, 1_000)), max_size=200))
def test_waiting_as_long_as_was_said_is_always_enough(tries):
    attempts, now_s = Attempts(), 0.0
    for name, address, pause_s in tries:
        now_s += pause_s
        wait_s = attempts.begin(name, address, now_s=now_s)
        assert 0.0 <= wait_s <= LONGEST_PAUSE_S
        if wait_s > 0:
            now_s += wait_s
            assert attempts.begin(name, address, now_s=now_s) == pytest.approx(0.0, abs=1e-6)
