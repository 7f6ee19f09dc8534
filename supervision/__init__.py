"""Structured supervision for Trio: actors, bounded mailboxes, restarts, a status tree."""

from supervision.actor import Actor, Context
from supervision.backoff import Backoff
from supervision.breaker import CircuitBreaker
from supervision.child import Child, Shutdown, Supervisor
from supervision.circuit import CircuitState
from supervision.errors import (
    ActorStoppedError,
    AdministrationError,
    AlreadyPresentError,
    AlreadyRunningError,
    AskTimeoutError,
    CircuitOpenError,
    DeadlockError,
    DeclineStart,
    EscalatedError,
    MailboxFullError,
    MessageFailedError,
    NotFoundError,
    RefusedError,
    SendError,
    SpecError,
    StartError,
    SupervisionError,
)
from supervision.events import DeadLetter, Event, EventKind, EventStream
from supervision.failure import Failure
from supervision.latency import Latency
from supervision.mailbox import InFlight, Mailbox, Overflow
from supervision.node import ActorState
from supervision.ref import Ref
from supervision.restart import AutoShutdown, Intensity, Restart, Strategy
from supervision.running import Running, run
from supervision.status import ActorStatus, BreakerStatus, Status, SupervisorStatus

__all__ = [
    "Actor",
    "ActorState",
    "ActorStatus",
    "ActorStoppedError",
    "AdministrationError",
    "AlreadyPresentError",
    "AlreadyRunningError",
    "AskTimeoutError",
    "AutoShutdown",
    "Backoff",
    "BreakerStatus",
    "Child",
    "CircuitBreaker",
    "CircuitOpenError",
    "CircuitState",
    "Context",
    "DeadLetter",
    "DeadlockError",
    "DeclineStart",
    "EscalatedError",
    "Event",
    "EventKind",
    "EventStream",
    "Failure",
    "InFlight",
    "Intensity",
    "Latency",
    "Mailbox",
    "MailboxFullError",
    "MessageFailedError",
    "NotFoundError",
    "Overflow",
    "Ref",
    "RefusedError",
    "Restart",
    "Running",
    "SendError",
    "Shutdown",
    "SpecError",
    "StartError",
    "Status",
    "Strategy",
    "SupervisionError",
    "Supervisor",
    "SupervisorStatus",
    "run",
]
