"""How many messages per second an actor handled lately, at the cost of one comparison per message."""

WINDOW_NS = 10 * 1_000_000_000


class Rate:
    """Mean over the last 10 to 20 seconds of the machine's clock."""

    __slots__ = ("_from_count", "_from_ns", "_middle_count", "_middle_ns", "until_ns")

    def __init__(self) -> None:
        self._from_ns = self._middle_ns = self.until_ns = 0
        self._from_count = self._middle_count = 0

    def roll(self, count: int, now_ns: int) -> None:
        """Begin the next window; to be called when `now_ns` has passed `until_ns`."""
        stale = not self.until_ns or now_ns > self.until_ns + WINDOW_NS
        self._from_ns, self._from_count = (now_ns, count) if stale else (self._middle_ns, self._middle_count)
        self._middle_ns, self._middle_count = now_ns, count
        self.until_ns = now_ns + WINDOW_NS

    def per_s(self, count: int, now_ns: int) -> float:
        """Messages per second; 0 if none came for two windows."""
        if not self.until_ns or now_ns > self.until_ns + WINDOW_NS:
            return 0.0
        return (count - self._from_count) / max((now_ns - self._from_ns) / 1e9, 1e-6)
