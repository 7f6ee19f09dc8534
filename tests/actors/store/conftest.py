"""Tracks for the tests of the store, written straight into its tables."""

from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import pytest

from actors.store.store import Store

numbers = count(1)

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
    tags = {name: given[name] for name in ("title", "artists", "album", "year") if given[name] is not None}
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
