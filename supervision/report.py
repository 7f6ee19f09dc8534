"""How the tree tells what happens: one event and one log line for each thing. It decides nothing."""

import logging
from typing import TYPE_CHECKING

import trio

from supervision.events import Event, EventKind
from supervision.failure import Failure
from supervision.restart import Exit, Reason

if TYPE_CHECKING:
    from supervision.branch import Branch
    from supervision.leaf import Leaf
    from supervision.node import Node

log = logging.getLogger("supervision")

# From this failure in a row on, a crash is logged as an error.
ALARMING_FAILURES = 5


def started(node: "Node") -> None:
    """A new incarnation is ready."""
    again = node.incarnation > 1
    kind = EventKind.RESTARTED if again else EventKind.STARTED
    node.engine.hub.emit(Event(kind=kind, path=node.path, at_s=trio.current_time(), incarnation=node.incarnation))
    if again:
        log.info("%s is running again, incarnation %d", node.path, node.incarnation)
    else:
        log.debug("%s is running", node.path)


def level(node: "Node") -> int:
    """WARNING, and ERROR from the fifth failure in a row."""
    return logging.ERROR if node.failures >= ALARMING_FAILURES else logging.WARNING


def exited(node: "Node", exit_: Exit) -> None:
    """An incarnation has ended, and is down."""
    node.engine.hub.emit(
        Event(
            kind=EventKind.EXITED,
            path=node.path,
            at_s=trio.current_time(),
            incarnation=node.incarnation,
            reason=str(exit_.reason),
            error=None if exit_.error is None else node.last_error,
        )
    )
    if exit_.reason in {Reason.ESCALATED, Reason.START_FAILED}:
        log.log(level(node), "%s has ended: %s", node.path, exit_.error)
    elif exit_.crash or exit_.reason is Reason.FATAL:
        log.log(
            level(node),
            "%s crashed, failure %d in a row: %r",
            node.path,
            node.failures,
            exit_.error,
            exc_info=exit_.error,
        )
    elif exit_.reason is Reason.KILLED:
        log.warning("%s was killed", node.path)
    else:
        log.debug("%s has ended: %s", node.path, exit_.reason)


def backing_off(node: "Node", delay_s: float) -> None:
    """A restart waits."""
    node.engine.hub.emit(
        Event(
            kind=EventKind.BACKOFF,
            path=node.path,
            at_s=trio.current_time(),
            incarnation=node.incarnation,
            delay_s=delay_s,
        )
    )
    log.info("%s restarts in %.3g s", node.path, delay_s)


def escalated(branch: "Branch", error: BaseException) -> None:
    """A supervisor gave up."""
    branch.engine.hub.emit(
        Event(
            kind=EventKind.ESCALATED,
            path=branch.path,
            at_s=trio.current_time(),
            incarnation=branch.incarnation,
            error=Failure(error),
        )
    )
    log.error("%s", error)


def stuck(leaf: "Leaf") -> None:
    """A child ignores its cancellation."""
    leaf.engine.hub.emit(
        Event(
            kind=EventKind.STUCK,
            path=leaf.path,
            at_s=trio.current_time(),
            incarnation=leaf.incarnation,
            reason=leaf.stack,
        )
    )
    log.error("%s ignores its cancellation:\n%s", leaf.path, leaf.stack)


def left_behind(leaf: "Leaf") -> None:
    """The tree has ended, except for this one."""
    leaf.look_again()
    log.critical(
        "%s still ignores its cancellation, and %s waits for it. It stands at:\n%s",
        leaf.path,
        leaf.engine.root.path,
        leaf.stack,
    )
