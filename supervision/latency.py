"""How long messages take to be handled, in a histogram that is cheap enough to be always on."""

import attrs

# Four steps to each doubling: a figure read back is at most 19 % above the true one.
STEPS = 4


@attrs.frozen(kw_only=True)
class Latency:
    """Handling times of all messages of an actor, in seconds of the machine's clock: `p50_s` half of them took no longer, and so on."""

    count: int
    p50_s: float
    p95_s: float
    p99_s: float


class Histogram:
    """Counts of durations in logarithmic buckets, from 4 ns on. Bounded: 160 numbers would hold an hour."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}

    def add(self, nanoseconds: int, weight: int = 1) -> None:
        """Enter one duration, which stands for `weight` of them."""
        nanoseconds = max(nanoseconds, 4)
        bits = nanoseconds.bit_length()
        # The two bits after the leading one choose the step within the doubling.
        bucket = bits * STEPS + (nanoseconds >> (bits - 3) & 3)
        self.counts[bucket] = self.counts.get(bucket, 0) + weight

    def latency(self) -> Latency:
        """The figures so far; zeros before the first message."""
        total = sum(self.counts.values())
        ordered = sorted(self.counts.items())
        return Latency(
            count=total,
            p50_s=_quantile(ordered, total, 0.50),
            p95_s=_quantile(ordered, total, 0.95),
            p99_s=_quantile(ordered, total, 0.99),
        )


def _quantile(ordered: list[tuple[int, int]], total: int, share: float) -> float:
    seen = 0
    for bucket, number in ordered:
        seen += number
        if seen >= share * total:
            return _upper_ns(bucket) / 1e9
    return 0.0


def _upper_ns(bucket: int) -> float:
    bits, step = divmod(bucket, STEPS)
    return float(2 ** (bits - 1) * (1 + (step + 1) / STEPS))
