"""Kept answers, whichever way the server gives them, are told to the devices of whom they serve: each once."""

import secrets

import trio

from tests.web.live.conftest import Socket

TIMES = 30


async def hits_heard(socket: Socket, count: int) -> int:
    """How many hits were told, once it is so many."""
    hits = 0
    with trio.fail_after(20):
        while hits < count:
            message = await socket.hear()
            assert (message["type"], "seq" in message) == ("CACHE_HIT", False)
            assert message["payload"]["hits"] > 0
            hits += message["payload"]["hits"]
    return hits


async def test_every_kept_answer_is_told_once_to_every_device(live) -> None:
    question = f"/api/v1/tracks?q={secrets.token_hex(8)}"
    async with live() as here, here.socket() as phone, here.socket() as radio, here.socket() as deaf:
        for socket in (phone, radio):
            await socket.connect(topics=["player"])
        await deaf.connect(topics=["tracks"])
        statistics = here.services.cache.statistics
        before = statistics()

        async def ask() -> None:
            (await here.client.get(question)).raise_for_status()

        await ask()
        for _ in range(TIMES):  # the same over the same connection
            await ask()
        async with trio.open_nursery() as nursery:  # and over others
            for _ in range(TIMES):
                nursery.start_soon(ask)
        heard = {await hits_heard(socket, 2 * TIMES) for socket in (phone, radio)}
        await deaf.say("PING")

        assert (statistics().hits - before.hits, statistics().misses - before.misses) == (2 * TIMES, 1)
        assert heard == {2 * TIMES}
        assert (await deaf.hear())["type"] == "PONG"
