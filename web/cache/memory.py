"""Answers kept in this process, bounded in bytes: who was not asked for the longest time makes room."""

from collections import OrderedDict

import trio

from web.cache.entry import Entry
from web.cache.shelf import ShelfSize

LARGEST_SHARE = 8
"""An entry larger than this part of the whole is not kept: it would push out everything else."""


class MemoryShelf:
    """A `Shelf` of this process alone."""

    name = "memory"

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size_bytes = 0
        self._evictions = 0

    async def find(self, key: str) -> Entry | None:
        """The entry of a key, fresh or not. Does not wait."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    async def put(self, key: str, entry: Entry) -> None:
        """Keep an entry; the least recently asked for make room."""
        self._drop(key)
        if entry.size_bytes * LARGEST_SHARE <= self._limit_bytes:
            self._entries[key] = entry
            self._size_bytes += entry.size_bytes
        while self._size_bytes > self._limit_bytes:
            self._drop(next(iter(self._entries)))
            self._evictions += 1
        await trio.lowlevel.checkpoint()

    async def clear(self) -> int:
        """Drop everything."""
        count = len(self._entries)
        self._entries.clear()
        self._size_bytes = 0
        await trio.lowlevel.checkpoint()
        return count

    def size(self) -> ShelfSize:
        """How much there is."""
        return ShelfSize(
            entries=len(self._entries),
            size_bytes=self._size_bytes,
            limit_bytes=self._limit_bytes,
            evictions=self._evictions,
        )

    def _drop(self, key: str) -> None:
        former = self._entries.pop(key, None)
        if former is not None:
            self._size_bytes -= former.size_bytes
