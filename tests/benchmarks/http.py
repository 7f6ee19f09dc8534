"""Answers per second, and the processor time that each costs, next to FastAPI on uvicorn with asyncpg and the same queries.

Each server is one process. The same client asks both in short turns, so that whatever else the machine does befalls both;
every figure is the median of the rounds, and the ratio the median of the rounds' ratios.
"""

import importlib.util
import itertools
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from statistics import mean, quantiles
from urllib.parse import urlsplit

import attrs
import trio

from actors.config import Config
from actors.model.change import AddTrack, Content, Reading, SetFeatures
from actors.model.features import Features, Key, Loudness, Tempo
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store.store import Store, open_store
from tests.benchmarks.client import Question, line
from tests.benchmarks.crowd import waits_s
from tests.benchmarks.row import Row
from tests.benchmarks.servers import RIVAL, Served, database, fastapi, rookery
from web.logs import configure_logs

TRACKS = 2_000
CONNECTIONS = 16
ROUNDS = 9
ROUND_S = 0.7
CROWD = 1_000
"""Connections at once; PostgreSQL and pools have theirs beside."""
CROWD_ROUNDS = 3
CROWD_S = 2.0
PAGES = [Question(target=f"/api/v1/tracks?pageSize=50&page={page}") for page in range(1, TRACKS // 50 + 1)]
"""Asked in turn, so that no two connections ask the same at once and share an answer."""


@attrs.frozen(kw_only=True)
class Case:
    """Questions that are asked in turn."""

    what: str
    questions: Sequence[Question]
    is_kept: bool = False
    """Whether the answers are kept ones; the rival keeps none."""


CASES = (
    Case(what="trivial answer", questions=[Question(target="/livez")]),
    Case(what="one track", questions=[Question(target="/api/v1/tracks/track-00042")]),
    Case(what="list of 50 tracks", questions=PAGES),
    Case(what="list of 50 tracks, kept", questions=PAGES[:1], is_kept=True),
    Case(what="search, kept", questions=[Question(target="/api/v1/tracks?q=recording+17&pageSize=50")], is_kept=True),
    Case(
        what="100 tracks by their ids",
        questions=[
            Question(
                method="POST",
                target="/api/v1/tracks/batch-get",
                body={"trackIds": [f"track-{first + number:05}" for number in range(100)]},
            )
            for first in range(0, TRACKS, 100)
        ],
    ),
)


async def measure() -> list[Row]:
    """Two rows for each case; without the rival where FastAPI is not installed."""
    configure_logs(Config(log_level="warning"))
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        async with open_store(Config(), url=url) as store:
            await _fill(store)
        keeping = await stack.enter_async_context(rookery(url))
        fresh = await stack.enter_async_context(rookery(url, cache_bytes=0))
        has_rival = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))
        rival = await stack.enter_async_context(fastapi(url)) if has_rival else None
        rows = []
        for case in CASES:
            own = keeping if case.is_kept else fresh
            if rival is not None and case.what != "trivial answer":
                await check_same(own, rival, case.questions[0])
            rows += await _compared(case, own, rival)
        return rows + await _crowded(keeping, rival)


async def check_same(own: Served, rival: Served, question: Question) -> None:
    """Both give the same tracks, down to the last value."""
    answers = []
    for served in (own, rival):
        async with line(served.address) as asking:
            answers.append((await asking.ask(question)).value)
    ours, theirs = answers
    for name in ("data", "successful", "id", "tags"):
        assert ours.get(name) == theirs.get(name), (question, name)
    assert ours.get("meta", {}).get("total") == theirs.get("meta", {}).get("total"), question


async def _compared(case: Case, own: Served, rival: Served | None) -> list[Row]:
    speeds: dict[str, list[float]] = {"own": [], "rival": []}
    costs: dict[str, list[float]] = {"own": [], "rival": []}
    for _ in range(ROUNDS):
        for name, served in (("rival", rival), ("own", own)):
            if served is not None:
                speed, cost = await _turn(served, itertools.cycle(case.questions))
                speeds[name].append(speed)
                costs[name].append(cost)
    name = None if rival is None else f"{RIVAL}{', which keeps none' if case.is_kept else ''}"
    return [
        Row(what=f"{case.what}{what}", unit=unit, values=figures["own"], rival=name, others=figures["rival"])
        for what, unit, figures in (("", "requests/s", speeds), (": processor time", "µs", costs))
    ]


async def _crowded(own: Served, rival: Served | None) -> list[Row]:
    """A kept list, asked for over many connections at once."""
    waits: dict[str, list[float]] = {"own": [], "rival": []}
    speeds: dict[str, list[float]] = {"own": [], "rival": []}
    for _ in range(CROWD_ROUNDS):
        for name, served in (("rival", rival), ("own", own)):
            if served is None:
                continue
            host = urlsplit(served.address).netloc
            request, greeting = PAGES[0].packed(host), CASES[0].questions[0].packed(host)
            ask = partial(waits_s, served.address, request, greeting=greeting, connections=CROWD, duration_s=CROWD_S)
            waited_s = await trio.to_thread.run_sync(ask)
            # In a closed loop: as many as ask, through how long each waits.
            speeds[name].append(CROWD / mean(waited_s))
            waits[name].append(quantiles(waited_s, n=20)[-1] * 1000)
    name = None if rival is None else f"{RIVAL}, which keeps none"
    what = f"list of 50 tracks, kept, to {CROWD:,} connections"
    return [
        Row(what=f"{what}: time to the answer, p95", unit="ms", values=waits["own"], rival=name, others=waits["rival"]),
        Row(what=what, unit="requests/s", values=speeds["own"], rival=name, others=speeds["rival"]),
    ]


async def _turn(served: Served, questions: Iterator[Question]) -> tuple[float, float]:
    """Answers per second of a closed loop over all connections, and microseconds of the server's processor time for each."""
    answered = 0

    async def ask(*, until: float) -> None:
        nonlocal answered
        async with line(served.address) as asking:
            while trio.current_time() < until:
                await asking.ask(next(questions))
                answered += 1

    worked_s, started = served.worked_s(), trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(lambda: ask(until=started + ROUND_S))
    elapsed_s = trio.current_time() - started
    return answered / elapsed_s, (served.worked_s() - worked_s) / answered * 1e6


async def _fill(store: Store) -> None:
    """Tracks with all that tracks have."""
    root = await store.roots.add(b"/music")
    for first in range(0, TRACKS, 100):
        changes = [change for number in range(first, first + 100) for change in _track(root.id, number)]
        await store.changes.apply(changes)


def _track(root_id: str, number: int) -> tuple[AddTrack, SetFeatures]:
    track_id, audio_hash = f"track-{number:05}", secrets.token_hex(32)
    tags = Tags(
        title=f"Recording {number}",
        artists=(f"Artist {number % 97}",),
        album=f"Album {number % 211}",
        genres=("Jazz",),
        date="1999-03-14",
        year=1999,
        track_number=number % 12 + 1,
    )
    sound = Sound(
        container="flac", codec="flac", duration_s=200.0 + number, rate_hz=44_100, channels=2, bit_rate=900_000
    )
    path = f"/music/Artist {number % 97}/Album {number % 211}/{number}.flac".encode()
    reading = Reading(root_id=root_id, path=path, size_bytes=10_000_000, mtime_ns=1, device=1, inode=number)
    features = Features(
        version=1,
        duration_s=200.0 + number,
        loudness=Loudness(
            integrated_lufs=-14.5,
            range_lu=6.25,
            true_peak_dbtp=-0.5,
            sample_peak_dbfs=-0.75,
            max_momentary_lufs=-9.0,
            max_short_term_lufs=-10.0,
        ),
        tempo=Tempo(bpm=60.0 + number % 120, confidence=0.75, alternatives=(60.0, 180.0)),
        key=Key(tonic=number % 12, is_minor=bool(number % 2), confidence=0.5),
        peaks=bytes(4_000),
    )
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=sound, tags=tags))
    added = AddTrack(track_id=track_id, reading=reading, content=content)
    return added, SetFeatures(track_id=track_id, audio_hash=audio_hash, features=features)
