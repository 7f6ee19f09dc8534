"""The watch over one root: passes over its folders, whole or where events point, and the messages that follow from them."""

import math
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from typing import TypeVar

import attrs
import structlog
import trio

from actors.config import Config
from actors.disk import Disk
from actors.ear import POLL_S, Ear
from actors.errors import DiskSilentError
from actors.messages import FileGrowing, FilesBack, FilesGone, FilesMoved, FilesSettled, FilesUnverified, RootSeen
from actors.model.change import Reading
from actors.model.root import Root, RootState
from actors.model.track import Location, Presence, logged_path
from actors.nudge import Nudge
from actors.store.store import Store
from actors.watching import look, presence
from actors.watching.look import Look
from actors.watching.presence import Sight
from actors.watching.settling import Settling
from actors.watching.shelf import Shelf, Shelved
from actors.watching.tally import Tally
from supervision import Ref

log = structlog.get_logger("rookery.watcher")
T = TypeVar("T")

BATCH = 32
"""Files in one message to be read: so many make one short transaction."""
MOVES_BATCH = 500
STAT_BATCH = 500
"""So many files are asked for at once; each such question has its own time limit."""
BURST_HOLDS = 5
"""However long losses go on, they are told after so many times the hold."""
RETRY_S = 5.0
"""An unavailable root is tried again this often."""
LISTEN_S = 60.0
"""Setting the watches of a great tree takes a while; a first look waits so long for them, so that nothing falls between."""
TELL_S = 1.0
"""The progress of a scan is told at most this often."""


class RootAwayError(Exception):
    """The root cannot be looked at now; the text says why."""


class Patrol:
    """Owns what is known of one root. One task passes over it, one listens to events; both end when `run` is cancelled."""

    def __init__(self, root: Root, *, store: Store, config: Config, cataloger: Ref[object]) -> None:
        self.left_out: frozenset[bytes] = frozenset()
        """Folders that may lie inside this one and are not its affair: other roots, and the service's own data."""
        self._root = root
        self._store = store
        self._config = config
        self._cataloger = cataloger
        self._shelf = Shelf(root.path)
        self._settling = Settling(config.settle_s)
        self._gone: dict[bytes, tuple[Shelved, float]] = {}
        """Paths that are absent, with the time of noticing: they may yet turn up elsewhere."""
        self._doubted: set[bytes] = set()
        """Folders that could not be looked into; permissions come back unannounced, so they are tried again."""
        self._told_doubts: set[bytes] = set()
        """Those of which the cataloger knows; the next whole look tells of them anew."""
        self._doubted_at_s = -math.inf
        self._nudge = Nudge()
        self._whole_at_s = -math.inf
        self._is_confirmed = False
        self._is_away = False
        self._mark: tuple[int, int] | None = None
        """Device and inode of the root's folder."""
        self._tally = Tally()
        self._disk = Disk()
        self._ear = Ear(root.path, disk=self._disk, nudge=self._nudge)

    def scan(self, *, is_confirmed: bool = False) -> None:
        """Look at the whole root as soon as possible."""
        self._whole_at_s = -math.inf
        self._is_confirmed = self._is_confirmed or is_confirmed
        self._nudge.give()

    async def run(self) -> None:
        """Watch until cancelled; every message that was told stays told, everything else is found again by the next run."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._ear.listen)
            nursery.start_soon(self._look_around)

    # Passes ------------------------------------------------------------------------------------------------------

    async def _look_around(self) -> None:
        while True:
            try:
                await self._pass()
                wait_s = self._wait_s()
            except (RootAwayError, DiskSilentError) as reason:
                await self._away(str(reason))
                wait_s = RETRY_S
            with trio.move_on_after(wait_s):
                await self._nudge.take()

    async def _pass(self) -> None:
        await self._check_root()
        if self._ear.take_whole() or trio.current_time() >= self._whole_at_s:
            with trio.move_on_after(LISTEN_S):
                await self._ear.settled()
            await self._whole_pass()
        elif folders := self._ear.take_folders() | self._take_doubted():
            log.debug("folders_changed", count=len(folders))
            partial = self._look
            listings = partial.begin_at(sorted(folders))
            while (sight := await self._disk.ask(partial.next, listings)) is not None:
                await self._follow(sight)
        await self._settle()
        await self._tell_done()
        await self._report_gone()

    def _wait_s(self) -> float:
        now = trio.current_time()
        due = [self._whole_at_s - now]
        if (settles := self._settling.wait_s(now)) is not None:
            due.append(settles)
        if self._gone:
            due.append(self._gone_due_s() - now)
        if self._doubted:
            due.append(self._doubted_at_s + RETRY_S - now)
        return max(0.0, min(due))

    def _take_doubted(self) -> set[bytes]:
        if trio.current_time() < self._doubted_at_s + RETRY_S:
            return set()
        doubted, self._doubted = self._doubted, set()
        self._doubted_at_s = trio.current_time()
        return doubted

    @property
    def _hold_s(self) -> float:
        """A path that went away may turn up elsewhere within this time, and is a move then."""
        return 3 * self._config.settle_s

    def _gone_due_s(self) -> float:
        """When to tell of what is gone: all at once, after the last of a burst, so that a great loss is seen as one."""
        times = [since for _, since in self._gone.values()]
        return min(max(times) + self._hold_s, min(times) + BURST_HOLDS * self._hold_s)

    async def _check_root(self) -> None:
        try:
            status = await self._disk.ask(look.opened, self._root.path)
        except OSError as error:
            raise RootAwayError(f"the folder cannot be opened: {error.strerror}") from error
        mark = (status.st_dev, status.st_ino)
        if mark != self._mark:
            self._mark = mark
            self._ear.root_is_another()
            self._whole_at_s = -math.inf
        self._is_away = False
        self._ear.root_is_there()

    async def _away(self, reason: str) -> None:
        if not self._is_away:
            log.warning("root_unavailable", root=logged_path(self._root.path), reason=reason)
            await self._tell_root(RootState.UNAVAILABLE, reason)
        self._is_away = True
        self._mark = (0, 0)
        self._ear.root_is_another()
        self._gone.clear()

    async def _whole_pass(self) -> None:
        is_confirmed, self._is_confirmed = self._is_confirmed, False
        self._whole_at_s = trio.current_time() + (POLL_S if self._ear.polling else self._config.reconcile_s)
        self._ear.take_folders()
        self._doubted.clear()
        self._told_doubts.clear()
        self._gone.clear()
        await self._reload()
        self._tally = Tally(begun_at_s=trio.current_time())
        assert self._mark is not None
        mark = self._mark
        await self._tell_root(RootState.SCANNING)
        whole = self._look
        listings = whole.begin()
        lost: list[Shelved] = []
        while (sight := await self._disk.ask(whole.next, listings)) is not None:
            lost.extend(sight.gone)
            known = sum(self._shelf.find(reading.path) is not None for reading in sight.fresh)
            unknown = len(sight.fresh) - known
            self._tally.see(unchanged=sight.unchanged, back=len(sight.back), known=known, unknown=unknown)
            await self._follow(attrs.evolve(sight, gone=()))
            await self._settle()
            if trio.current_time() - self._tally.told_at_s >= TELL_S:
                await self._tell_root(RootState.SCANNING)
        await self._check_root()
        if self._mark == mark:
            # Else the mount went or came in the midst of it, and what is absent proves nothing.
            await self._follow(Sight(gone=tuple(lost)))
            self._tally.lost = len(self._gone)
            if is_confirmed:
                await self._report_gone(is_confirmed=True)

    async def _reload(self) -> None:
        shelved: list[Shelved] = []
        async with aclosing(self._store.tracks.locations_of_root(self._root.id)) as batches:
            async for batch in batches:
                shelved.extend(_shelved(location, is_track=track_id is not None) for location, track_id in batch)
        self._shelf.replace(shelved)

    @property
    def _look(self) -> Look:
        return Look(root_id=self._root.id, shelf=self._shelf, left_out=self.left_out)

    # What a look meant -------------------------------------------------------------------------------------------

    async def _follow(self, sight: Sight) -> None:
        now = trio.current_time()
        for one in sight.gone:
            self._gone.setdefault(one.reading.path, (one, now))
        moves = (
            presence.moves((one for one, _ in self._gone.values()), (*sight.fresh, *self._settling.readings()))
            if self._gone
            else ()
        )
        moved = {reading.path for _, reading in moves}
        self._tally.move(len(moves))
        for reading in sight.fresh:
            self._gone.pop(reading.path, None)
            if reading.path not in moved:
                self._settling.see(reading, now)
        for before, reading in moves:
            self._gone.pop(before, None)
            self._shelf.drop(before)
            self._shelf.put(Shelved(reading=reading))
        self._settling.forget(moved)
        for batch in _batches(moves, MOVES_BATCH):
            await self._cataloger.tell(FilesMoved(moves=batch))
        for readings in _batches(sight.back, MOVES_BATCH):
            for reading in readings:
                self._shelf.put(Shelved(reading=reading))
            await self._cataloger.tell(FilesBack(readings=readings))
        for folder in sight.doubted:
            self._doubted.add(folder)
            if folder in self._told_doubts:
                continue
            self._told_doubts.add(folder)
            await self._cataloger.tell(FilesUnverified(root_id=self._root.id, folder=folder))

    async def _settle(self) -> None:
        for due in _batches(self._settling.due(trio.current_time()), STAT_BATCH):
            again = await self._disk.ask(look.read_all_again, due)
            judgement = self._settling.judge(again, trio.current_time())
            for reading in judgement.growing:
                # Known, so that it is missed if it goes away.
                self._shelf.put(Shelved(reading=_never_equal(reading)))
                await self._cataloger.tell(FileGrowing(reading=reading))
            for readings in _batches(judgement.settled, BATCH):
                closed = await self._disk.ask(look.closed_of, [reading.path for reading in readings])
                for reading in readings:
                    # The same for a file that may not be read: an event says when it may.
                    self._shelf.put(Shelved(reading=_never_equal(reading) if reading.path in closed else reading))
                await self._cataloger.tell(FilesSettled(readings=readings))

    async def _report_gone(self, *, is_confirmed: bool = False) -> None:
        if not self._gone or (trio.current_time() < self._gone_due_s() and not is_confirmed):
            return
        absent: set[bytes] = set()
        for paths in _batches(tuple(self._gone), STAT_BATCH):
            absent |= await self._disk.ask(look.absent_of, paths, self._root.path)
        for path, (shelved, _) in self._gone.items():
            if path in absent:
                self._shelf.put(attrs.evolve(shelved, presence=Presence.MISSING))
        self._gone.clear()
        if absent:
            await self._cataloger.tell(
                FilesGone(root_id=self._root.id, paths=tuple(sorted(absent)), is_confirmed=is_confirmed)
            )

    async def _tell_done(self) -> None:
        """Say once for each whole pass that all it found has been passed on."""
        if not self._settling and not self._tally.is_final_told:
            self._tally.is_final_told = True
            log.info("scan_finished", root=logged_path(self._root.path), **self._tally.figures(trio.current_time()))
            await self._tell_root(RootState.WATCHED)

    async def _tell_root(self, state: RootState, reason: str | None = None) -> None:
        self._tally.told_at_s = trio.current_time()
        await self._cataloger.tell(
            RootSeen(
                root_id=self._root.id,
                state=state,
                reason=reason or self._ear.polling,
                device=self._mark[0] if self._mark else None,
                found=self._tally.found,
                done=max(0, self._tally.found - len(self._settling)),
                lost=self._tally.lost,
            )
        )


def _never_equal(reading: Reading) -> Reading:
    """With a time that no file has: known, and looked at again whenever it is listed."""
    return attrs.evolve(reading, mtime_ns=-1)


def _shelved(location: Location, *, is_track: bool) -> Shelved:
    reading = Reading(
        root_id=location.root_id,
        path=location.path,
        size_bytes=location.size_bytes,
        mtime_ns=location.mtime_ns,
        device=location.device,
        inode=location.inode,
    )
    return Shelved(reading=reading, presence=location.presence, is_track=is_track)


def _batches(items: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])
