"""Listening to one root: in which folders something happened, and when it must be polled because nothing tells."""

import structlog
import trio

from actors.config import SECONDS
from actors.disk import Disk
from actors.errors import DiskSilentError
from actors.model.track import logged_path
from actors.nudge import Nudge
from actors.watching import look, mounts, notice

log = structlog.get_logger("rookery.watcher")

FOLDERS_MOST = 1_000
"""More folders with events than this, and the whole root is looked at instead."""
AGAIN_S = 1 * SECONDS
"""A watch that broke is set anew after so long."""
POLL_S = 30 * SECONDS
"""A root without file-system events is compared this often, and a watch that cannot be set is tried this often."""


class Ear:
    """Gathers hints and gives the nudge; whoever takes the nudge takes the hints."""

    def __init__(self, root: bytes, *, disk: Disk, nudge: Nudge) -> None:
        self.polling: str | None = None
        """Why no events come, for people; None while they do."""
        self._root = root
        self._disk = disk
        self._nudge = nudge
        self._folders: set[bytes] = set()
        self._is_whole = False
        self._there = trio.Event()
        self._settled = trio.Event()
        self._scope = trio.CancelScope()

    def root_is_there(self) -> None:
        """The root can be watched."""
        self._there.set()

    def root_is_another(self) -> None:
        """The root went away, or another folder stands in its place: a watch on it hears nothing."""
        if self._there.is_set():
            self._there = trio.Event()
        self._scope.cancel()

    async def settled(self) -> None:
        """Wait until it is known whether events come: what happens from then on is either told or polled."""
        await self._settled.wait()

    def take_folders(self) -> set[bytes]:
        """The folders in which something happened since they were last taken."""
        folders, self._folders = self._folders, set()
        return folders

    def take_whole(self) -> bool:
        """Whether, since this was last asked, so much happened or may have been missed that all must be looked at."""
        is_whole, self._is_whole = self._is_whole, False
        return is_whole

    async def listen(self) -> None:
        """Listen until cancelled, or until it is clear that this file system never tells."""
        while True:
            await self._there.wait()
            try:
                kind = await self._disk.ask(look.file_system, self._root)
            except (DiskSilentError, OSError):
                # Who looks at the root finds the same, and says when it is back.
                self._there = trio.Event()
                continue
            if mounts.must_poll(kind):
                self._poll(f"{kind} does not tell of changes")
                return
            with trio.CancelScope() as self._scope:
                note = await notice.follow(self._root, started=self._heard_first, changed=self._heard)
                wait_s = AGAIN_S if self.polling is None and self._settled.is_set() else POLL_S
                self._poll(f"it cannot be watched: {note}")
                log.warning("root_polled", root=logged_path(self._root), reason=note)
                await trio.sleep(wait_s)

    def _poll(self, reason: str) -> None:
        self.polling = f"polled every {POLL_S:g} s, because {reason}"
        self._look_at_all()

    def _heard_first(self) -> None:
        self.polling = None
        self._look_at_all()

    def _look_at_all(self) -> None:
        if self._settled.is_set():
            # What happened while nobody listened is found by looking at everything.
            self._is_whole = True
            self._nudge.give()
        self._settled.set()

    def _heard(self, folders: frozenset[bytes]) -> None:
        self._folders |= folders
        if len(self._folders) > FOLDERS_MOST:
            self._folders.clear()
            self._is_whole = True
        self._nudge.give()
