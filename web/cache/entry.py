"""One kept answer, and what a list says of it. Values and bytes only."""

import hashlib
from datetime import datetime, timedelta

import msgspec

from actors.model.time import Time

KEEP = timedelta(minutes=10)
"""No answer is kept for longer."""

_MARK = b',"cacheInfo":'
_OVERHEAD_BYTES = 500
"""What one entry costs beside its body, about."""


Edition = tuple[str, datetime]
"""An entity tag, and when the answer was made."""


class CacheInfo(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Whether the answer was kept from an earlier request, and how sure it is."""

    hit_cache: bool
    """Whether the answer was kept from before."""
    confidence: float
    """0–1. Always 1: what is kept is compared with the catalogue itself in every request, never trusted for a while."""
    validation_score: float
    """0–1. The share of that comparison that held: always 1, since what does not hold is computed anew."""
    generated_at: Time
    """When it was computed."""
    expires_at: Time
    """It is kept no longer than this; the first change of the catalogue ends it earlier. As `generatedAt`: not kept at all."""


class Entry(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """One answer of JSON, ready to be sent."""

    revision: str
    """What the catalogue was called before it was asked."""
    body: bytes
    """As it is told to all but the first."""
    info_bytes: int
    """How much of its end is its `cacheInfo`, which the first is told otherwise; 0 where it has none."""
    etag: str
    """Of what the body says; weak, since `cacheInfo` is not counted."""
    made_at: datetime

    @property
    def size_bytes(self) -> int:
        """What it costs to keep, about."""
        return len(self.body) + _OVERHEAD_BYTES

    @property
    def edition(self) -> Edition:
        """What tells it from every other answer to the same question."""
        return self.etag, self.made_at

    def is_fresh(self, revision: str, *, now: datetime) -> bool:
        """Whether it may be served while the catalogue is called `revision`."""
        return self.revision == revision and self.made_at <= now < self.made_at + KEEP

    def told(self, *, is_hit: bool) -> bytes:
        """The whole body."""
        if is_hit or not self.info_bytes:
            return self.body
        return self.body[: -self.info_bytes] + _info(self.made_at, is_hit=False)


def cache_info(*, is_hit: bool, made_at: datetime, expires_at: datetime) -> CacheInfo:
    """What stands beside a list."""
    return CacheInfo(
        hit_cache=is_hit, confidence=1.0, validation_score=1.0, generated_at=made_at, expires_at=expires_at
    )


def entry_of(body: bytes, *, revision: str, made_at: datetime) -> Entry:
    """An answer as it is kept; of a list, `cacheInfo` must be the last of its names."""
    # In a JSON text these bytes can only be a name: inside a string the quotes would be escaped.
    place = body.rfind(_MARK)
    kept = body if place < 0 else body[:place]
    info = _info(made_at, is_hit=True) if place >= 0 else b""
    digest = hashlib.blake2b(kept, digest_size=12).hexdigest()
    return Entry(revision=revision, body=kept + info, info_bytes=len(info), etag=f'W/"{digest}"', made_at=made_at)


def _info(made_at: datetime, *, is_hit: bool) -> bytes:
    """How a body ends."""
    info = cache_info(is_hit=is_hit, made_at=made_at, expires_at=made_at + KEEP)
    return b"".join((_MARK, msgspec.json.encode(info), b"}"))
