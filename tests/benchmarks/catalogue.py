"""How fast a folder becomes a catalogue: the whole way, from the first look to the last row."""

import random
import tempfile
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mutagen

from actors.config import Config
from actors.house import House
from actors.media.demo import make_demo
from actors.pipeline import tree
from actors.store.datafolder import hold_data_folder
from actors.store.embedded import EmbeddedServer
from supervision import run
from tests.benchmarks.row import Row

FILES = 600
RUNS = 3
RIVAL = "mutagen alone, no hash, no database"


def make_files(folder: Path) -> list[Path]:
    """Many files: half of them copies of a few tagged recordings in six formats, half noise, each unlike the others."""
    folder.mkdir()
    sources = [path for path in make_demo(folder.with_name("sources"), count=14, seconds=10.0) if path.suffix != ".wav"]
    paths = []
    for number in range(FILES):
        if number % 2:
            path = folder / f"{number}.wav"
            with wave.open(str(path), "wb") as file:
                file.setnchannels(2)
                file.setsampwidth(2)
                file.setframerate(44_100)
                file.writeframes(random.Random(number).randbytes(44_100 * 4))  # noise
        else:
            source = sources[number % len(sources)]
            path = folder / f"{number}{source.suffix}"
            path.write_bytes(source.read_bytes())
        paths.append(path)
    return paths


async def measure() -> list[Row]:
    """Files a second until all are catalogued, settling included; beside reading the same tags in one process."""
    ours, theirs = [], []
    for _ in range(RUNS):
        with _short_folder() as top:
            paths = make_files(top / "music")
            theirs.append(_mutagen(paths))
            ours.append(await _rookery(top))
    return [
        Row(
            what="files catalogued, from the start of the tree",
            unit="files/s",
            values=ours,
            rival=RIVAL,
            others=theirs,
        )
    ]


@contextmanager
def _short_folder() -> Iterator[Path]:
    """Below /tmp and passable, for the database's socket and, run as root, its user."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


def _mutagen(paths: list[Path]) -> float:
    since = time.perf_counter()
    for path in paths:
        mutagen.File(path)
    return len(paths) / (time.perf_counter() - since)


async def _rookery(top: Path) -> float:
    with hold_data_folder(top / "data") as folder:
        server = EmbeddedServer.on(folder)
        config = Config(roots=(top / "music",), data_dir=top / "data")
        house = House(config=config, url=server.url)
        async with run(tree(house, server=server, web=None)):
            since = time.perf_counter()
            async with house.store.events.listen() as listening:
                while await _catalogued(house) < FILES:
                    await listening.take()
            return FILES / (time.perf_counter() - since)


async def _catalogued(house: House) -> int:
    roots = await house.store.roots.list_()
    return sum([await house.store.tracks.present_count(root.id) for root in roots])
