"""Servers that a killed Rookery left running on a cluster: found by their working folder, and ended."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog
import trio

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.model.track import logged_path

STEPS = (
    (signal.SIGINT, 10 * SECONDS),  # fast shutdown: open transactions are undone, the cluster is left clean
    (signal.SIGQUIT, 5 * SECONDS),  # at once; the next start recovers from the log
    (signal.SIGKILL, 5 * SECONDS),
)

PROGRAMS = frozenset({"postgres", "initdb"})

log = structlog.get_logger(__name__)


def servers_of(cluster: Path) -> list[int]:
    """Process ids of every PostgreSQL process on a cluster: the server and its workers, or what is making it.

    PostgreSQL works in the folder of its cluster, so its working folder identifies it beyond doubt; the number in
    postmaster.pid may meanwhile belong to anyone.
    """
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            folder = os.readlink(f"/proc/{entry.name}/cwd")
            program = os.readlink(f"/proc/{entry.name}/exe")
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if folder == str(cluster) and Path(program).name.removesuffix(" (deleted)") in PROGRAMS:
            found.append(int(entry.name))
    return found


async def end_servers(cluster: Path) -> int:
    """End all that runs on a cluster, so that a server of ours can start. The caller holds the data folder's lock.

    Returns: how many processes there were.

    Raises:
        DatabaseError: one could not be ended.
    """
    first = servers_of(cluster)
    if first:
        log.warning("database.taking_over", processes=first)
    for order, limit_s in STEPS:
        left = servers_of(cluster)
        if not left:
            break
        for pid in _heads(left) if order is signal.SIGINT else left:
            _signal(pid, order)
        with trio.move_on_after(limit_s):
            for pid in left:
                await _ended(pid)
    if left := servers_of(cluster):
        raise DatabaseError(f"Processes {left} still use the database {logged_path(cluster)} and cannot be ended.")
    # Only now: PostgreSQL finds by this file whether workers of an older server are still at the cluster.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    return len(first)


def _heads(pids: Iterable[int]) -> list[int]:
    """Those whose parent is not one of them: the server, or workers that lost theirs."""
    known = set(pids)
    return [pid for pid in known if _parent(pid) not in known]


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def _signal(pid: int, order: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, order)


async def _ended(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        await trio.lowlevel.wait_readable(handle)
    finally:
        os.close(handle)
