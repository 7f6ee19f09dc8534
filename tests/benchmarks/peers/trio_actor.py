"""Raw Trio: tasks that wait at memory channels, and nothing that restarts them."""

import time
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import trio
import trio.testing
from figure import answer, resident_bytes


async def tell(count: int) -> float:
    """Messages per second, drained."""
    send, receive = trio.open_memory_channel[int](100)

    async def drain() -> None:
        async for _ in receive:
            pass

    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(drain)
        async with send:
            for number in range(count):
                await send.send(number)
    return count / (time.perf_counter() - began)


async def ask(count: int) -> float:
    """Questions and answers over channels, with the time-out that an ask has."""
    send, receive = trio.open_memory_channel[Any](100)

    async def reply() -> None:
        async for number, back in receive:
            await back.send(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reply)
        async with send:
            began = time.perf_counter()
            for number in range(count):
                back, there = trio.open_memory_channel[int](1)
                with trio.fail_after(60):
                    await send.send((number, back))
                    await there.receive()
            return count / (time.perf_counter() - began)


async def start(count: int) -> float:
    """Tasks per second that have said that they are ready, each after the one before."""

    async def task(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        began = time.perf_counter()
        for _ in range(count):
            await nursery.start(task)
        speed = count / (time.perf_counter() - began)
        nursery.cancel_scope.cancel()
    return speed


async def idle(count: int) -> float:
    """Bytes of a task that waits at its channel."""
    before = resident_bytes()
    async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
        for _ in range(count):
            send, receive = trio.open_memory_channel[int](100)
            stack.enter_context(send)
            nursery.start_soon(receive.receive)
        await trio.testing.wait_all_tasks_blocked()
        size = (resident_bytes() - before) / count
        nursery.cancel_scope.cancel()
    return size


answer({function.__name__: partial(trio.run, function) for function in (tell, ask, start, idle)})
