"""Decides which recording each file is, and writes what files say of tracks with its event."""

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
from actors.store.changes import Question
from actors.store.store import Store
from actors.watching import identity, look, names, presence
from actors.watching.identity import Observation, new_track_id
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
                plan = await self._plan(message)
                if plan.changes or plan.observations:
                    await self._store.changes.apply(plan.changes, await self._question(plan.observations))
                    self._work_waits.give()
            except DatabaseAwayError as error:
                log.warning("database_away", waits=type(message).__name__, reason=str(error))
                await trio.sleep(DATABASE_RETRY_S)
            else:
                return

    async def _plan(self, message: CatalogerMessage) -> "_Plan":
        match message:
            case FilesSettled(readings=readings):
                return await self._settled(readings)
            case FileGrowing(reading=reading):
                return _Plan(observations=[Observation(reading=reading, content=Content(stage=Stage.GROWING))])
            case FilesMoved(moves=moves):
                return await self._moved(moves)
            case FilesBack(readings=readings):
                return await self._back(readings)
            case FilesGone():
                return _Plan(changes=await self._gone(message))
            case FilesUnverified(root_id=root_id, folder=folder):
                return _Plan(changes=[DoubtFolder(root_id=root_id, folder=folder)])
            case RootSeen():
                return _Plan(changes=[self._root(message)])
            case Analyzed(track_id=track_id, audio_hash=audio_hash, features=features):
                return _Plan(changes=[SetFeatures(track_id=track_id, audio_hash=audio_hash, features=features)])
            case AnalysisFailed(track_id=track_id, audio_hash=audio_hash, failure=failure):
                failed = FailAnalysis(
                    track_id=track_id,
                    audio_hash=audio_hash,
                    failure=failure,
                    quarantine_after=self._config.quarantine_after,
                )
                return _Plan(changes=[failed])

    async def _settled(self, readings: tuple[Reading, ...]) -> "_Plan":
        contents: dict[bytes, Content | None] = {}
        async with trio.open_nursery() as nursery:
            for reading in readings:
                nursery.start_soon(self._read, reading, contents)
        plan = _Plan()
        for reading in readings:
            match contents.get(reading.path):
                case None:
                    # It went or changed meanwhile: whoever watches it comes back with it.
                    continue
                case Content(stage=Stage.FAILED, failure=Failure(kind="no_audio")) if not names.claims_audio(
                    reading.path
                ):
                    plan.changes.append(Ignore(reading=reading))
                case Content(stage=Stage.EMPTY) if not names.claims_audio(reading.path):
                    plan.changes.append(Ignore(reading=reading))
                case Content(stage=Stage.FAILED, failure=Failure(kind="unreadable")) as content:
                    # A time that no file has: the next comparison tries again, for permissions come back unannounced.
                    plan.observations.append(Observation(reading=attrs.evolve(reading, mtime_ns=-1), content=content))
                case Content() as content:
                    plan.observations.append(Observation(reading=reading, content=content))
        return plan

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

    async def _question(self, observations: list[Observation]) -> Question | None:
        if not observations:
            return None
        paths = [one.reading.path for one in observations]
        hashes = [one.audio_hash for one in observations if one.audio_hash]
        known = await self._store.tracks.known(paths, hashes)
        new = set(paths)
        elsewhere = [path for holder in known.by_hash.values() for path in holder.paths if path not in new]
        absent = await self._absent(elsewhere) if elsewhere else frozenset()
        return Question(
            paths=paths,
            hashes=hashes,
            decide=lambda known: identity.decide(observations, known=known, absent=absent, new_id=new_track_id),
        )

    async def _moved(self, moves: tuple[tuple[bytes, Reading], ...]) -> "_Plan":
        known = await self._store.tracks.known([before for before, _ in moves], [])
        changes: list[Change] = []
        for before, reading in moves:
            holder = known.at.get(before)
            if holder is not None:
                changes.append(MoveLocation(track_id=holder.track_id, before=before, reading=reading, content=None))
        strangers = tuple(reading for before, reading in moves if known.at.get(before) is None)
        return (await self._settled(strangers)).after(changes)

    async def _absent(self, paths: list[bytes]) -> frozenset[bytes]:
        try:
            return await self._disk.ask(look.absent_of, paths)
        except DiskSilentError:
            # It says nothing of what moved, and the other roots must not wait for it.
            return frozenset()

    async def _back(self, readings: tuple[Reading, ...]) -> "_Plan":
        known = await self._store.tracks.known([reading.path for reading in readings], [])
        there = tuple(reading for reading in readings if known.at.get(reading.path) is not None)
        # Meanwhile catalogued elsewhere, or never: then it is to be read like any other file.
        strangers = tuple(reading for reading in readings if known.at.get(reading.path) is None)
        return (await self._settled(strangers)).after([Confirm(readings=there)])

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


@attrs.define(kw_only=True)
class _Plan:
    """What one message comes to: changes, and after them files of which is decided what they are."""

    changes: list[Change] = attrs.field(factory=list)
    observations: list[Observation] = attrs.field(factory=list)

    def after(self, changes: list[Change]) -> "_Plan":
        return _Plan(changes=[*changes, *self.changes], observations=self.observations)
