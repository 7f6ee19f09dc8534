"""Things to do at a time, on Trio's clock, for whoever wakes up to do them. Holds no task of its own."""

import heapq
from collections.abc import Callable
from itertools import count


class Timer:
    """One thing to do once, unless it is cancelled before."""

    __slots__ = ("action", "at_s", "timers")

    def __init__(self, timers: "Timers", at_s: float, action: Callable[[], None]) -> None:
        self.timers = timers
        self.at_s = at_s
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """It will not be done."""
        if self.action is not None:
            self.action = None
            self.timers.discarded()


class Timers:
    """All pending timers of one tree, soonest first. Cancelled ones are swept out before they outnumber the others."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = count()
        self._cancelled = 0

    def at(self, at_s: float, action: Callable[[], None]) -> Timer:
        """Do `action` at `at_s`."""
        timer = Timer(self, at_s, action)
        heapq.heappush(self._heap, (at_s, next(self._number), timer))
        return timer

    def next_at_s(self) -> float:
        """When to look again; infinity if there is nothing to do."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else float("inf")

    def due(self, now_s: float) -> Callable[[], None] | None:
        """Take the first action that is due; None if none is."""
        if self.next_at_s() > now_s:
            return None
        timer = heapq.heappop(self._heap)[2]
        action, timer.action = timer.action, None
        return action

    def discarded(self) -> None:
        """One timer was cancelled: sweep when most are."""
        self._cancelled += 1
        if self._cancelled > 32 and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled
