"""How many messages a client may send: a token bucket over a clock that it is given."""

PER_SECOND = 100.0
BURST = 500.0


class Rate:
    """100 messages a second, 500 at once."""

    def __init__(self, *, now: float, per_second: float = PER_SECOND, burst: float = BURST) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._at = now

    def allows(self, now: float) -> bool:
        """Count one message at `now` (seconds, monotonic); False when it is one too many."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
