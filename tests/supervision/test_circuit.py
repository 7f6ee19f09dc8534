"""The circuit's table of states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.circuit import Circuit, CircuitState, Limits
from supervision.errors import SpecError


def fail(circuit: Circuit, now_s: float, times: int = 1) -> None:
    for _ in range(times):
        circuit.failed(circuit.admit(now_s), now_s)


def succeed(circuit: Circuit, now_s: float, took_s: float = 0) -> None:
    circuit.succeeded(circuit.admit(now_s), now_s, took_s)


def test_failures_in_a_row_open_it() -> None:
    circuit = Circuit(Limits(failures=3))
    fail(circuit, 0, 2)
    succeed(circuit, 0)
    fail(circuit, 0, 2)
    assert circuit.state is CircuitState.CLOSED
    fail(circuit, 0)

    assert circuit.state is CircuitState.OPEN
    assert circuit.admit(1) is None
    assert circuit.refused == 1
    assert circuit.retry_after_s(10) == 20


def test_rate_opens_it_once_the_window_is_full() -> None:
    circuit = Circuit(Limits(failures=100, rate=0.5, window=4))
    fail(circuit, 0, 2)
    succeed(circuit, 0)
    assert circuit.state is CircuitState.CLOSED
    succeed(circuit, 0)

    assert circuit.state is CircuitState.OPEN


def test_slow_calls_count_as_failures() -> None:
    circuit = Circuit(Limits(failures=1, slow_s=2))
    succeed(circuit, 0, took_s=2)
    assert circuit.state is CircuitState.CLOSED
    succeed(circuit, 0, took_s=2.1)

    assert circuit.state is CircuitState.OPEN


def test_probes_are_bounded_and_must_all_succeed() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10, probes=2))
    fail(circuit, 0)
    first, second = circuit.admit(10), circuit.admit(10)
    assert circuit.state is CircuitState.HALF_OPEN
    assert circuit.admit(10) is None
    circuit.succeeded(first, 11, 1)
    assert circuit.admit(11) is None
    circuit.succeeded(second, 11, 1)

    assert circuit.state is CircuitState.CLOSED


def test_failing_probe_opens_it_again_for_the_whole_time() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10))
    fail(circuit, 0)
    fail(circuit, 10)

    assert circuit.admit(19) is None
    assert circuit.admit(20) is not None


def test_cancelled_probe_makes_room_for_another() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10))
    fail(circuit, 0)
    circuit.give_back(circuit.admit(10))

    assert circuit.admit(10) is not None


def test_late_results_of_an_earlier_era_are_ignored() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10))
    late = [circuit.admit(0) for _ in range(3)]
    fail(circuit, 0)
    circuit.succeeded(late[0], 1, 1)
    assert circuit.state is CircuitState.OPEN
    probe = circuit.admit(10)
    circuit.failed(late[1], 10)
    circuit.give_back(late[2])
    assert circuit.state is CircuitState.HALF_OPEN
    circuit.succeeded(probe, 10, 0)

    assert circuit.state is CircuitState.CLOSED


@given(st.lists(st.tuples(st.sampled_from(["ok", "fail", "cancel", "call"]), st.integers(0, 15)), max_size=60))
def test_open_circuit_lets_nothing_through_and_probes_stay_bounded(steps) -> None:
    circuit, now, out = Circuit(Limits(failures=2, open_s=10, probes=2)), 0, []
    for what, passed in steps:
        now += passed
        if what == "call":
            era = circuit.admit(now)
            if era is not None:
                assert circuit.state is not CircuitState.OPEN
                out.append(era)
        elif out:
            era = out.pop(0)
            if what == "ok":
                circuit.succeeded(era, now, 0)
            elif what == "fail":
                circuit.failed(era, now)
            else:
                circuit.give_back(era)
        if circuit.state is CircuitState.HALF_OPEN:
            assert out.count(circuit.era) <= 2


@pytest.mark.parametrize(
    "field,value", [("failures", 0), ("rate", 0), ("window", 0), ("slow_s", 0), ("probes", 0), ("open_s", -1)]
)
def test_refusals_name_the_field(field, value) -> None:
    with pytest.raises(SpecError) as raised:
        Limits(**{field: value})

    assert raised.value.field == field
