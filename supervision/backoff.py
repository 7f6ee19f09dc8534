"""How long to wait before a restart: a function of the failures in a row. No clock and no shared random state."""

import math
from random import Random

import attrs

from supervision.check import finite_above, finite_from


@attrs.frozen(kw_only=True)
class Backoff:
    """Growing delays before restarts.

    The n-th failure in a row waits `first_s` × `factor`ⁿ⁻¹, at most `most_s`, then multiplied by 1 ± `jitter`. A child that stayed
    up for `reset_after_s` starts again from the first. `first_s` = 0 restarts at once.
    """

    first_s: float = attrs.field(default=0.1, validator=finite_from(0))
    factor: float = attrs.field(default=2.0, validator=finite_from(1))
    most_s: float = attrs.field(default=30.0, validator=finite_from(0))
    jitter: float = attrs.field(default=0.2, validator=finite_from(0))
    reset_after_s: float = attrs.field(default=60.0, validator=finite_above(0))

    def delay_s(self, failures: int, *, key: str) -> float:
        """Delay in seconds before the restart that follows this many failures in a row (1 or more).

        The jitter depends on `key` alone, so it is the same for the same seed whatever else happens in the tree.
        """
        if self.first_s == 0:
            return 0.0
        # Powers beyond the cap are never computed: they would overflow.
        room = math.log(max(self.most_s / self.first_s, 1.0))
        steps = failures - 1
        capped = self.factor > 1 and steps * math.log(self.factor) >= room
        delay = self.most_s if capped else min(self.most_s, self.first_s * self.factor**steps)
        spread = (2 * Random(key).random() - 1) * self.jitter  # noqa: S311 — spreads load, guards nothing
        return max(0.0, delay * (1 + spread))


NONE = Backoff(first_s=0.0)
