"""The whole tree at one moment, as frozen values. Making them takes no checkpoint, so they are one picture."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import attrs

from supervision.circuit import CircuitState
from supervision.events import DeadLetter, EventKind
from supervision.latency import Latency
from supervision.node import ActorState


@attrs.frozen(kw_only=True)
class BreakerStatus:
    """One circuit breaker that an actor uses; `refused` counts the calls that it did not let through."""

    name: str
    state: CircuitState
    failures_in_row: int
    failure_rate: float
    refused: int


class ActorStatus(NamedTuple):
    """One actor or task. A named tuple, because ten thousand of them are made between two checkpoints, and attrs needs three times as long.

    Times are seconds; `started_at_s` on Trio's clock. `last_error` is the last error that ended an incarnation, with its traceback, as text. Counts are since the
    tree started: `handled` messages, `failed` ones, `dropped` by a full mailbox, `redelivered` tries, `late_answers` to askers that
    had given up. `latency` is the handling time on the machine's clock (after 1,000 messages, of every thirty-second), None before the first. `waiting_for` names the actors
    that it waits for in an ask or a full mailbox. `stack` is set while it is stuck. `restarts_in_window` are those that its own ends have cost
    its supervisor within the window; `restarts_remaining` and `escalates_after` are its supervisor's, which all its children share.
    """

    path: str
    state: ActorState
    incarnation: int
    started_at_s: float | None
    uptime_s: float
    restarts: int
    restarts_in_window: int
    restarts_remaining: int
    escalates_after: str
    failures_in_row: int
    last_error: str | None
    mailbox_depth: int
    mailbox_capacity: int
    mailbox_high_water: int
    waiting_senders: int
    handled: int
    failed: int
    dropped: int
    redelivered: int
    quarantined: int
    late_answers: int
    dead_letters: int
    rate_per_s: float
    latency: Latency | None
    waiting_for: tuple[str, ...]
    breakers: tuple[BreakerStatus, ...]
    stack: str | None


@attrs.frozen(kw_only=True)
class SupervisorStatus:
    """One supervisor. `escalates_after` says for people what it takes to escalate; `restarts_remaining` are still borne."""

    path: str
    state: ActorState
    incarnation: int
    started_at_s: float | None
    uptime_s: float
    strategy: str
    restarts_in_window: int
    restarts_remaining: int
    escalates_after: str
    last_error: str | None
    children: "tuple[ActorStatus | SupervisorStatus, ...]"


@attrs.frozen(kw_only=True)
class Status:
    """The tree at `at_s` on Trio's clock; the most recent dead letters (at most 100) and deadlocks (at most 20).

    The counts are since the tree started; `event_counts` by kind, without those that never happened.
    """

    at_s: float
    root: SupervisorStatus
    dead_letter_count: int
    dead_letters: tuple[DeadLetter, ...]
    deadlock_count: int
    deadlocks: tuple[tuple[str, ...], ...]
    event_counts: Mapping[EventKind, int]

    def walk(self) -> Iterator[ActorStatus | SupervisorStatus]:
        """Every child of the tree, parents first."""
        pending: list[ActorStatus | SupervisorStatus] = [self.root]
        while pending:
            node = pending.pop()
            yield node
            if isinstance(node, SupervisorStatus):
                pending.extend(reversed(node.children))

    def find(self, path: str) -> ActorStatus | SupervisorStatus | None:
        """The child with this full path, None if there is none."""
        return next((node for node in self.walk() if node.path == path), None)
