"""The services outside of this process that Rookery uses, and how each is doing."""

from typing import Literal

import msgspec
import trio

from actors.config import SECONDS
from actors.errors import DatabaseError
from supervision import ActorState, ActorStatus, CircuitBreaker, SupervisorStatus
from web.services import Services

PATIENCE_S = 2 * SECONDS
"""A database that says nothing for so long is away."""

_IN_ORDER = frozenset({ActorState.RUNNING, ActorState.STOPPED})
_TASK_QUEUE = ("rookery/workers", "rookery/pipeline/analyzer")

State = Literal["ok", "degraded", "away", "off"]


class Check(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One service: `away` means that nothing works without it, `off` that none is configured; `reason` says why it is not `ok`."""

    status: State
    """How it is."""
    reason: str | None = None
    """Why it is not well; null if it is."""


class CircuitView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The circuit breaker in front of a service: while it is open no call is made."""

    state: str
    """Whether calls go through."""
    failures_in_row: int
    """Failures since the last success."""
    refused: int
    """Calls that were not made, since the start."""


class Integration(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One service outside of this process."""

    name: str
    """What is outside."""
    purpose: str
    """What it is for."""
    status: State
    """How it is."""
    reason: str | None
    """Why it is not well; null if it is, or if nobody knows."""
    breaker: CircuitView | None
    """The circuit breaker before it; null where there is none."""


async def integrations(held: Services) -> tuple[Integration, ...]:
    """All of them, those that are not configured too."""
    database, shared = await database_check(held), redis_check(held)
    return (
        Integration(
            name="database",
            purpose="Holds the catalogue",
            status=database.status,
            reason=database.reason,
            breaker=None,
        ),
        Integration(
            name="redis",
            purpose="Shares kept answers and limits between processes",
            status=shared.status,
            reason=shared.reason,
            breaker=None if held.redis is None else breaker_view(held.redis.breaker),
        ),
    )


def breaker_view(breaker: CircuitBreaker) -> CircuitView:
    """A breaker as clients see it."""
    circuit = breaker.circuit
    return CircuitView(state=circuit.state, failures_in_row=circuit.failures_in_row, refused=circuit.refused)


async def database_check(held: Services) -> Check:
    """Whether the database answers."""
    with trio.move_on_after(PATIENCE_S) as patience:
        try:
            await held.store.events.bounds()
        except DatabaseError as error:
            return Check(status="away", reason=str(error))
    if patience.cancelled_caught:
        return Check(status="away", reason=f"It did not answer within {PATIENCE_S:g} s")
    return Check(status="ok")


def redis_check(held: Services) -> Check:
    """Whether Redis answered last; nothing is asked."""
    if held.redis is None:
        return Check(status="off")
    if held.redis.is_up:
        return Check(status="ok")
    return Check(status="degraded", reason=held.redis.last_error or "Its breaker is not closed")


def tree_check(held: Services) -> Check:
    """Whether every part of the tree runs."""
    return _told([node for node in held.running.status().walk() if node.state not in _IN_ORDER])


def task_queue_check(held: Services) -> Check:
    """Whether what analyzes recordings runs."""
    nodes = [node for node in held.running.status().walk() if node.path.startswith(_TASK_QUEUE)]
    return _told([node for node in nodes if node.state is not ActorState.RUNNING])


def _told(ill: list[ActorStatus | SupervisorStatus]) -> Check:
    reason = "; ".join(f"{node.path} is {node.state}" for node in ill)
    return Check(status="degraded", reason=reason) if ill else Check(status="ok")
