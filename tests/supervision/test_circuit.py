"""The circuit's table of states."""

import attrs
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
    circuit.cancelled(circuit.admit(10), 10, 0)

    assert circuit.admit(10) is not None


def test_late_results_of_an_earlier_era_are_ignored() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10))
    late = [circuit.admit(0) for _ in range(3)]
    fail(circuit, 0)
    circuit.succeeded(late[0], 1, 1)
    assert circuit.state is CircuitState.OPEN
    probe = circuit.admit(10)
    circuit.failed(late[1], 10)
    circuit.cancelled(late[2], 10, 10)
    assert circuit.state is CircuitState.HALF_OPEN
    circuit.succeeded(probe, 10, 0)

    assert circuit.state is CircuitState.CLOSED


def test_probe_that_does_not_come_back_lets_one_more_pass_each_time() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10))
    fail(circuit, 0)
    lost = circuit.admit(10)
    assert circuit.admit(19) is None
    assert circuit.retry_after_s(19) == 1
    second = circuit.admit(20)
    assert second is not None
    assert circuit.admit(29) is None
    circuit.succeeded(lost, 29, 19)

    assert circuit.state is CircuitState.CLOSED


@pytest.mark.parametrize("slow_s,patience_s", [(None, 10), (5, 10), (60, 60)])
def test_probe_may_take_as_long_as_any_call(slow_s, patience_s) -> None:
    circuit = Circuit(Limits(failures=1, open_s=10, slow_s=slow_s))
    fail(circuit, 0)
    circuit.admit(10)

    assert circuit.admit(10 + patience_s - 1) is None
    assert circuit.admit(10 + patience_s) is not None


def test_circuit_that_opens_for_no_time_probes_at_once_and_stays_bounded() -> None:
    circuit = Circuit(Limits(failures=1, open_s=0))
    fail(circuit, 0)
    assert circuit.admit(0) is not None
    assert circuit.admit(0) is None

    assert circuit.retry_after_s(0) == 1


@pytest.mark.parametrize("took_s,opens", [(2, False), (2.1, True)])
def test_call_that_is_cancelled_after_it_was_too_slow_counts(took_s, opens) -> None:
    circuit = Circuit(Limits(failures=1, slow_s=2))
    circuit.cancelled(circuit.admit(0), took_s, took_s)

    assert (circuit.state is CircuitState.OPEN) is opens


def test_slow_probe_opens_it_again() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10, slow_s=2))
    fail(circuit, 0)
    succeed(circuit, 10, took_s=3)

    assert circuit.state is CircuitState.OPEN


def test_failing_probe_makes_the_other_probes_results_old() -> None:
    circuit = Circuit(Limits(failures=1, open_s=10, probes=2))
    fail(circuit, 0)
    first, second = circuit.admit(10), circuit.admit(10)
    circuit.failed(first, 11)
    circuit.succeeded(second, 12, 2)

    assert circuit.state is CircuitState.OPEN
    assert circuit.retry_after_s(12) == 9


def test_only_the_rate_counts_if_failures_in_a_row_do_not() -> None:
    circuit = Circuit(Limits(failures=None, rate=1, window=10))
    fail(circuit, 0, 9)
    assert circuit.state is CircuitState.CLOSED
    fail(circuit, 0)

    assert circuit.state is CircuitState.OPEN


@attrs.define
class Told:
    """What the guide's table of states says, from the plain history of results."""

    limits: Limits
    state: str = "closed"
    results: list[bool] = attrs.Factory(list)
    out: list[int] = attrs.Factory(list)
    since: float = 0
    last: float = 0

    def become(self, state: str, now: float) -> None:
        self.state, self.results, self.out, self.since = state, [], [], now

    def lets_through(self, call: int, now: float) -> bool:
        if self.state == "open" and now - self.since >= self.limits.open_s:
            self.become("half_open", now)
        if self.state == "open":
            return False
        places = self.limits.probes - len(self.results) - len(self.out)
        if self.state == "half_open" and places <= 0 and now - self.last < max(self.limits.open_s, self.limits.slow_s):
            return False
        self.out.append(call)
        self.last = now
        return True

    def came_back(self, call: int, how: str, took: float, now: float) -> None:
        if call not in self.out:
            return
        self.out.remove(call)
        slow = took > self.limits.slow_s
        if how == "cancel" and not slow:
            return
        self.results.append(how != "fail" and not slow)
        if self.state == "half_open":
            if not self.results[-1]:
                self.become("open", now)
            elif len(self.results) == self.limits.probes:
                self.become("closed", now)
            return
        recent = self.results[-self.limits.window :]
        in_row = len(self.results) - 1 - max((i for i, good in enumerate(self.results) if good), default=-1)
        often = len(recent) == self.limits.window and recent.count(False) / len(recent) >= self.limits.rate
        if in_row >= self.limits.failures or often:
            self.become("open", now)


@given(
    st.builds(
        Limits,
        failures=st.integers(1, 4),
        rate=st.sampled_from([0.4, 0.5, 1]),
        window=st.integers(1, 6),
        slow_s=st.sampled_from([3, 30]),
        open_s=st.sampled_from([1, 10]),
        probes=st.integers(1, 3),
    ),
    st.lists(
        st.tuples(st.sampled_from(["call", "call", "ok", "fail", "cancel"]), st.integers(0, 12), st.integers(0, 5)),
        max_size=80,
    ),
)
def test_does_what_the_table_says(limits, steps) -> None:
    circuit, told, now = Circuit(limits), Told(limits), 0
    out: list[tuple[int, int, int]] = []  # number, era, since
    for number, (what, passed, which) in enumerate(steps):
        now += passed
        if what == "call":
            era = circuit.admit(now)
            assert (era is not None) == told.lets_through(number, now)
            if era is not None:
                out.append((number, era, now))
            else:
                assert circuit.retry_after_s(now) > 0
        elif out:
            call, era, since = out.pop(which % len(out))
            took = now - since
            if what == "fail":
                circuit.failed(era, now)
            else:
                {"ok": circuit.succeeded, "cancel": circuit.cancelled}[what](era, now, took)
            told.came_back(call, what, took, now)
        assert circuit.state == told.state


@pytest.mark.parametrize(
    "field,value",
    [("failures", 0), ("rate", 0), ("window", 0), ("slow_s", 0), ("probes", 0), ("open_s", -1), ("rate", 1.1)],
)
def test_refusals_name_the_field(field, value) -> None:
    with pytest.raises(SpecError) as raised:
        Limits(**{field: value})

    assert raised.value.field == field


def test_circuit_that_nothing_could_open_is_refused() -> None:
    with pytest.raises(SpecError) as raised:
        Limits(failures=None)

    assert raised.value.field == "failures"
