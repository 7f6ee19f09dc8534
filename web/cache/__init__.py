"""Answers that are kept, and never served once the catalogue says otherwise. Knows no request and no SQL."""

from web.cache.entry import CacheInfo, Entry
from web.cache.hits import Hits
from web.cache.memory import MemoryShelf
from web.cache.query_cache import QueryCache
from web.cache.shelf import Shelf, ShelfSize

__all__ = ["CacheInfo", "Entry", "Hits", "MemoryShelf", "QueryCache", "Shelf", "ShelfSize"]
