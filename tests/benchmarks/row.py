"""One row of a table: what was measured in every round, ours and at most one rival's."""

from collections.abc import Awaitable, Callable, Sequence
from statistics import median

import attrs

ROUNDS = 7


@attrs.frozen(kw_only=True)
class Row:
    """One figure of Rookery, with the samples of all rounds; `others` are the rival's of the same rounds, in the same order.

    The table shows medians, and between what the samples lay.
    """

    what: str
    unit: str
    values: Sequence[float]
    rival: str | None = None
    others: Sequence[float] = ()

    @property
    def value(self) -> float:
        """What Rookery typically does."""
        return median(self.values)

    @property
    def other(self) -> float:
        """What the rival typically does."""
        return median(self.others)

    @property
    def ratio(self) -> float:
        """How many times the rival's figure ours is: the median of the rounds' ratios, since a round befalls both alike."""
        return median(own / other for own, other in zip(self.values, self.others, strict=True))


def beside(
    what: str,
    unit: str,
    own: Callable[[], float],
    *,
    rival: str | None = None,
    other: Callable[[], float] | None = None,
    rounds: int = ROUNDS,
) -> Row:
    """Rounds of the rival, then of ours, by turns."""
    values, others = [], []
    for _ in range(rounds):
        if other is not None:
            others.append(other())
        values.append(own())
    return Row(what=what, unit=unit, values=values, rival=rival, others=others)


async def beside_async(
    what: str,
    unit: str,
    own: Callable[[], Awaitable[float]],
    *,
    rival: str | None = None,
    other: Callable[[], Awaitable[float]] | None = None,
    rounds: int = ROUNDS,
) -> Row:
    """The same for what has to be awaited."""
    values, others = [], []
    for _ in range(rounds):
        if other is not None:
            others.append(await other())
        values.append(await own())
    return Row(what=what, unit=unit, values=values, rival=rival, others=others)
