"""Times of answers over a million tracks, next to FastAPI on uvicorn with asyncpg and the same statements.

A closed loop of few connections, by turns of both servers; every turn asks what nobody asked before. What is kept is kept by
Rookery alone: the rival's figures beside it are those of asking the database again.
"""

import importlib.util
import time
from contextlib import AsyncExitStack

import numpy as np
import trio

from actors.config import Config
from actors.store.bridge import open_bridge
from actors.store.store import bring_up_to_date
from tests.benchmarks.client import line
from tests.benchmarks.filling import fill
from tests.benchmarks.http import check_same
from tests.benchmarks.questions import CASES, Case, Samples
from tests.benchmarks.row import Row
from tests.benchmarks.servers import RIVAL, Served, database, fastapi, rookery
from web.logs import configure_logs

COUNT = 1_000_000
CONNECTIONS = 2
ROUNDS = 5
ASKED = 40
"""By each connection in each turn."""


async def measure() -> list[Row]:
    """Median and 95th percentile of each kind of question."""
    configure_logs(Config(log_level="warning"))
    async with database() as url:
        async with open_bridge() as bridge:
            await bring_up_to_date(bridge, url)
            await bridge.run(fill, url, COUNT)
        return await compare(url)


async def compare(url: str, *, rounds: int = ROUNDS) -> list[Row]:
    """The same over a database that was filled before."""
    samples = await Samples.of(url)
    has_rival = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(rookery(url))
        rival = await stack.enter_async_context(fastapi(url)) if has_rival else None
        rows = []
        for case in CASES:
            rows += await _compared(case, samples, own, rival, rounds)
        return rows


async def _compared(case: Case, samples: Samples, own: Served, rival: Served | None, rounds: int) -> list[Row]:
    if rival is not None and case.is_same:
        await check_same(own, rival, case.questions(samples, -1, 1)[0])
    times: dict[str, list[np.ndarray]] = {"own": [], "rival": []}
    for number in range(rounds + 1):
        for name, served in (("rival", rival), ("own", own)):
            if served is not None:
                times[name].append(await _turn(case, samples, served, number))
    rival_name = None if rival is None else f"{RIVAL}{', which keeps none' if case.is_kept else ''}"

    def percentiles(name: str, share: float) -> list[float]:
        # The first turn warms what lies below.
        return [float(np.percentile(turn, share)) for turn in times[name][1:]]

    return [
        Row(
            what=f"{case.what}, {title}",
            unit="ms",
            values=percentiles("own", share),
            rival=rival_name,
            others=percentiles("rival", share),
        )
        for title, share in (("median", 50), ("95 of 100 within", 95))
    ]


async def _turn(case: Case, samples: Samples, served: Served, number: int) -> np.ndarray:
    """Milliseconds of each answer."""
    spent: list[float] = []

    async def ask(place: int) -> None:
        questions = case.questions(samples, number * CONNECTIONS + place, ASKED)
        async with line(served.address) as asking:
            for question in questions:
                prepared = await case.prepared(asking, question) if case.prepared else question
                started = time.perf_counter()
                await asking.ask(prepared)
                spent.append((time.perf_counter() - started) * 1000)

    async with trio.open_nursery() as nursery:
        for place in range(CONNECTIONS):
            nursery.start_soon(ask, place)
    return np.array(spent)
