"""What the query cache did for each user who listens: counted as it happens, told at most once a second. Knows no request."""

from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import msgspec
import trio

from actors.config import SECONDS
from actors.feed import Feed
from actors.model.event import TOPIC_OF_TYPE, Passing
from actors.model.time import Time
from actors.nudge import Nudge

TELL_S = 1 * SECONDS
"""What happens within it is told in one message."""
TOPIC = TOPIC_OF_TYPE["CACHE_HIT"]


class HitsView(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kept answers that served you, on whichever device, within about a second; none is told twice."""

    hits: int
    """Answers to you that were kept: they came at once. At least one."""
    misses: int
    """Answers to you in the same time that had to be computed."""
    entries: int | None
    """How many are kept by now, for everybody; null where only Redis knows."""
    at: Time
    """When it was told."""


@attrs.define
class _Tally:
    hits: int = 0
    misses: int = 0


class Hits:
    """Counts for those who listen, each for themselves: nobody learns what others ask.

    Where nobody of a user listens, an answer costs two looks into dictionaries and leaves nothing behind.
    """

    def __init__(self, feed: Feed, entries: Callable[[], int | None]) -> None:
        self._feed = feed
        self._entries = entries
        self._tallies: dict[str, _Tally] = {}
        self._nudge = Nudge()
        self._told = 0

    def note(self, user_id: str, *, is_hit: bool) -> None:
        """A user got an answer through the cache."""
        tally = self._tallies.get(user_id)
        if tally is None:
            if not self._feed.is_heard(TOPIC, owner=user_id):
                return
            tally = self._tallies[user_id] = _Tally()
            self._nudge.give()
        if is_hit:
            tally.hits += 1
        else:
            tally.misses += 1

    async def keep_telling(self) -> None:
        """Task: tell what was counted, once a second while there is anything. Never returns."""
        while True:
            await self.counted()
            await trio.sleep(TELL_S)
            self.tell()

    async def counted(self) -> None:
        """Wait until something is counted that was not told."""
        while not self._tallies:
            await self._nudge.take()

    def tell(self) -> None:
        """Tell what was counted. Never waits."""
        tallies, self._tallies = self._tallies, {}
        for user_id, tally in tallies.items():
            if tally.hits and self._feed.is_heard(TOPIC, owner=user_id):
                self._tell(user_id, tally)

    def _tell(self, user_id: str, tally: _Tally) -> None:
        now = datetime.now(UTC)
        self._told += 1
        self._feed.publish_passing(
            Passing(
                type="CACHE_HIT",
                subject=f"hits:{user_id}:{self._told}",  # one does not make up for another: their sum is what counts
                payload=HitsView(hits=tally.hits, misses=tally.misses, entries=self._entries(), at=now),
                at=now,
                owner=user_id,
            )
        )
