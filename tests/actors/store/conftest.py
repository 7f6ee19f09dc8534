"""For the tests of the store: clusters to start servers on, and tracks written straight into the tables."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.store.cluster import make_cluster
from actors.store.datafolder import DataFolder
from actors.store.place import place
from actors.store.programs import programs_for
from actors.store.store import Store

numbers = count(1)


@pytest.fixture(scope="session")
def made_cluster() -> Iterator[Path]:
    """A cluster made once, to be copied: making one takes longer than starting a server on it."""
    home = Path(tempfile.mkdtemp(prefix="rookery-test-", dir="/tmp"))
    home.chmod(0o711)
    where = place(DataFolder(home))

    async def make() -> None:
        await make_cluster(where, programs_for(where))

    # A thread, because a test's own Trio loop may be running around this fixture.
    thread = threading.Thread(target=trio.run, args=(make,))
    thread.start()
    thread.join()
    yield where.cluster
    shutil.rmtree(home)


@pytest.fixture
def cluster_folder(server_folder: Path, made_cluster: Path) -> Path:
    """A data folder with a cluster that was never started."""
    subprocess.run(["cp", "-a", made_cluster, server_folder], check=True)
    return server_folder


ADD = """
INSERT INTO track (id, stage, presence, audio_hash, tags, sound, file_name, size_bytes, bpm, loudness_lufs, tonic, is_minor, priority, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce($14, clock_timestamp()))
"""
PLACE = """
INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode, presence)
VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8)
"""

AddTrack = Callable[..., Awaitable[str]]


@pytest.fixture
def add_track() -> AddTrack:
    """Adds one track with one location and gives its id; columns are given by name."""
    return _add_track


async def _add_track(store: Store, **values: Any) -> str:
    given: Mapping[str, Any] = {
        "id": f"t{next(numbers):06}",
        "stage": "pending",
        "presence": "present",
        "artists": [],
        "genres": [],
        "title": None,
        "album": None,
        "year": None,
        "duration_s": None,
        "codec": "flac",
        "file_name": "song.flac",
        "size_bytes": 1,
        "bpm": None,
        "loudness_lufs": None,
        "tonic": None,
        "is_minor": None,
        "priority": 0,
        "added_at": None,
        "folder": b"/music",
    } | values
    track_id = given["id"]
    tags = {name: given[name] for name in ("title", "artists", "genres", "album", "year") if given[name] is not None}
    sound = None
    if given["duration_s"] is not None:
        sound = {
            "container": "flac",
            "codec": given["codec"],
            "duration_s": given["duration_s"],
            "rate_hz": 8,
            "channels": 1,
        }
    root = await store.roots.add(given["folder"])
    path = values.get("path", given["folder"] + b"/" + track_id.encode())

    async def write(connection: Any) -> None:
        await connection.execute(
            ADD,
            *(track_id, given["stage"], given["presence"], given.get("audio_hash", f"hash of {track_id}"), tags, sound),
            *(given["file_name"], given["size_bytes"], given["bpm"], given["loudness_lufs"]),
            *(given["tonic"], given["is_minor"], given["priority"], given["added_at"]),
        )
        await connection.execute(PLACE, track_id, root.id, path, given["size_bytes"], 1, 2, 3, given["presence"])

    await store.pool.write(write)
    return track_id
