"""The figures of the query cache as clients see them."""

import msgspec

from web.cache.query_cache import CacheStatistics


class CacheFigures(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What became of the questions since the start; null where only Redis knows."""

    shelf: str
    """Where answers are kept: `memory` or `redis`."""
    entries: int | None
    """How many are kept; null where only Redis knows."""
    size_bytes: int | None
    """What they take, in bytes; null where that cannot be told."""
    limit_bytes: int | None
    """What they may take, in bytes; null where others decide."""
    hits: int
    """Answers that were kept."""
    misses: int
    """Answers that had to be computed."""
    joined: int
    """Misses that were answered by what another request just computed."""
    hit_rate: float
    """Hits among all questions, 0–1; 0 before the first."""
    evictions: int | None
    """Answers that were thrown away for room; null where only Redis knows."""
    troubles: int
    """Times that the shelf could not be reached; the answer was computed then."""


def figures(statistics: CacheStatistics) -> CacheFigures:
    """Statistics as clients see them."""
    asked = statistics.hits + statistics.misses
    return CacheFigures(
        shelf=statistics.shelf,
        entries=statistics.size.entries,
        size_bytes=statistics.size.size_bytes,
        limit_bytes=statistics.size.limit_bytes,
        hits=statistics.hits,
        misses=statistics.misses,
        joined=statistics.joined,
        hit_rate=round(statistics.hits / asked, 4) if asked else 0.0,
        evictions=statistics.size.evictions,
        troubles=statistics.troubles,
    )
