"""The circuit breaker as actors use it: `async with breaker:` round each call, on Trio's clock. Its decisions are `circuit.py`."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import trio
from trio.lowlevel import Task, current_task

from supervision.caller import current
from supervision.circuit import Circuit, CircuitState, Limits
from supervision.errors import CircuitOpenError


def _every_error(_: Exception) -> bool:
    return True


class CircuitBreaker:
    """Stops calling what keeps failing, and finds out carefully when it works again.

    ```python
    breaker = CircuitBreaker("musicbrainz", failures=5, open_s=30.0)
    async with breaker:                      # CircuitOpenError while it is open
        answer = await client.get(...)
    ```

    Any number of tasks may be inside at once. An error that leaves the block is a failure and goes on. A call that is cancelled says
    nothing, unless it had taken longer than `slow_s`: give it one where time-outs are set round the breaker.

    Make it in the actor to begin anew with each incarnation, or outside of it, beside the factory, to remember over restarts. It is
    shown in the status of every actor that has used it, for as long as it is there.

    Args:
        name: for people; one breaker of a name is shown for each actor, the last that it used.
        failures: so many in a row open it; None: none do.
        rate: this share of failures among the last `window` calls opens it; None: none does.
        window: calls.
        slow_s: a call that takes longer than this counts as failed; None: never.
        open_s: how long it stays open before probes pass.
        probes: how many calls pass while it is half open, and how many must succeed. A probe that does not come back within `open_s`
            (or `slow_s`, if that is longer) lets another one pass.
        counts: whether an error is a failure of what is called; others are successes.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int | None = 5,
        rate: float | None = None,
        window: int = 20,
        slow_s: float | None = None,
        open_s: float = 30.0,
        probes: int = 1,
        counts: Callable[[Exception], bool] = _every_error,
    ) -> None:
        self.name = name
        self._counts = counts
        self._circuit = Circuit(
            Limits(failures=failures, rate=rate, window=window, slow_s=slow_s, open_s=open_s, probes=probes)
        )
        self._inside: dict[Task, list[tuple[int, float]]] = {}

    @property
    def state(self) -> CircuitState:
        """What it does now; an open one becomes half open at the first call after its time."""
        return self._circuit.state

    @property
    def circuit(self) -> Circuit:
        """Its figures."""
        return self._circuit

    async def __aenter__(self) -> Self:
        """Pass, or raise CircuitOpenError. Never waits."""
        leaf = current.get()
        if leaf is not None:
            leaf.uses(self)
        now_s = trio.current_time()
        era = self._circuit.admit(now_s)
        if era is None:
            raise CircuitOpenError(self.name, self._circuit.retry_after_s(now_s))
        self._inside.setdefault(current_task(), []).append((era, now_s))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = current_task()
        calls = self._inside[task]
        era, since_s = calls.pop()
        if not calls:
            del self._inside[task]
        now_s = trio.current_time()
        took_s = now_s - since_s
        if isinstance(error, BaseExceptionGroup):
            # What is left beside cancellation is the result; nothing but cancellation is none.
            error = error.split(trio.Cancelled)[1] or error
        if error is not None and not isinstance(error, Exception):
            self._circuit.cancelled(era, now_s, took_s)
        elif error is not None and self._counts(error):
            self._circuit.failed(era, now_s)
        else:
            self._circuit.succeeded(era, now_s, took_s)
