"""How long to wait before the next try: longer each time, never the same for two clients."""

import random
from collections.abc import Iterator

from actors.config import SECONDS

FIRST_S = 0.5 * SECONDS
MOST_S = 15 * SECONDS
JITTER = 0.25


def pauses_s(chance: random.Random | None = None) -> Iterator[float]:
    """Endless pauses in seconds: half a second, doubling up to 15 s, each ± a quarter."""
    chance = chance or random.Random()  # noqa: S311 — spreads load, guards nothing
    pause_s = FIRST_S
    while True:
        yield pause_s * (1 + JITTER * chance.uniform(-1, 1))
        pause_s = min(2 * pause_s, MOST_S)
