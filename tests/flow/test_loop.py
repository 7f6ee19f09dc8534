"""Nothing holds the event loop: while a library is imported and asked for, no step of any task takes long."""

import random
import socket
import wave

import attrs
import httpx
import trio

from actors.house import House
from tests.stopwatch import Stopwatch
from web.service import Service

FILES = 400


async def test_no_step_holds_the_loop_during_an_import(store_config, fresh_database_url, music):
    for number in range(FILES):
        with wave.open(str(music / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(1)
            file.setframerate(8_000)
            file.writeframes(random.Random(number).randbytes(1_600))
    config = attrs.evolve(store_config, roots=(music,), settle_s=0.1, workers=1, database_url=fresh_database_url)
    house = House(config=config, url=fresh_database_url)
    addresses: list[str] = []
    answering = trio.Event()

    def announce(address: str) -> None:
        addresses.append(address)
        answering.set()

    stopwatch = Stopwatch()
    with socket.create_server(("127.0.0.1", 0)) as listener, trio.fail_after(120):
        listener.setblocking(False)
        service = Service(config, house, None, listener)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: service.run(announce=announce))
            await answering.wait()
            # Importing and building the application are over; from here on people are served.
            trio.lowlevel.add_instrument(stopwatch)
            async with httpx.AsyncClient(base_url=addresses[0], timeout=30) as client:
                while True:
                    answer = (await client.get("/api/v1/tracks?pageSize=500")).json()
                    if len(answer["data"]) == FILES:
                        break
                await client.get("/metrics")
                await client.get("/api/v1/supervision")
            trio.lowlevel.remove_instrument(stopwatch)
            nursery.cancel_scope.cancel()

    # A collection of garbage may fall into any step, once or twice; what a step does itself, it does each time.
    assert len(stopwatch.steps) <= 2, sorted(stopwatch.steps)
