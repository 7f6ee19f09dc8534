"""Other actor libraries doing what the engine does, where they are installed. TriOTP is not among them: it is tied to Trio 0.19."""

import asyncio
import time
from typing import Any


def _pykka_actor() -> Any:
    import pykka

    class PykkaSink(pykka.ThreadingActor):  # type: ignore[misc]  # untyped where it is not installed
        def on_receive(self, message: object) -> object:
            return message

    return PykkaSink.start()


def pykka_tell(count: int) -> float:
    """Messages per second, drained."""
    ref = _pykka_actor()
    began = time.perf_counter()
    for number in range(count):
        ref.tell(number)
    ref.ask("last")
    speed = count / (time.perf_counter() - began)
    ref.stop()
    return speed


def pykka_ask(count: int) -> float:
    """Answers per second, one at a time."""
    ref = _pykka_actor()
    began = time.perf_counter()
    for number in range(count):
        ref.ask(number, timeout=60)
    speed = count / (time.perf_counter() - began)
    ref.stop()
    return speed


def xoscar_ask(count: int) -> float:
    """Answers per second, one at a time, within one process."""
    import xoscar

    class XoscarSink(xoscar.Actor):  # type: ignore[misc]  # untyped where it is not installed
        async def echo(self, message: object) -> object:
            return message

    async def main() -> float:
        pool = await xoscar.create_actor_pool("127.0.0.1", n_process=0)
        async with pool:
            ref = await xoscar.create_actor(XoscarSink, address=pool.external_address, uid="sink")
            began = time.perf_counter()
            for number in range(count):
                await ref.echo(number)
            return count / (time.perf_counter() - began)

    return asyncio.run(main())
