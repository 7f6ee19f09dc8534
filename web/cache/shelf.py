"""Where answers are kept: what every place for them does. Its test is tests/contracts/test_shelf.py."""

from typing import Protocol

import attrs

from web.cache.entry import Entry


@attrs.frozen(kw_only=True)
class ShelfSize:
    """What is on a shelf now; None where only its owner knows."""

    entries: int | None
    size_bytes: int | None
    limit_bytes: int | None
    evictions: int | None
    """Entries that had to make room, since the start."""


class Shelf(Protocol):
    """Entries by key. It may lose any of them at any time, and never gives one under another's key."""

    @property
    def name(self) -> str:
        """`memory` or `redis`."""
        ...

    async def find(self, key: str) -> Entry | None:
        """The entry of a key, fresh or not.

        Raises:
            RedisAwayError: the shelf cannot be reached; the caller goes on without it.
        """
        ...

    async def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in place of the key's former one, if it is not too large. Raises as `find`."""
        ...

    async def clear(self) -> int:
        """Drop everything; gives how many entries that were. Raises as `find`."""
        ...

    def size(self) -> ShelfSize:
        """How much there is."""
        ...
