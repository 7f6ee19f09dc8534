"""Backlogs in a Redis that several Rookeries share; while it is away, each counts for itself."""

from actors.errors import RedisAwayError
from actors.redis import Client, Redis
from web.traffic.buckets import MemoryBuckets
from web.traffic.gcra import Quota, Verdict, verdict

PREFIX = "rookery:limit:"

# One step, so atomic; by the clock of Redis, so that the clocks of its users do not matter. The same sums as `gcra.spent`.
TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local backlog = math.max(0, (tonumber(redis.call('GET', KEYS[1])) or 0) - now)
local after = backlog + interval
if after > window + 0.000001 then return {0, string.format('%.6f', backlog)} end
redis.call('SET', KEYS[1], string.format('%.6f', now + after), 'PX', math.ceil(after * 1000))
return {1, string.format('%.6f', after)}
"""


class RedisBuckets:
    """`Buckets` for several processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._own = MemoryBuckets()

    async def take(self, key: str, quota: Quota) -> Verdict:
        """Count one request; here, if Redis is away."""

        async def ask(client: Client) -> tuple[bool, float]:
            answer = await client.eval(TAKE, [PREFIX + key], [str(quota.interval_s), str(quota.window_s)])
            assert isinstance(answer, list)
            is_allowed, backlog = answer
            return bool(is_allowed), float(backlog)

        try:
            is_allowed, backlog_s = await self._redis.ask(ask)
        except RedisAwayError:
            return await self._own.take(key, quota)
        return verdict(quota, is_allowed=is_allowed, backlog_s=backlog_s)
