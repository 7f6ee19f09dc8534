"""How the services outside are doing."""

import pytest
import trio

from actors.redis import Redis
from web.outside import integrations, redis_check


async def test_what_is_not_configured_is_off(served) -> None:
    told = {one.name: one.status for one in await integrations(served.services)}
    assert told == {"database": "ok", "redis": "off"}


@pytest.mark.redis
async def test_a_redis_that_is_gone_is_told_with_its_breaker(served_over, store, redis_server) -> None:
    async with trio.open_nursery() as nursery:
        redis = Redis(redis_server.url)
        await nursery.start(redis.serve)
        async with served_over(store, redis) as served:
            await served.client.get("/api/v1/tracks")
            assert redis_check(served.services).status == "ok"
            redis_server.kill()
            for _ in range(3):
                await served.client.get("/api/v1/tracks")
            health = (await served.client.get("/health")).json()
            listed = (await served.client.get("/api/v1/integrations")).json()["data"]

            assert (health["status"], health["services"]["redis"]["status"]) == ("degraded", "degraded")
            assert health["services"]["redis"]["reason"]
            assert (listed[1]["name"], listed[1]["breaker"]["state"]) == ("redis", "open")
            assert (await served.client.get("/readyz")).status_code == 200
            assert "rookery_redis_up 0.0" in (await served.client.get("/metrics")).text
        nursery.cancel_scope.cancel()
