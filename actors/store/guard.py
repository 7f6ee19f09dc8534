"""A tiny process that ends the server when Rookery is gone, however it went."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import trio

from actors.config import SECONDS
from actors.store.place import Place

# It waits on a pipe whose other end only Rookery holds, so the kernel tells it of any death. By then the number may be
# somebody else's, so it looks whether the process still works in the cluster.
WATCH = 'read -r _; [ "$(readlink "/proc/$1/cwd")" = "$2" ] && kill -INT "$1"'
END_LIMIT_S = 1 * SECONDS

log = structlog.get_logger(__name__)


@asynccontextmanager
async def guarded(pid: int, where: Place) -> AsyncIterator[int | None]:
    """Within the block, the server `pid` is shut down if this process dies; gives the guard's process id.

    Without a shell there is no guard, and None: the next start takes a server over that was left.
    """
    try:
        guard = await trio.lowlevel.open_process(
            ["/bin/sh", "-c", WATCH, "rookery-guard", str(pid), str(where.cluster)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **where.identity,
        )
    except OSError as error:
        log.info("database.unguarded", reason=str(error))
        yield None
        return
    try:
        yield guard.pid
    finally:
        guard.kill()  # before its pipe closes, which would set it off
        with trio.CancelScope(shield=True), trio.move_on_after(END_LIMIT_S):
            await guard.wait()
        assert guard.stdin is not None
        with trio.CancelScope(shield=True):
            await guard.stdin.aclose()
