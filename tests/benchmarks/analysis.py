"""How fast files are read and measured, beside decoding alone and beside the route that most programs take."""

import importlib.util
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import mutagen
import trio

from actors.config import Config
from actors.media.decode import open_decoder
from actors.media.demo import make_demo
from actors.media.synthesis import Piece
from actors.media.writing import write_recording
from actors.work.local import LocalExecutor, local_executor
from tests.benchmarks.row import Row, beside_async

RUNS = 5
LENGTH_S = 240.0
FORMATS = {".mp3": "MP3", ".ogg": "Vorbis"}
LOOKS = 10
"""Every demo file is looked at so often."""
UNIT = "× real time"
DECODING = "decoding alone, one core"
TAGS_ALONE = "mutagen, tags alone, in process"
OTHER_ROUTE = "librosa + pyloudnorm, one file"


async def measure() -> list[Row]:
    """Complete analyses in times of real time, and probes in files a second, by the workers of the service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        for ending, title in FORMATS.items():
            path = write_recording(folder / f"long{ending}", Piece(bpm=124, tonic=9, is_minor=True), length_s=LENGTH_S)
            rows += await _analyses(path, title)
        rows.append(await _probes(make_demo(folder / "demo", count=28, seconds=20.0)))
    return rows


async def _analyses(path: Path, title: str) -> list[Row]:
    async def alone() -> float:
        return LENGTH_S / _timed(_decode, path)

    async def other_route() -> float:
        return LENGTH_S / _timed(_other_route, path)

    rows = []
    async with _workers(1) as one, _workers(2) as two:
        analyze_one = partial(_per_s, partial(_analyze, one, [path]), LENGTH_S)
        analyze_two = partial(_per_s, partial(_analyze, two, [path, path]), 2 * LENGTH_S)
        for workers, analyze in (("one worker", analyze_one), ("two workers", analyze_two)):
            await analyze()  # the processes start
            name = f"complete analysis of {title}, {workers}"
            rows.append(await beside_async(name, UNIT, analyze, rival=DECODING, other=alone, rounds=RUNS))
        if importlib.util.find_spec("librosa") and importlib.util.find_spec("pyloudnorm"):
            await other_route()  # the first call compiles
            name = f"the same of {title}, one worker"
            rows.append(await beside_async(name, UNIT, analyze_one, rival=OTHER_ROUTE, other=other_route, rounds=RUNS))
    return rows


async def _probes(paths: list[Path]) -> Row:
    many = paths * LOOKS

    async def alone() -> float:
        return len(many) / sum(_timed(mutagen.File, path) for path in many)

    async with _workers(len(os.sched_getaffinity(0))) as executor:
        probe = partial(_per_s, partial(_probe, executor, many), len(many))
        await probe()
        name = "probes: tags, data and payload hash"
        return await beside_async(name, "files/s", probe, rival=TAGS_ALONE, other=alone, rounds=RUNS)


def _workers(count: int) -> AbstractAsyncContextManager[LocalExecutor]:
    return local_executor(attrs.evolve(Config(), workers=count))


async def _per_s(work: Callable[[], Awaitable[None]], amount: float) -> float:
    began = time.perf_counter()
    await work()
    return amount / (time.perf_counter() - began)


async def _analyze(executor: LocalExecutor, paths: list[Path]) -> None:
    async def one(path: Path) -> None:
        await executor.analyze(os.fsencode(path), progress=lambda done: None)

    async with trio.open_nursery() as nursery:
        for path in paths:
            nursery.start_soon(one, path)


async def _probe(executor: LocalExecutor, paths: list[Path]) -> None:
    async with trio.open_nursery() as nursery:
        for path in paths:
            nursery.start_soon(executor.probe, os.fsencode(path))


def _decode(path: Path) -> None:
    with open_decoder(os.fsencode(path)) as decoder:
        for _ in decoder.blocks():
            pass


def _other_route(path: Path) -> None:
    """What most programs do: load all of it, then loudness, tempo and chroma, each by its library."""
    librosa: Any = importlib.import_module("librosa")
    pyloudnorm: Any = importlib.import_module("pyloudnorm")
    samples, rate_hz = librosa.load(path, sr=None, mono=False)
    pyloudnorm.Meter(rate_hz).integrated_loudness(samples.T)
    mono = librosa.resample(librosa.to_mono(samples), orig_sr=rate_hz, target_sr=22_050)
    librosa.beat.beat_track(y=mono, sr=22_050)
    librosa.feature.chroma_cqt(y=mono, sr=22_050)


def _timed(work: Callable[[Path], object], path: Path) -> float:
    began = time.perf_counter()
    work(path)
    return time.perf_counter() - began
