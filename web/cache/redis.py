"""Answers kept in a Redis that several Rookeries share. It bounds its own memory; what is here ends with `KEEP` at the latest."""

from functools import partial

import msgspec

from actors.config import MIB
from actors.redis import Client, Redis
from web.cache.entry import KEEP, Entry
from web.cache.shelf import ShelfSize

PREFIX = "rookery:answer:"
LARGEST_BYTES = 1 * MIB
SWEEP = 500
"""Keys looked at in one call, so that none takes long."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


class RedisShelf:
    """A `Shelf` for several processes."""

    name = "redis"

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def find(self, key: str) -> Entry | None:
        """The entry of a key, fresh or not. Raises RedisAwayError."""
        packed = await self._redis.ask(lambda client: client.get(PREFIX + key))
        if packed is None:
            return None
        try:
            return _decoder.decode(packed)
        except msgspec.MsgspecError:
            return None  # another version's

    async def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, if it is not too large. Raises RedisAwayError."""
        if entry.size_bytes <= LARGEST_BYTES:
            packed = _encoder.encode(entry)
            await self._redis.ask(lambda client: client.set(PREFIX + key, packed, ex=KEEP))

    async def clear(self) -> int:
        """Drop everything that any Rookery keeps there. Raises RedisAwayError."""
        count, place = 0, 0
        while True:
            place, dropped = await self._redis.ask(partial(_sweep, place=place))
            count += dropped
            if place == 0:
                return count

    def size(self) -> ShelfSize:
        """Only Redis knows."""
        return ShelfSize(entries=None, size_bytes=None, limit_bytes=None, evictions=None)


async def _sweep(client: Client, *, place: int) -> tuple[int, int]:
    following, keys = await client.scan(cursor=place, match=f"{PREFIX}*", count=SWEEP)
    return following, await client.unlink(keys) if keys else 0
