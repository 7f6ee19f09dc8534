"""Decides which recording each file is, and writes every change of the catalogue with its event: the only one that does."""

import secrets

import attrs
import structlog
import trio

from actors.config import Config
from actors.disk import Disk
from actors.errors import DatabaseAwayError, DiskSilentError, FileGoneError, UnreadableError
from actors.messages import (
    AnalysisFailed,
    Analyzed,
    FileGrowing,
    FilesBack,
    FilesGone,
    FilesMoved,
    FilesSettled,
    FilesUnverified,
    RootSeen,
)
from actors.model.change import (
    Change,
    Confirm,
    Content,
    DoubtFolder,
    FailAnalysis,
    Ignore,
    LoseLocations,
    MoveLocation,
    Reading,
    SetFeatures,
    SetRoot,
)
from actors.model.root import RootState
from actors.model.track import Failure, Stage, logged_path
from actors.nudge import Nudge
from actors.store.store import Store
from actors.watching import identity, look, names, presence
from actors.watching.identity import Observation
from actors.work.executor import Executor
from supervision import Actor, Context

log = structlog.get_logger("rookery.cataloger")

DATABASE_RETRY_S = 1.0

CatalogerMessage = (
    FilesSettled
    | FileGrowing
    | FilesMoved
    | FilesBack
    | FilesGone
    | FilesUnverified
    | RootSeen
    | Analyzed
    | AnalysisFailed
)


class Cataloger(Actor[CatalogerMessage]):
    """One message is one transaction; a message that is redelivered after a crash changes nothing that it already changed.

    It waits for nobody's mailbox: the analyzer is only nudged.
    """

    def __init__(self, *, store: Store, config: Config, executor: Executor, work_waits: Nudge) -> None:
        self._store = store
        self._config = config
        self._executor = executor
        self._work_waits = work_waits
        self._holds: dict[str, str] = {}
        """Roots that lost too much at once, with the reason to tell; a restart finds the same at its first comparison."""
        self._disk = Disk(most=2)

    async def started(self, context: Context) -> None:
        """Nothing to prepare: everything that it knows is in the store."""

    async def receive(self, message: CatalogerMessage) -> None:
        """Carry out one message, however long the database is away: whoever sends waits, and nothing is lost.

        Cancellation: its transaction happens wholly or not at all.
        """
        while True:
            try:
                changes = await self._changes(message)
                if changes:
                    await self._store.changes.apply(changes)
                    self._work_waits.give()
            except DatabaseAwayError as error:
                log.warning("database_away", waits=type(message).__name__, reason=str(error))
                await trio.sleep(DATABASE_RETRY_S)
            else:
                return

    async def _changes(self, message: CatalogerMessage) -> list[Change]:
        match message:
            case FilesSettled(readings=readings):
                return await self._settled(readings)
            case FileGrowing(reading=reading):
                return await self._decided([Observation(reading=reading, content=Content(stage=Stage.GROWING))])
            case FilesMoved(moves=moves):
                return await self._moved(moves)
            case FilesBack(readings=readings):
                return await self._back(readings)
            case FilesGone():
                return await self._gone(message)
            case FilesUnverified(root_id=root_id, folder=folder):
                return [DoubtFolder(root_id=root_id, folder=folder)]
            case RootSeen():
                return [self._root(message)]
            case Analyzed(track_id=track_id, audio_hash=audio_hash, features=features):
                return [SetFeatures(track_id=track_id, audio_hash=audio_hash, features=features)]
            case AnalysisFailed(track_id=track_id, audio_hash=audio_hash, failure=failure):
                return [
                    FailAnalysis(
                        track_id=track_id,
                        audio_hash=audio_hash,
                        failure=failure,
                        quarantine_after=self._config.quarantine_after,
                    )
                ]

    async def _settled(self, readings: tuple[Reading, ...]) -> list[Change]:
        contents: dict[bytes, Content | None] = {}
        async with trio.open_nursery() as nursery:
            for reading in readings:
                nursery.start_soon(self._read, reading, contents)
        ignored: list[Change] = []
        observations = []
        for reading in readings:
            match contents.get(reading.path):
                case None:
                    # It went or changed meanwhile: whoever watches it comes back with it.
                    continue
                case Content(stage=Stage.FAILED, failure=Failure(kind="no_audio")) if not names.claims_audio(
                    reading.path
                ):
                    ignored.append(Ignore(reading=reading))
                case Content(stage=Stage.EMPTY) if not names.claims_audio(reading.path):
                    ignored.append(Ignore(reading=reading))
                case Content(stage=Stage.FAILED, failure=Failure(kind="unreadable")) as content:
                    # A time that no file has: the next comparison tries again, for permissions come back unannounced.
                    observations.append(Observation(reading=attrs.evolve(reading, mtime_ns=-1), content=content))
                case Content() as content:
                    observations.append(Observation(reading=reading, content=content))
        return [*ignored, *await self._decided(observations)]

    async def _read(self, reading: Reading, contents: dict[bytes, Content | None]) -> None:
        if reading.size_bytes == 0:
            contents[reading.path] = Content(stage=Stage.EMPTY)
            return
        try:
            probe = await self._executor.probe(reading.path)
        except FileGoneError:
            return
        except UnreadableError as error:
            log.info("file_unreadable", path=logged_path(reading.path), kind=error.kind, reason=error.message)
            contents[reading.path] = Content(
                stage=Stage.FAILED, failure=Failure(kind=error.kind, message=error.message)
            )
        else:
            contents[reading.path] = Content(stage=Stage.PENDING, probe=probe)

    async def _decided(self, observations: list[Observation]) -> list[Change]:
        if not observations:
            return []
        known = await self._store.tracks.known(
            [one.reading.path for one in observations],
            [one.audio_hash for one in observations if one.audio_hash],
        )
        new = {one.reading.path for one in observations}
        elsewhere = [path for holder in known.by_hash.values() for path in holder.paths if path not in new]
        absent = await self._absent(elsewhere) if elsewhere else frozenset()
        return identity.decide(observations, known=known, absent=absent, new_id=_new_id)

    async def _moved(self, moves: tuple[tuple[bytes, Reading], ...]) -> list[Change]:
        known = await self._store.tracks.known([before for before, _ in moves], [])
        changes: list[Change] = []
        for before, reading in moves:
            holder = known.at.get(before)
            if holder is not None:
                changes.append(MoveLocation(track_id=holder.track_id, before=before, reading=reading, content=None))
        strangers = tuple(reading for before, reading in moves if known.at.get(before) is None)
        return [*changes, *(await self._settled(strangers) if strangers else [])]

    async def _absent(self, paths: list[bytes]) -> frozenset[bytes]:
        try:
            return await self._disk.ask(look.absent_of, paths)
        except DiskSilentError:
            # It says nothing of what moved, and the other roots must not wait for it.
            return frozenset()

    async def _back(self, readings: tuple[Reading, ...]) -> list[Change]:
        known = await self._store.tracks.known([reading.path for reading in readings], [])
        there = tuple(reading for reading in readings if known.at.get(reading.path) is not None)
        # Meanwhile catalogued elsewhere, or never: then it is to be read like any other file.
        strangers = tuple(reading for reading in readings if known.at.get(reading.path) is None)
        return [Confirm(readings=there), *(await self._settled(strangers) if strangers else [])]

    def _root(self, seen: RootSeen) -> SetRoot:
        if seen.state is RootState.WATCHED and not seen.lost:
            self._holds.pop(seen.root_id, None)
        reason = self._holds.get(seen.root_id) if seen.state is not RootState.UNAVAILABLE else None
        return SetRoot(
            root_id=seen.root_id,
            state=RootState.HELD if reason else seen.state,
            reason=reason or seen.reason,
            device=seen.device,
            found=seen.found,
            done=seen.done,
        )

    async def _gone(self, message: FilesGone) -> list[Change]:
        known = await self._store.tracks.known(list(message.paths), [])
        lost = [path for path, holder in known.at.items() if holder is not None]
        present = await self._store.tracks.present_count(message.root_id)
        if message.is_confirmed or not presence.is_held(
            lost=len(lost), known=present, fraction=self._config.missing_fraction
        ):
            changes: list[Change] = [LoseLocations(paths=tuple(known.at))]
            if message.is_confirmed and self._holds.pop(message.root_id, ""):
                changes.append(self._state(message.root_id, RootState.WATCHED, None, present - len(lost)))
            return changes
        reason = (
            f"{len(lost)} of {present} recordings are not there; nothing is marked missing until somebody confirms it"
        )
        log.warning("root_held", root=message.root_id, lost=len(lost), known=present)
        self._holds[message.root_id] = reason
        return [self._state(message.root_id, RootState.HELD, reason, present - len(lost))]

    def _state(self, root_id: str, state: RootState, reason: str | None, there: int) -> SetRoot:
        return SetRoot(root_id=root_id, state=state, reason=reason, device=None, found=there, done=there)


def _new_id() -> str:
    """80 random bits, in letters and digits that are safe in every path and URL."""
    return secrets.token_hex(10)
