"""Xoscar: asyncio actors of a pool; all here in the pool's own process, where a call goes through no socket."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import xoscar
from figure import answer, resident_bytes


class Sink(xoscar.Actor):
    """Takes everything and answers with it."""

    async def echo(self, message: object) -> object:
        """Answer with the message."""
        return message


async def tell(count: int, address: str) -> float:
    """Messages per second, drained, sent as xoscar sends without waiting for the answer."""
    ref = await xoscar.create_actor(Sink, address=address)
    began = time.perf_counter()
    for number in range(count):
        await ref.echo.tell(number)
    await ref.echo("last")
    return count / (time.perf_counter() - began)


async def ask(count: int, address: str) -> float:
    """Answers per second, one at a time."""
    ref = await xoscar.create_actor(Sink, address=address)
    began = time.perf_counter()
    for number in range(count):
        await ref.echo(number)
    return count / (time.perf_counter() - began)


async def start(count: int, address: str) -> float:
    """Actors per second, each ready before the next."""
    began = time.perf_counter()
    for _ in range(count):
        await xoscar.create_actor(Sink, address=address)
    return count / (time.perf_counter() - began)


async def idle(count: int, address: str) -> float:
    """Bytes of an actor; it has no task of its own while nothing comes."""
    before = resident_bytes()
    for _ in range(count):
        await xoscar.create_actor(Sink, address=address)
    return (resident_bytes() - before) / count


def in_pool(function: Callable[[int, str], Awaitable[float]], count: int) -> float:
    """The figure, taken in a pool without further processes."""

    async def main() -> float:
        pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
        async with pool:
            return await function(count, pool.external_address)

    return asyncio.run(main())


answer({function.__name__: partial(in_pool, function) for function in (tell, ask, start, idle)})
