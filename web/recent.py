"""An answer that is asked for at most once in a while, however many want it at once."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import trio

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Keeps one answer for a while. Whoever comes while it is asked for waits for that same answer."""

    def __init__(self, *, kept_s: float) -> None:
        self.kept_s = kept_s
        """It is so old at most, counted from when it was asked for."""
        self._asking = trio.Lock()
        self._asked_at_s = -float("inf")
        self._answers: list[Value] = []

    async def of(self, ask: Callable[[], Awaitable[Value]]) -> Value:
        """The answer, asked for if there is none or it is too old; what `ask` raises is kept for nobody.

        Cancellation: the next of those who wait asks.
        """
        async with self._asking:
            now_s = trio.current_time()
            if not self._answers or now_s - self._asked_at_s >= self.kept_s:
                self._answers = [await ask()]
                self._asked_at_s = now_s
            return self._answers[0]
