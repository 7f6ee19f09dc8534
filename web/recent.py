"""An answer that is asked for at most once in a while, however many want it at once."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import trio

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Keeps one answer for a while. Whoever comes while it is asked for waits for that same answer."""

    def __init__(self, *, kept_s: float) -> None:
        self.kept_s = kept_s
        """So long after it was asked for it still counts, or for those who came before it was there."""
        self._asking = trio.Lock()
        self._until_s = -float("inf")
        self._answers: list[Value] = []

    async def of(self, ask: Callable[[], Awaitable[Value]]) -> Value:
        """The answer, asked for if there is none or it is too old; what `ask` raises is kept for nobody.

        Cancellation: the next of those who wait asks.
        """
        came_at_s = trio.current_time()
        async with self._asking:
            if came_at_s >= self._until_s:
                asked_at_s = trio.current_time()
                self._answers = [await ask()]
                self._until_s = max(asked_at_s + self.kept_s, trio.current_time())
            return self._answers[0]
