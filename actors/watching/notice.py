"""File-system events, as hints where to look: never what happened, only which folder to list again."""

import os
import threading
from collections.abc import Callable, Iterable

import trio
import watchfiles

DEBOUNCE_MS = 500
"""Events that keep coming are handed on at least this often."""
STEP_MS = 50
TICK_MS = 100
"""How long the thread stays away at most: so soon it says that the watch is set."""


async def follow(root: bytes, *, started: Callable[[], None], changed: Callable[[frozenset[bytes]], None]) -> str:
    """Call `changed` with folders of a tree in which something happened, until it cannot be watched.

    Args:
        root: an existing folder.
        started: called once the watch is set; what happens from then on is told.
        changed: gets existing or vanished folders, in the bytes of the disk as far as events can tell them.

    Returns: why it ended, for people: the limit of watches was reached, the root went away.

    Cancellation: the thread ends by itself within a moment and touches nothing more. **Owns:** that one thread.
    """
    stop = threading.Event()
    limiter = trio.CapacityLimiter(1)
    if not await trio.to_thread.run_sync(os.path.isdir, root, abandon_on_cancel=True, limiter=limiter):
        # watchfiles itself would wait on nothing, for with unreadable folders it passes over absent ones too.
        return "the folder is not there"
    try:
        events = watchfiles.watch(
            os.fsdecode(root),
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        is_started = False
        while True:
            changes = await trio.to_thread.run_sync(next, events, None, abandon_on_cancel=True, limiter=limiter)
            if changes is None:
                return "the watch ended"
            if not is_started:
                is_started = True
                started()
            if changes:
                changed(frozenset(_folders(root, (path for _, path in changes))))
    except (OSError, UnicodeError, RuntimeError) as error:
        # RuntimeError is how watchfiles reports, among others, a name that is not UTF-8; such a tree is watched anew.
        return str(error) or type(error).__name__
    finally:
        stop.set()


def _folders(root: bytes, paths: Iterable[str]) -> Iterable[bytes]:
    for path in paths:
        name = os.fsencode(path)
        yield root if name == root else name.rpartition(b"/")[0]
