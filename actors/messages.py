"""Every message between actors.

| message        | from     | to          | if it is lost                                            |
|----------------|----------|-------------|----------------------------------------------------------|
| FileSettled    | watcher  | cataloger   | the next reconcile sends it again                        |
| FileGrowing    | watcher  | cataloger   | the next reading sends it again                          |
| FileMoved      | watcher  | cataloger   | the next reconcile sees a new and a gone file: the same  |
| FilesGone      | watcher  | cataloger   | the next reconcile sends it again                        |
| RootSeen       | watcher  | cataloger   | the next scan sends it again                             |
| ScanNow        | web      | watcher     | the asker is told; the periodic reconcile comes anyway   |
| Analyzed       | analyzer | cataloger   | the track stays claimed; it is released at the next start |
| AnalysisFailed | analyzer | cataloger   | the same                                                 |
| Progress       | any      | broadcaster | nothing: the next one says more                          |
"""

import attrs

from actors.model.change import Reading
from actors.model.features import Features
from actors.model.root import RootState
from actors.model.track import Failure


@attrs.frozen(kw_only=True)
class FileSettled:
    """From the watcher to the cataloger, when two readings apart agreed: read its tags and catalogue it."""

    reading: Reading


@attrs.frozen(kw_only=True)
class FileGrowing:
    """From the watcher to the cataloger, when two readings differed: show it, do not read it."""

    reading: Reading


@attrs.frozen(kw_only=True)
class FileMoved:
    """From the watcher to the cataloger: the same device, inode, size and mtime left one path and came to another."""

    before: bytes
    reading: Reading


@attrs.frozen(kw_only=True)
class FilesGone:
    """From the watcher to the cataloger: these paths are absent, by a complete listing of their folders."""

    root_id: str
    paths: tuple[bytes, ...]


@attrs.frozen(kw_only=True)
class FilesUnverified:
    """From the watcher to the cataloger: nothing can be said of what lies under this folder; no row goes missing."""

    root_id: str
    folder: bytes


@attrs.frozen(kw_only=True)
class RootSeen:
    """From the watcher to the cataloger, at each change of a root's state."""

    root_id: str
    state: RootState
    reason: str | None
    device: int | None
    found: int
    """Files seen in this scan so far."""
    done: int
    """Files of it that needed no look or were passed on."""


@attrs.frozen(kw_only=True)
class ScanNow:
    """From the web to the watcher: compare a root, or all of them, with the catalogue now."""

    root_id: str | None = None


@attrs.frozen(kw_only=True)
class Analyzed:
    """From the analyzer to the cataloger: one track's measurements, made of exactly these bytes."""

    track_id: str
    audio_hash: str
    features: Features


@attrs.frozen(kw_only=True)
class AnalysisFailed:
    """From the analyzer to the cataloger: one track's analysis failed."""

    track_id: str
    audio_hash: str
    failure: Failure


@attrs.frozen(kw_only=True)
class Progress:
    """From anyone to the broadcaster: how far a piece of work is. `done` 0–1."""

    subject: str
    """`track:<id>` or `root:<id>`; only the newest of a subject matters."""
    stage: str
    done: float
