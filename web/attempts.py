"""How often somebody may try to log in: a decision over a clock that it is given."""

from collections.abc import Hashable

import attrs

from actors.config import MINUTES, SECONDS

FREE_OF_PAIR = 5
"""Failures of one name from one address before each further one must wait longer."""
FREE_OF_ADDRESS = 30
FREE_OF_NAME = 50
"""From everywhere; more, so that a stranger does not easily lock out whose name they know."""
FIRST_PAUSE_S = 1 * SECONDS
LONGEST_PAUSE_S = 5 * MINUTES
FORGIVEN_AFTER_S = 15 * MINUTES
"""Without a further try."""
MOST_REMEMBERED = 10_000
"""Names, addresses and pairs; the one longest without a try is forgotten first."""


@attrs.frozen
class _Tries:
    failures: int
    at_s: float
    """When the last one was."""


class Attempts:
    """Remembers failures by name, by address and by both. A try counts as failed until it is known to be good, so that
    many at once are no way around.
    """

    def __init__(self) -> None:
        self._tries: dict[Hashable, _Tries] = {}

    def begin(self, name: str, address: str, *, now_s: float) -> float:
        """Seconds to wait before this may be tried; 0.0: now, and it counts.

        Args:
            name: who they say they are, whatever the case.
            address: where they ask from; one text for all addresses that one host may have.
            now_s: of a clock that never goes back.
        """
        kinds = self._kinds(name, address)
        wait_s = max(self._wait_s(kind, free, now_s) for kind, free in kinds.items())
        if wait_s > 0:
            return wait_s
        for kind in kinds:
            self._count(kind, 1, now_s)
        return 0.0

    def succeed(self, name: str, address: str, *, now_s: float) -> None:
        """The try that was begun was good: what failed before from this address is forgiven to this name."""
        pair, *others = self._kinds(name, address)
        self._tries.pop(pair, None)
        for kind in others:
            self._count(kind, -1, now_s)

    def withdraw(self, name: str, address: str, *, now_s: float) -> None:
        """The try that was begun never came to a decision."""
        for kind in self._kinds(name, address):
            self._count(kind, -1, now_s)

    def _kinds(self, name: str, address: str) -> dict[Hashable, int]:
        folded = name.lower()
        return {
            ("pair", folded, address): FREE_OF_PAIR,
            ("address", address): FREE_OF_ADDRESS,
            ("name", folded): FREE_OF_NAME,
        }

    def _failures(self, kind: Hashable, now_s: float) -> int:
        tries = self._tries.get(kind)
        return 0 if tries is None or now_s - tries.at_s >= FORGIVEN_AFTER_S else tries.failures

    def _wait_s(self, kind: Hashable, free: int, now_s: float) -> float:
        beyond = self._failures(kind, now_s) - free
        if beyond < 0:
            return 0.0
        # The exponent is bounded: 2.0 ** 1024 would be no number any more.
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(beyond, 60), LONGEST_PAUSE_S)
        return max(0.0, self._tries[kind].at_s + pause_s - now_s)

    def _count(self, kind: Hashable, change: int, now_s: float) -> None:
        failures = max(0, self._failures(kind, now_s) + change)
        self._tries.pop(kind, None)
        if failures:
            self._tries[kind] = _Tries(failures, now_s)
        if len(self._tries) > MOST_REMEMBERED:
            del self._tries[next(iter(self._tries))]
