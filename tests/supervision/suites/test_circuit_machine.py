"""The circuit against a model that keeps every call and looks through them all, and the breaker against the circuit."""

import attrs
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervision import CircuitBreaker, CircuitOpenError
from supervision.circuit import Circuit, CircuitState, Limits
from supervision.testing import replay

limits = st.builds(
    Limits,
    failures=st.integers(1, 3),
    rate=st.none() | st.sampled_from([0.4, 0.5, 1.0]),
    window=st.integers(1, 4),
    slow_s=st.sampled_from([None, 1.0, 5.0]),
    open_s=st.sampled_from([0.0, 2.0, 30.0]),
    probes=st.integers(1, 3),
)


@attrs.define
class Call:
    """One call that was let through, and whether it succeeded."""

    era: int
    since_s: float
    period: int
    result: bool | None = None


class CircuitMachine(RuleBasedStateMachine):
    """Calls, their ends in any order, and time. A period lasts from one change of state to the next."""

    @initialize(limits=limits)
    def begin(self, limits: Limits) -> None:
        self.limits = limits
        self.circuit = Circuit(limits)
        self.now_s = 100.0
        self.out: list[Call] = []
        self.refused = 0
        self.change(CircuitState.CLOSED)

    def change(self, state: CircuitState) -> None:
        self.state = state
        self.period = getattr(self, "period", 0) + 1
        self.since_s = self.now_s
        self.last_s = self.now_s
        self.results: list[bool] = []

    # What the model says.

    def passes(self) -> bool:
        if self.state is CircuitState.OPEN and self.now_s >= self.since_s + self.limits.open_s:
            self.change(CircuitState.HALF_OPEN)
        if self.state is CircuitState.HALF_OPEN:
            probing = [call for call in self.out if call.period == self.period]
            overdue = self.now_s >= self.last_s + max(self.limits.open_s, self.limits.slow_s or 0, 1.0)
            return len(probing) + len(self.results) < self.limits.probes or overdue
        return self.state is CircuitState.CLOSED

    def came_back(self, call: Call, result) -> None:
        self.out.remove(call)
        if result is not False and self.limits.slow_s is not None and self.now_s - call.since_s > self.limits.slow_s:
            result = False
        if call.period != self.period or result is None:
            return
        self.results.append(result)
        if self.state is CircuitState.HALF_OPEN:
            if not result:
                self.change(CircuitState.OPEN)
            elif len(self.results) == self.limits.probes:
                self.change(CircuitState.CLOSED)
        elif self.in_row() >= self.limits.failures or self.too_often():
            self.change(CircuitState.OPEN)

    def in_row(self) -> int:
        return next((n for n, result in enumerate(reversed(self.results)) if result), len(self.results))

    def too_often(self) -> bool:
        last = self.results[-self.limits.window :]
        full = len(last) == self.limits.window
        return self.limits.rate is not None and full and last.count(False) / len(last) >= self.limits.rate

    # What happens.

    @rule()
    def call(self) -> None:
        era = self.circuit.admit(self.now_s)
        passed = self.passes()
        assert (era is not None) == passed
        if era is None:
            self.refused += 1
        else:
            self.last_s = self.now_s
            self.out.append(Call(era, self.now_s, self.period))

    @precondition(lambda self: self.out)
    @rule(place=st.integers(0, 20), result=st.sampled_from([True, False, False, None]))
    def end(self, *, place: int, result: bool | None) -> None:
        call = self.out[place % len(self.out)]
        took_s = self.now_s - call.since_s
        if result is None:
            self.circuit.cancelled(call.era, self.now_s, took_s)
        elif result:
            self.circuit.succeeded(call.era, self.now_s, took_s)
        else:
            self.circuit.failed(call.era, self.now_s)
        self.came_back(call, result)

    @rule(seconds=st.sampled_from([0.5, 1.0, 2.0, 6.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "circuit"):
            return
        assert (self.circuit.state, self.circuit.refused) == (self.state, self.refused)
        if self.state is CircuitState.CLOSED:
            last = self.results[-self.limits.window :]
            assert self.circuit.failures_in_row == self.in_row()
            assert self.circuit.failure_rate == (last.count(False) / len(last) if last else 0)
        wait_s = self.circuit.retry_after_s(self.now_s)
        assert (self.state is CircuitState.CLOSED) <= (wait_s == 0)
        assert wait_s >= 0


TestCircuit = CircuitMachine.TestCase
TestCircuit.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


calls = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 8), st.sampled_from(["ok", "fail", "cancel"])), max_size=15
)


def fail() -> None:
    raise OSError


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(limits=limits, calls=calls)
def test_breaker_tells_the_circuit_when_each_call_begins_and_how_it_ends(limits: Limits, calls) -> None:
    """A circuit that is told the same by hand lets the same calls through."""
    breaker = CircuitBreaker("b", **attrs.asdict(limits))
    log: list[tuple[float, str, int, float]] = []

    async def call(number: int, length_s: float, end: str) -> None:
        began_s = trio.current_time()
        try:
            with trio.move_on_after(length_s) as scope:
                async with breaker:
                    log.append((began_s, "in", number, 0))
                    await trio.sleep(length_s + 1 if end == "cancel" else length_s - 0.001)
                    if end == "fail":
                        fail()
        except CircuitOpenError:
            log.append((began_s, "refused", number, 0))
        except OSError:
            log.append((trio.current_time(), "fail", number, trio.current_time() - began_s))
        else:
            assert scope.cancelled_caught == (end == "cancel")
            log.append((trio.current_time(), end, number, trio.current_time() - began_s))

    async def all_calls() -> None:
        async with trio.open_nursery() as nursery:
            for number, (pause_s, length_s, end) in enumerate(calls):
                await trio.sleep(pause_s + 0.01)  # no two at one time
                nursery.start_soon(call, number, length_s + 0.0001 * number, end)

    replay(all_calls, seed=1)
    circuit, eras = Circuit(limits), {}
    for at_s, what, number, took_s in log:
        if what in {"in", "refused"}:
            eras[number] = circuit.admit(at_s)
            assert (eras[number] is None) == (what == "refused")
        elif what == "fail":
            circuit.failed(eras[number], at_s)
        else:
            (circuit.succeeded if what == "ok" else circuit.cancelled)(eras[number], at_s, took_s)
    assert breaker.state == circuit.state
