"""When a circuit breaker lets calls through: a table of states over times and results. No task and no clock of its own."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum

import attrs

from supervision.check import at_least, finite_above, finite_from
from supervision.errors import SpecError

# A probe has at least so long, also where a circuit is open for no time at all.
LEAST_PATIENCE_S = 1.0

FAILURES_IN_ROW: int | None = 5


class CircuitState(StrEnum):
    """CLOSED: calls pass. OPEN: none does. HALF_OPEN: a few probes pass and decide."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@attrs.frozen(kw_only=True)
class Limits:
    """What opens a circuit, and how it closes again.

    Args:
        failures: so many in a row open it, 1 or more; None: none do.
        rate: this share of failures (0–1, more than 0) among the last `window` calls opens it, once there are `window`; None: none does.
        window: calls, 1 or more.
        slow_s: a call that takes longer counts as a failure, seconds; None: never.
        open_s: how long it stays open before probes pass, seconds.
        probes: how many calls may pass at once while it is half open, and how many must succeed to close it.
    """

    failures: int | None = attrs.field(default=FAILURES_IN_ROW, validator=attrs.validators.optional(at_least(1)))
    rate: float | None = attrs.field(default=None, validator=attrs.validators.optional(finite_above(0)))
    window: int = attrs.field(default=20, validator=at_least(1))
    slow_s: float | None = attrs.field(default=None, validator=attrs.validators.optional(finite_above(0)))
    open_s: float = attrs.field(default=30.0, validator=finite_from(0))
    probes: int = attrs.field(default=1, validator=at_least(1))

    def __attrs_post_init__(self) -> None:
        """Check what no field can by itself."""
        if self.rate is not None and self.rate > 1:
            raise SpecError("rate", f"must be at most 1, not {self.rate!r}")
        if self.failures is None and self.rate is None:
            raise SpecError("failures", "without failures and rate, nothing would ever open it")

    @property
    def patience_s(self) -> float:
        """How long a half-open circuit waits for its probes before it lets one more through."""
        return max(self.open_s, self.slow_s or 0.0, LEAST_PATIENCE_S)


class Circuit:
    """The state of one breaker; results of calls that were let through before its last change are ignored."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.state = CircuitState.CLOSED
        self.era = 0
        self.failures_in_row = 0
        self.refused = 0
        self._results: deque[bool] = deque(maxlen=limits.window)
        self._opened_at_s = 0.0
        self._admitted_at_s = 0.0
        self._out = 0
        self._succeeded = 0

    @property
    def failure_rate(self) -> float:
        """Share of failures among the last calls, 0–1."""
        return self._results.count(False) / len(self._results) if self._results else 0.0

    def admit(self, now_s: float) -> int | None:
        """Let one call through and number its era, or None."""
        if self.state is CircuitState.OPEN and now_s >= self._opened_at_s + self.limits.open_s:
            self._become(CircuitState.HALF_OPEN)
        if self.state is CircuitState.OPEN or (self.state is CircuitState.HALF_OPEN and not self._has_place(now_s)):
            self.refused += 1
            return None
        self._out += 1
        self._admitted_at_s = now_s
        return self.era

    def _has_place(self, now_s: float) -> bool:
        # A probe that never comes back must not keep it half open for ever: one more passes each time the patience is over.
        free = self._out + self._succeeded < self.limits.probes
        return free or now_s >= self._admitted_at_s + self.limits.patience_s

    def retry_after_s(self, now_s: float) -> float:
        """When the next call passes at the latest, if nothing comes back before; 0 while it is closed."""
        match self.state:
            case CircuitState.OPEN:
                return max(0.0, self._opened_at_s + self.limits.open_s - now_s)
            case CircuitState.HALF_OPEN if not self._has_place(now_s):
                return self._admitted_at_s + self.limits.patience_s - now_s
            case _:
                return 0.0

    def cancelled(self, era: int, now_s: float, took_s: float) -> None:
        """The call was cancelled: it says nothing, unless it had been too slow by then."""
        if self._too_slow(took_s):
            self.failed(era, now_s)
        elif era == self.era:
            self._out -= 1

    def succeeded(self, era: int, now_s: float, took_s: float) -> None:
        """The call came back."""
        if self._too_slow(took_s):
            self.failed(era, now_s)
        elif era == self.era:
            self._out -= 1
            _AFTER_SUCCESS[self.state](self, now_s)

    def failed(self, era: int, now_s: float) -> None:
        """The call failed, or was too slow."""
        if era == self.era:
            self._out -= 1
            _AFTER_FAILURE[self.state](self, now_s)

    def _too_slow(self, took_s: float) -> bool:
        return self.limits.slow_s is not None and took_s > self.limits.slow_s

    def _become(self, state: CircuitState) -> None:
        self.state = state
        self.era += 1
        self._out = self._succeeded = 0
        self.failures_in_row = 0
        self._results.clear()

    def _open(self, now_s: float) -> None:
        self._become(CircuitState.OPEN)
        self._opened_at_s = now_s

    def _closed_success(self, now_s: float) -> None:
        self.failures_in_row = 0
        self._results.append(True)
        self._judge(now_s)

    def _closed_failure(self, now_s: float) -> None:
        self.failures_in_row += 1
        self._results.append(False)
        self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        limits = self.limits
        full = len(self._results) == limits.window
        too_often = limits.rate is not None and full and self.failure_rate >= limits.rate
        too_many = limits.failures is not None and self.failures_in_row >= limits.failures
        if too_often or too_many:
            self._open(now_s)

    def _probe_success(self, _now_s: float) -> None:
        self._succeeded += 1
        if self._succeeded == self.limits.probes:
            self._become(CircuitState.CLOSED)


# No call of the present era is out while a circuit is open.
_AFTER_SUCCESS: dict[CircuitState, Callable[[Circuit, float], None]] = {
    CircuitState.CLOSED: Circuit._closed_success,  # noqa: SLF001 — the table of the class above
    CircuitState.HALF_OPEN: Circuit._probe_success,  # noqa: SLF001
}
_AFTER_FAILURE: dict[CircuitState, Callable[[Circuit, float], None]] = {
    CircuitState.CLOSED: Circuit._closed_failure,  # noqa: SLF001
    CircuitState.HALF_OPEN: Circuit._open,  # noqa: SLF001
}
