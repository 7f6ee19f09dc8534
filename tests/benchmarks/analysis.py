"""How fast files are read and measured, beside decoding alone and beside the route that most programs take."""

import importlib.util
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
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

Row = tuple[str, float, str, str | None, float | None, float | None]

RUNS = 3
LENGTH_S = 240.0
FORMATS = {".mp3": "MP3", ".ogg": "Vorbis"}
LOOKS = 10
"""Every demo file is looked at so often."""
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
    one = LENGTH_S / await _typical(1, lambda executor: _analyze(executor, [path]))
    two = 2 * LENGTH_S / await _typical(2, lambda executor: _analyze(executor, [path, path]))
    alone = LENGTH_S / median(_timed(_decode, path) for _ in range(RUNS))
    rows: list[Row] = [
        (f"complete analysis of {title}, one worker", one, "× real time", DECODING, alone, one / alone),
        (f"complete analysis of {title}, two workers", two, "× real time", DECODING, alone, two / alone),
    ]
    if importlib.util.find_spec("librosa") and importlib.util.find_spec("pyloudnorm"):
        # The first call compiles.
        _timed(_other_route, path)
        other = LENGTH_S / _timed(_other_route, path)
        rows.append((f"the same of {title}, one worker", one, "× real time", OTHER_ROUTE, other, one / other))
    return rows


async def _probes(paths: list[Path]) -> Row:
    many = paths * LOOKS
    spent = await _typical(len(os.sched_getaffinity(0)), lambda executor: _probe(executor, many))
    alone = median(_timed(mutagen.File, path) for path in many)
    return (
        "probes: tags, data and payload hash",
        len(many) / spent,
        "files/s",
        TAGS_ALONE,
        1 / alone,
        len(many) / spent * alone,
    )


async def _typical(workers: int, work: Callable[[LocalExecutor], Awaitable[None]]) -> float:
    """Seconds, with processes that have started before."""
    async with local_executor(attrs.evolve(Config(), workers=workers)) as executor:
        await work(executor)
        spent = []
        for _ in range(RUNS):
            began = time.perf_counter()
            await work(executor)
            spent.append(time.perf_counter() - began)
        return median(spent)


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
