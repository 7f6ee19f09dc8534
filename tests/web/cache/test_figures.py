"""The figures of the cache as clients see them."""

from web.cache.figures import figures
from web.cache.query_cache import CacheStatistics
from web.cache.shelf import ShelfSize


def test_what_only_redis_knows_is_null():
    size = ShelfSize(entries=None, size_bytes=None, limit_bytes=None, evictions=None)
    told = figures(CacheStatistics(shelf="redis", hits=3, misses=1, joined=0, troubles=2, size=size))

    assert (told.shelf, told.entries, told.hit_rate, told.troubles) == ("redis", None, 0.75, 2)
