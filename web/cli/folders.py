"""What `rookery doctor` finds of the watched folders."""

import os
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import trio

from actors.config import SECONDS
from actors.model.track import shown_path
from actors.watching.mounts import file_system_of, must_poll
from web.cli.finding import Finding, Verdict

MOST_FOLDERS = 200_000
"""So many are counted in a root; then it is "more than"."""
COUNT_LIMIT_S = 5 * SECONDS
WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


async def folders(paths: Collection[bytes]) -> AsyncIterator[Finding]:
    """Each watched folder, and whether the kernel lets all that lies in them be watched."""
    if not paths:
        yield Finding(
            about="folders", verdict=Verdict.NOTE, text="None is watched", advice="Name one: rookery serve ~/Music"
        )
    mountinfo, watches = await trio.to_thread.run_sync(_kernel_facts)
    seen = 0
    for path in sorted(paths):
        finding, count = await trio.to_thread.run_sync(_root, path, mountinfo, abandon_on_cancel=True)
        seen += count
        yield finding
    short = watches is not None and seen > watches
    yield Finding(
        about="watches",
        verdict=Verdict.NOTE if short else Verdict.FINE,
        text=f"{seen} folders; the kernel lets {'any number' if watches is None else watches} be watched",
        advice=f"What is left over is polled; raise it: sysctl fs.inotify.max_user_watches={2 * seen}"
        if short
        else None,
    )


def _kernel_facts() -> tuple[bytes, int | None]:
    return Path("/proc/self/mountinfo").read_bytes(), int(WATCHES.read_text()) if WATCHES.exists() else None


def _root(path: bytes, mountinfo: bytes) -> tuple[Finding, int]:
    shown = shown_path(path)
    if not os.path.isdir(path):
        return Finding(
            about="folder", verdict=Verdict.WRONG, text=f"{shown} is not there", advice="Mount it, or remove it."
        ), 0
    try:
        os.scandir(path).close()
    except OSError as error:
        text = f"{shown} cannot be read: {error.strerror}"
        return Finding(about="folder", verdict=Verdict.WRONG, text=text, advice="Give this user permission."), 0
    system = file_system_of(path, mountinfo)
    polled = ", polled every 30 s" if must_poll(system) else ""
    count = _folders(path)
    more = "more than " if count >= MOST_FOLDERS else ""
    return Finding(about="folder", text=f"{shown} on {system}{polled}, {more}{count} folders"), count


def _folders(path: bytes) -> int:
    count, until_s = 1, time.monotonic() + COUNT_LIMIT_S
    for _, names, _ in os.walk(path):
        count += len(names)
        if count >= MOST_FOLDERS or time.monotonic() > until_s:
            return MOST_FOLDERS
    return count
