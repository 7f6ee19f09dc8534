"""What the cataloger decides about recordings; the store carries out a batch of them in one transaction."""

import attrs

from actors.model.features import Features
from actors.model.probe import Probe
from actors.model.root import RootState
from actors.model.track import Failure, Stage


@attrs.frozen(kw_only=True)
class Reading:
    """One look at a file: what `stat` said. `path` is absolute, in the bytes of the disk."""

    root_id: str
    path: bytes
    size_bytes: int
    mtime_ns: int
    device: int
    inode: int


@attrs.frozen(kw_only=True)
class Content:
    """What lies at a path: a probe where it could be read, else the stage that says why not."""

    stage: Stage
    """PENDING with a probe; GROWING, EMPTY or FAILED without."""
    probe: Probe | None = None
    failure: Failure | None = None


@attrs.frozen(kw_only=True)
class AddTrack:
    """A recording never seen before. Tells TRACK_ADDED."""

    track_id: str
    reading: Reading
    content: Content


@attrs.frozen(kw_only=True)
class SetContent:
    """The file at a known location has other bytes or tags now. Tells TRACK_UPDATED.

    A new audio hash sends the track back to PENDING and drops its features.
    """

    track_id: str
    reading: Reading
    content: Content


@attrs.frozen(kw_only=True)
class AddLocation:
    """A further copy of a known recording, or one that came back. Tells TRACK_UPDATED.

    A location of the path that belonged to another track, or to none, is taken over.
    """

    track_id: str
    reading: Reading
    content: Content


@attrs.frozen(kw_only=True)
class MoveLocation:
    """A known recording left `before` and lies at the reading's path now. Tells TRACK_MOVED.

    `content` is None when the bytes are known to be the same and were not read again.
    """

    track_id: str
    before: bytes
    reading: Reading
    content: Content | None


@attrs.frozen(kw_only=True)
class LoseLocations:
    """Paths are absent. Tells TRACK_MISSING for each track that has no present location left, else TRACK_UPDATED.

    Files that were no recordings are forgotten, and so are tracks of which only an empty or unfinished file was known.
    """

    paths: tuple[bytes, ...]


@attrs.frozen(kw_only=True)
class DoubtFolder:
    """Nothing can be said of what lies under a folder: present locations become unverified. Tells TRACK_UPDATED each."""

    root_id: str
    folder: bytes


@attrs.frozen(kw_only=True)
class Confirm:
    """Known paths are there, unchanged. Tells TRACK_UPDATED for each track that was missing or unverified, else nothing."""

    readings: tuple[Reading, ...]


@attrs.frozen(kw_only=True)
class Ignore:
    """A file that is no recording: remembered, so that it is not read again until it changes. Tells nothing."""

    reading: Reading


@attrs.frozen(kw_only=True)
class SetFeatures:
    """Measurements of exactly these bytes. Tells TRACK_ANALYZED; nothing happens if the track has other bytes now."""

    track_id: str
    audio_hash: str
    features: Features


@attrs.frozen(kw_only=True)
class FailAnalysis:
    """An analysis failed. Tells ANALYSIS_FAILED; after `quarantine_after` failures the stage is QUARANTINED."""

    track_id: str
    audio_hash: str
    failure: Failure
    quarantine_after: int


@attrs.frozen(kw_only=True)
class SetRoot:
    """A root's state. Tells SCAN_UPDATE."""

    root_id: str
    state: RootState
    reason: str | None
    device: int | None
    found: int
    done: int


Change = (
    AddTrack
    | SetContent
    | AddLocation
    | MoveLocation
    | LoseLocations
    | DoubtFolder
    | Confirm
    | Ignore
    | SetFeatures
    | FailAnalysis
    | SetRoot
)
