"""Taking tracks out of the library and bringing them back, with their files: what the disk and the catalogue do agrees."""

import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
import trio

from actors import filing
from actors.config import SECONDS
from actors.disk import Disk
from actors.errors import ConflictError, DiskSilentError, RookeryError, StaleError, TrackGoneError
from actors.messages import PurgeTrack, RemoveTrack, RestoreTrack
from actors.model.change import Reading
from actors.model.root import Root
from actors.model.track import Presence, Track, logged_path
from actors.model.trashed import TrashedFile
from actors.store.store import Store

log = structlog.get_logger("rookery.librarian")
T = TypeVar("T")

MOVE_LIMIT_S = 5 * SECONDS
"""A disk renames a file by then, or the order is refused: other people's orders wait behind it."""


class Removal:
    """Works for the librarian alone, one order at a time.

    Which files are to be moved is noted before the first move and settled with the last write, so `recover` finds and
    moves back what a crash left in between.
    """

    def __init__(self, *, store: Store) -> None:
        self._store = store
        self._disk = Disk(most=2)

    async def remove(self, order: RemoveTrack) -> None:
        """Put a track into the trash, and its files too if that is wanted; if one cannot be moved, nothing is changed.

        Raises: TrackGoneError, StaleError, DatabaseError; ConflictError when a file cannot be moved.
        """
        files = await self._files_of(order.track_id) if order.takes_files else []
        if not files:
            await self._store.trash.remove(order.track_id, version=order.version, person_id=order.person_id)
            return
        await self._check_roots(files)
        await self._store.trash.intend(order.track_id, files, version=order.version)
        try:
            absent = [file for file in files if not await self._is_moved_out(file)]
            await self._store.trash.forget(absent)
            await self._store.trash.remove(order.track_id, version=None, person_id=order.person_id)
        except RookeryError:
            await self._move_back(files)
            raise

    async def restore(self, order: RestoreTrack) -> Track:
        """Bring a track back, and its files to where they lay, or beside what lies there now.

        Raises: TrackGoneError when it does not lie in the trash, DatabaseError; ConflictError when a file cannot be moved.
        """
        trashed = await self._store.trash.find(order.track_id)
        if trashed is None:
            raise TrackGoneError(order.track_id)
        await self._check_roots(trashed.files)
        moved: list[tuple[TrashedFile, Reading]] = []
        try:
            for file in trashed.files:
                reading = await self._is_moved_back(file)
                if reading is not None:
                    moved.append((file, reading))
            return await self._store.trash.restore(
                order.track_id, [reading for _, reading in moved], person_id=order.person_id
            )
        except RookeryError:
            for file, reading in moved:
                await self._undone(filing.move_out, reading.path, file.trashed_path)
            raise

    async def purge(self, order: PurgeTrack) -> None:
        """Delete a track's files in the trash, and forget it.

        Raises: TrackGoneError, StaleError, DatabaseError; ConflictError when a file cannot be deleted.
        """
        trashed = await self._store.trash.find(order.track_id)
        if trashed is None:
            raise TrackGoneError(order.track_id)
        if order.version not in {None, trashed.track.version}:
            raise StaleError(order.track_id)
        await self._check_roots(trashed.files)
        for file in trashed.files:
            await self._asked(filing.discard, file.trashed_path, doing="be deleted", path=file.trashed_path)
        await self._store.trash.purge(order.track_id, version=None)
        log.info("track_purged", track=order.track_id, files=len(trashed.files))

    async def recover(self) -> None:
        """Move back the files of removals that broke off, and delete uploads that did."""
        unfinished = await self._store.trash.unfinished()
        there = {root.id for root in await self._roots_of(unfinished) if await self._is_there(root)}
        await self._move_back([file for file in unfinished if file.root_id in there])
        for root in await self._store.roots.list_():
            await self._undone(filing.clean, root.path)

    async def _check_roots(self, files: Sequence[TrashedFile]) -> None:
        """Refuse while the folder of a file is away: what is absent from a bare mount point is not lost."""
        for root in await self._roots_of(files):
            if not await self._is_there(root):
                raise ConflictError(f"The folder {logged_path(root.path)} is not there at the moment")

    async def _roots_of(self, files: Sequence[TrashedFile]) -> list[Root]:
        named = {file.root_id for file in files}
        return [root for root in await self._store.roots.list_() if root.id in named]

    async def _is_there(self, root: Root) -> bool:
        try:
            device = await self._asked(filing.device, root.path, doing="be looked at", path=root.path)
        except (FileNotFoundError, ConflictError):
            return False
        return root.device in {None, device}

    async def _files_of(self, track_id: str) -> list[TrashedFile]:
        track = await self._store.tracks.find(track_id)
        if track is None:
            raise TrackGoneError(track_id)
        roots = {root.id: root.path for root in await self._store.roots.list_()}
        return [
            TrashedFile(
                track_id=track_id,
                root_id=location.root_id,
                path=location.path,
                trashed_path=filing.place_in_trash(roots[location.root_id], location.path, secrets.token_hex(8)),
                size_bytes=location.size_bytes,
            )
            for location in track.locations
            if location.presence is not Presence.MISSING and location.root_id in roots
        ]

    async def _is_moved_out(self, file: TrashedFile) -> bool:
        """False when nothing lies there."""
        try:
            await self._asked(filing.move_out, file.path, file.trashed_path, doing="be moved", path=file.path)
        except FileNotFoundError:
            return False
        return True

    async def _is_moved_back(self, file: TrashedFile) -> Reading | None:
        """Where it lies now, or None when somebody took it out of the trash folder."""
        try:
            path = await self._asked(
                filing.move_back, file.trashed_path, file.path, doing="be moved back", path=file.path
            )
            return await self._asked(filing.read, file.root_id, path, doing="be read", path=path)
        except FileNotFoundError:
            log.warning("trashed_file_lost", path=logged_path(file.trashed_path))
            return None

    async def _move_back(self, files: Sequence[TrashedFile]) -> None:
        """Undo what was moved of some files. What cannot be undone now stays noted."""
        back = [file for file in files if await self._undone(filing.move_back, file.trashed_path, file.path)]
        if back:
            await self._store.trash.forget(back)

    async def _undone(self, call: Callable[..., object], *paths: bytes) -> bool:
        try:
            with trio.fail_after(MOVE_LIMIT_S):
                await self._disk.ask(call, *paths)
        except FileNotFoundError:
            return True
        except (OSError, DiskSilentError, trio.TooSlowError) as error:
            log.warning("file_not_moved", path=logged_path(paths[0]), reason=str(error))
            return False
        return True

    async def _asked(self, call: Callable[..., T], *arguments: object, doing: str, path: bytes) -> T:
        try:
            with trio.fail_after(MOVE_LIMIT_S):
                return await self._disk.ask(call, *arguments)
        except FileNotFoundError:
            raise
        except trio.TooSlowError:
            raise ConflictError(f"The file {logged_path(path)} cannot {doing}: its disk does not answer") from None
        except OSError as error:
            raise ConflictError(f"The file {logged_path(path)} cannot {doing}: {error.strerror}") from error
