"""Where backlogs are kept: the protocol, and in this process. tests/contracts/test_buckets.py holds for every kind."""

from collections import OrderedDict
from typing import Protocol

import trio

from web.traffic.gcra import Quota, Verdict, spent, verdict

MOST = 50_000
"""So many clients are told apart at once; past that the one that was silent for the longest time is forgotten.

About 10 MiB. Forgetting forgives, so whoever owns more addresses than this gets no more than one quota for each.
"""


class Buckets(Protocol):
    """One backlog per key."""

    async def take(self, key: str, quota: Quota) -> Verdict:
        """Count one request of a client against a quota, if it passes. Never fails."""
        ...


class MemoryBuckets:
    """Backlogs of this process alone, bounded in number."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        """By key, the least recently used first: when the backlog will be nothing, on Trio's clock."""

    def __len__(self) -> int:
        return len(self._empty_at)

    async def take(self, key: str, quota: Quota) -> Verdict:
        """Count one request. Does not wait."""
        now_s = trio.current_time()
        is_allowed, backlog_s = spent(quota, self._empty_at.pop(key, now_s) - now_s)
        self._empty_at[key] = now_s + backlog_s
        self._make_room(now_s)
        return verdict(quota, is_allowed=is_allowed, backlog_s=backlog_s)

    def _make_room(self, now_s: float) -> None:
        # Two for each that comes, so that what is over goes before anything that still counts must.
        for key in [key for key, _ in zip(self._empty_at, range(2), strict=False)]:
            if self._empty_at[key] <= now_s:
                del self._empty_at[key]
        while len(self._empty_at) > self._most:
            self._empty_at.popitem(last=False)
