"""What lies in the trash."""

from datetime import datetime

import attrs

from actors.model.track import Track


@attrs.frozen(kw_only=True)
class TrashedFile:
    """A file in the trash folder of its root, or on the way there or back. Paths are absolute, in the bytes of the disk."""

    track_id: str
    root_id: str
    path: bytes
    """Where it lay, and comes back to."""
    trashed_path: bytes
    size_bytes: int


@attrs.frozen(kw_only=True)
class Trashed:
    """A track in the trash, and what goes when it goes for good."""

    track: Track
    removed_at: datetime
    removed_by: str | None
    """Id of the person, who may be gone by now."""
    files: tuple[TrashedFile, ...]
    """Those that were taken out of their folders; others stay where they are."""
    ratings: int
    """Of all people."""
    plays: int
