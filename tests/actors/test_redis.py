"""A real Redis that comes and goes."""

from contextlib import asynccontextmanager

import attrs
import pytest
import structlog.testing
import trio
import trio.testing

from actors.errors import ConfigurationError, RedisAwayError
from actors.redis import Redis
from supervision import CircuitState

pytestmark = pytest.mark.redis


@asynccontextmanager
async def reached(url: str, **others):
    redis = Redis(url, **others)
    async with trio.open_nursery() as nursery:
        await nursery.start(redis.serve)
        yield redis
        nursery.cancel_scope.cancel()


async def test_calls_are_answered(redis_server):
    async with reached(redis_server.url) as redis:
        await redis.ask(lambda client: client.set("a", b"1"))
        assert await redis.ask(lambda client: client.get("a")) == b"1"
        assert redis.is_up


async def test_one_that_is_away_is_told_at_once_and_soon_not_asked(tmp_path):
    async with reached(f"unix://{tmp_path}/nothing.sock") as redis:
        for _ in range(5):
            with pytest.raises(RedisAwayError):
                await redis.ask(lambda client: client.ping())
        assert redis.breaker.state is CircuitState.OPEN
        assert not redis.is_up


async def test_why_it_is_away_is_told_also_where_it_was_not_asked_any_more(tmp_path):
    redis = Redis(f"unix://{tmp_path}/nothing.sock")
    for _ in range(3):
        with pytest.raises(RedisAwayError):
            await redis.ask(lambda client: client.ping())
    with structlog.testing.capture_logs() as logged:
        async with trio.open_nursery() as nursery:
            await nursery.start(redis.serve)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    assert [(line["event"], line["error"]) for line in logged] == [("redis.away", "not connected")]


async def test_one_that_hangs_is_not_waited_for(redis_server):
    async with reached(redis_server.url) as redis:
        await redis.ask(lambda client: client.ping())
        with pytest.raises(RedisAwayError), trio.fail_after(2):
            await redis.ask(lambda client: client.blpop(["nothing"], timeout=5))
        assert await redis.ask(lambda client: client.ping())


async def test_one_that_was_killed_and_comes_back_is_found_again(redis_server, monkeypatch):
    async with reached(redis_server.url) as redis:
        await redis.ask(lambda client: client.ping())
        redis_server.kill()
        with pytest.raises(RedisAwayError):
            await redis.ask(lambda client: client.ping())
        redis_server.start()
        monkeypatch.setattr(redis.breaker.circuit, "limits", attrs.evolve(redis.breaker.circuit.limits, open_s=0.0))
        assert await redis.ask(lambda client: client.ping())
        assert redis.is_up


async def test_before_it_serves_and_after_it_is_away(redis_server):
    redis = Redis(redis_server.url)
    with pytest.raises(RedisAwayError):
        await redis.ask(lambda client: client.ping())
    async with reached(redis_server.url) as redis:
        pass
    with pytest.raises(RedisAwayError):
        await redis.ask(lambda client: client.ping())


@pytest.mark.parametrize("url", ["http://secret@x", "redis://:secret@host:port", "secret"])
def test_a_url_that_cannot_be_understood_is_refused_without_showing_it(url):
    with pytest.raises(ConfigurationError) as caught:
        Redis(url)
    assert "secret" not in str(caught.value)
