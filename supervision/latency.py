"""How long messages take to be handled, in a histogram that is cheap enough to be always on."""

from collections.abc import Mapping

import attrs

# Four steps to each doubling: a figure read back is at most a quarter above the true one.
STEPS = 4


@attrs.frozen
class Latency:
    """Handling times of all messages of an actor, on the machine's clock. Figures are worked out when somebody asks for them."""

    _counts: Mapping[int, int] = attrs.field(hash=False)
    _total_ns: int

    @property
    def count(self) -> int:
        """Messages."""
        return sum(self._counts.values())

    @property
    def sum_s(self) -> float:
        """What they took together, seconds."""
        return self._total_ns / 1e9

    @property
    def p50_s(self) -> float:
        """Half of them took no longer, seconds."""
        return self.quantile_s(0.50)

    @property
    def p95_s(self) -> float:
        """95 of 100 took no longer, seconds."""
        return self.quantile_s(0.95)

    @property
    def p99_s(self) -> float:
        """99 of 100 took no longer, seconds."""
        return self.quantile_s(0.99)

    def quantile_s(self, share: float) -> float:
        """Seconds that this share (0–1) of the messages took at most, at most a quarter too much; 0 before the first message."""
        seen, wanted = 0, share * self.count
        for bucket, number in sorted(self._counts.items()):
            seen += number
            if seen >= wanted:
                return _upper_ns(bucket) / 1e9
        return 0.0

    def no_longer_than(self, bits: int) -> int:
        """Messages that took less than 2 to the power of `bits` nanoseconds (3 or more); exact, since buckets end there."""
        return sum(number for bucket, number in self._counts.items() if bucket < (bits + 1) * STEPS)


class Histogram:
    """Counts of durations in logarithmic buckets, from 4 ns on. Bounded: 160 numbers would hold an hour."""

    __slots__ = ("counts", "total_ns")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.total_ns = 0

    def add(self, nanoseconds: int, weight: int = 1) -> None:
        """Enter one duration, which stands for `weight` of them."""
        self.total_ns += nanoseconds * weight
        nanoseconds = max(nanoseconds, 4)
        bits = nanoseconds.bit_length()
        # The two bits after the leading one choose the step within the doubling.
        bucket = bits * STEPS + (nanoseconds >> (bits - 3) & 3)
        self.counts[bucket] = self.counts.get(bucket, 0) + weight

    def latency(self) -> Latency:
        """The figures so far."""
        return Latency(self.counts.copy(), self.total_ns)


def _upper_ns(bucket: int) -> float:
    bits, step = divmod(bucket, STEPS)
    return float(2 ** (bits - 1) * (1 + (step + 1) / STEPS))
