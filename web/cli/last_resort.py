"""The end of a process that cannot end: what is left of the tree ignores its cancellation, and its time is over."""

import os
import sys

import structlog
import trio

from actors.pipeline import DATABASE_STOP_S
from supervision import ActorState, ActorStatus, Running

# EX_SOFTWARE of sysexits.h; Rookery ends with it for no other reason.
EXIT_CODE = 70

log = structlog.stdlib.get_logger("rookery.serve")


def leave(running: Running) -> None:
    """End the process with code 70 after the time that the database may need, unless all that was stuck has ended by then."""
    # Outside the tree, which has ended; it dies with the run if that ends after all.
    trio.lowlevel.spawn_system_task(_leave_later, running)


async def _leave_later(running: Running) -> None:
    await trio.sleep(DATABASE_STOP_S)
    for node in running.status().walk():
        if isinstance(node, ActorStatus) and node.state is ActorState.STUCK:
            log.critical("The process ends without what ignores its end.", path=node.path, stands_at=node.stack)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)  # a regular end would wait for the thread or task that does not end
