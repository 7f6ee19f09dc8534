"""Every message between actors.

| message         | from          | to          | if it is lost                                             |
|-----------------|---------------|-------------|-----------------------------------------------------------|
| FilesSettled    | watcher       | cataloger   | the next reconcile sends it again                         |
| FileGrowing     | watcher       | cataloger   | the next reconcile sends it again                         |
| FilesMoved      | watcher       | cataloger   | the next reconcile sees new and gone files: the same      |
| FilesBack       | watcher       | cataloger   | the next reconcile sends it again                         |
| FilesGone       | watcher       | cataloger   | the next reconcile sends it again                         |
| FilesUnverified | watcher       | cataloger   | the next reconcile sends it again                         |
| RootSeen        | watcher       | cataloger   | the next scan sends it again                              |
| ScanNow         | web           | watcher     | the asker is told; the periodic reconcile comes anyway    |
| RootsChanged    | web           | watcher     | the asker is told; a restart reads the roots again        |
| Analyzed        | analyzer      | cataloger   | the track is claimed again at the next start, or later    |
| AnalysisFailed  | analyzer      | cataloger   | the same                                                  |
| EditTrack       | web           | librarian   | the asker is told; the version tells whether it counted   |
| RemoveTrack     | web           | librarian   | the asker is told; files that were moved are moved back   |
| RestoreTrack    | web           | librarian   | the asker is told, and may ask again                      |
| PurgeTrack      | web, sweeper  | librarian   | the same                                                  |
| ShelveUpload    | web           | librarian   | the asker is told; the watcher finds the file anyway      |
| TidyUp          | sweeper       | librarian   | the next sweep sends it again                             |
| PlayerOrder     | web           | player      | the asker is told; the versions tell whether it counted   |
| PlayerChanged   | broadcaster   | conductor   | another node's positions are off until the next one       |
| PlayerWanted    | broadcaster   | conductor   | the next change of the catalogue wakes that player        |
| Progress        | any           | broadcaster | nothing: the next one says more                           |
"""

import attrs

from actors.model.change import Content, Reading
from actors.model.edits import Edits
from actors.model.features import Features
from actors.model.player_commands import Command, Device
from actors.model.root import RootState
from actors.model.track import Failure


@attrs.frozen(kw_only=True)
class FilesSettled:
    """From the watcher to the cataloger, when two readings apart agreed: read their tags and catalogue them."""

    readings: tuple[Reading, ...]
    """At most 32, so that one message is one short transaction."""


@attrs.frozen(kw_only=True)
class FileGrowing:
    """From the watcher to the cataloger, when two readings differed: show it, do not read it."""

    reading: Reading


@attrs.frozen(kw_only=True)
class FilesMoved:
    """From the watcher to the cataloger: the same device, inode, size and mtime left one path and came to another."""

    moves: tuple[tuple[bytes, Reading], ...]
    """Pairs of the path before and the file as it lies now; at most 500."""


@attrs.frozen(kw_only=True)
class FilesBack:
    """From the watcher to the cataloger: files that were missing or unverified are there, as they were."""

    readings: tuple[Reading, ...]


@attrs.frozen(kw_only=True)
class FilesGone:
    """From the watcher to the cataloger: these paths are absent, by a complete listing of their folders."""

    root_id: str
    paths: tuple[bytes, ...]
    is_confirmed: bool = False
    """A person said that it is so."""


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
    lost: int = 0
    """Known files that this scan did not find; 0 ends a hold."""


@attrs.frozen(kw_only=True)
class ScanNow:
    """From the web to the watcher: compare a root, or all of them, with the catalogue now."""

    root_id: str | None = None
    is_confirmed: bool = False
    """A person confirms that what is absent is gone: nothing of this scan is held back."""


@attrs.frozen(kw_only=True)
class RootsChanged:
    """From the web to the watcher: a root was added or removed; read the list of roots again."""


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
class EditTrack:
    """From the web to the librarian, asked: change what people say of a track. Answered by the track."""

    track_id: str
    version: int | None
    """The one that the person saw; None for any."""
    change: Edits
    """By field; None takes an edit back."""
    is_whole: bool
    """Whether edits that are not named are taken back."""
    person_id: str
    """Who asks."""


@attrs.frozen(kw_only=True)
class RemoveTrack:
    """From the web to the librarian, asked: put a track into the trash."""

    track_id: str
    version: int | None
    takes_files: bool
    """Whether its files are taken out of their folders too."""
    person_id: str


@attrs.frozen(kw_only=True)
class RestoreTrack:
    """From the web to the librarian, asked: bring a track back from the trash. Answered by the track."""

    track_id: str
    person_id: str


@attrs.frozen(kw_only=True)
class PurgeTrack:
    """From the web or the sweeper to the librarian, asked: forget a track in the trash for good, with its files there."""

    track_id: str
    version: int | None


@attrs.frozen(kw_only=True)
class ShelveUpload:
    """From the web to the librarian, asked: catalogue a file that was uploaded and read. Answered by its track."""

    reading: Reading
    content: Content
    person_id: str


@attrs.frozen(kw_only=True)
class TidyUp:
    """From the sweeper to the librarian, asked: put in order what broke off half-way."""


@attrs.frozen(kw_only=True)
class PlayerOrder:
    """From the web to a person's player, asked: carry out a command. Answered by the player as it is then, or why not."""

    command: Command | None
    """None: look what can be played of the queue."""
    teller: Device | None = None
    """Which device tells it, if it said so."""


@attrs.frozen(kw_only=True)
class PlayerChanged:
    """From the broadcaster to the conductor, and from there to the player: the log says that somebody's player or queue is another."""

    person_id: str
    version: int = 0
    """Of the player now; 0 where it is not said."""
    queue_version: int
    """Of its queue now."""
    is_playing: bool = False


@attrs.frozen(kw_only=True)
class PlayerWanted:
    """From the broadcaster to the conductor: the catalogue changed while a device listens to somebody's player, which sleeps."""

    person_id: str


@attrs.frozen(kw_only=True)
class Progress:
    """From anyone to the broadcaster: how far a piece of work is. `done` 0–1."""

    subject: str
    """`track:<id>` or `root:<id>`; only the newest of a subject matters."""
    stage: str
    done: float
