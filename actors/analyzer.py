"""Measures recordings, the most wanted first: pulls its work from the catalogue and tells the cataloger what came of it."""

import structlog
import trio

from actors.config import Config
from actors.disk import Disk
from actors.errors import DatabaseAwayError, DiskSilentError, FileGoneError, UnreadableError
from actors.messages import AnalysisFailed, Analyzed, Progress
from actors.model.track import Failure, logged_path
from actors.nudge import Nudge
from actors.store.features import Claim
from actors.store.store import Store
from actors.watching import presence, walk
from actors.work.executor import Executor
from supervision import Actor, Context, MailboxFullError

log = structlog.get_logger("rookery.analyzer")

DATABASE_RETRY_S = 1.0
LOOK_AGAIN_S = 30.0
"""Work that nobody nudged about, such as that of another node, is found this often."""


class Analyzer(Actor[None]):
    """Runs as many analyses at once as there are workers; each is claimed in the catalogue, so a crash loses none.

    **Waits on:** the cataloger's mailbox, with a finished result.
    """

    def __init__(
        self, *, store: Store, config: Config, executor: Executor, work_waits: Nudge, cataloger: str, broadcaster: str
    ) -> None:
        self._store = store
        self._config = config
        self._executor = executor
        self._work_waits = work_waits
        self._cataloger_path = cataloger
        self._broadcaster_path = broadcaster
        self._disk = Disk(most=config.workers)

    async def started(self, context: Context) -> None:
        """Give back what an earlier incarnation had claimed, then begin."""
        self._cataloger = context.ref_to(self._cataloger_path)
        self._broadcaster = context.ref_to(self._broadcaster_path)
        await self._store.features.release_all()
        context.start_soon(self._work)

    async def receive(self, message: None) -> None:
        """Nobody writes to it: it pulls."""

    async def _work(self) -> None:
        free = trio.CapacityLimiter(self._config.workers)
        async with trio.open_nursery() as nursery:
            while True:
                permit = object()
                await free.acquire_on_behalf_of(permit)
                claim = await self._next()
                nursery.start_soon(self._analyze, claim, free, permit)

    async def _next(self) -> Claim:
        while True:
            try:
                claim = await self._store.features.claim()
            except DatabaseAwayError as error:
                # Analyses that are under way go on meanwhile.
                log.warning("database_away", reason=str(error))
                await trio.sleep(DATABASE_RETRY_S)
                continue
            if claim is not None:
                return claim
            with trio.move_on_after(LOOK_AGAIN_S):
                await self._work_waits.take()

    async def _analyze(self, claim: Claim, free: trio.CapacityLimiter, permit: object) -> None:
        subject = f"track:{claim.track_id}"

        def tell_progress(done: float) -> None:
            try:
                self._broadcaster.tell_nowait(Progress(subject=subject, stage="analyzing", done=done))
            except MailboxFullError:
                # The next one says more.
                log.debug("progress_dropped", subject=subject)

        try:
            await self._check(claim)
            features = await self._executor.analyze(claim.path, progress=tell_progress)
        except UnreadableError as error:
            if isinstance(error, FileGoneError) or error.kind == "unreadable":
                # The watcher comes back with the file, or its permission does; until then another look finds the same.
                log.info("file_away", track=claim.track_id, reason=error.message)
                await self._release(claim)
                return
            log.warning("analysis_failed", track=claim.track_id, kind=error.kind, reason=error.message)
            await self._cataloger.tell(
                AnalysisFailed(
                    track_id=claim.track_id,
                    audio_hash=claim.audio_hash,
                    failure=Failure(kind=error.kind, message=error.message),
                )
            )
        else:
            await self._cataloger.tell(
                Analyzed(track_id=claim.track_id, audio_hash=claim.audio_hash, features=features)
            )
        finally:
            free.release_on_behalf_of(permit)

    async def _check(self, claim: Claim) -> None:
        """Refuse a file that is not the one that was catalogued: its measurements would be told of other bytes."""
        try:
            now = await self._disk.ask(walk.read_again, claim.reading)
        except DiskSilentError as error:
            raise FileGoneError("gone", f"{logged_path(claim.path)}: {error}") from error
        if now is None or not presence.is_same(claim.reading, now):
            raise FileGoneError("changed", f"{logged_path(claim.path)} is not the file that was catalogued")

    async def _release(self, claim: Claim) -> None:
        try:
            await self._store.features.release(claim.track_id, later=True)
        except DatabaseAwayError as error:
            # The claim ends by itself after a while.
            log.warning("database_away", reason=str(error))
