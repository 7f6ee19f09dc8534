"""Reads the running tree into a Status. It changes nothing and never waits."""

from time import perf_counter_ns
from typing import TYPE_CHECKING

import trio

from supervision.branch import Branch
from supervision.breaker import CircuitBreaker
from supervision.leaf import Leaf
from supervision.status import ActorStatus, BreakerStatus, Status, SupervisorStatus

if TYPE_CHECKING:
    from supervision.engine import Engine
    from supervision.node import Node


def snapshot(engine: "Engine") -> Status:
    """The whole tree now."""
    now_s = trio.current_time()
    return Status(
        at_s=now_s,
        root=_supervisor(engine.root, now_s, perf_counter_ns()),
        dead_letter_count=engine.dead_letter_count,
        dead_letters=tuple(engine.dead_letters),
        deadlocks=tuple(engine.deadlocks),
    )


def _uptime_s(node: "Node", now_s: float) -> float:
    return now_s - node.started_at_s if node.ready and node.started_at_s is not None else 0.0


def _supervisor(branch: Branch, now_s: float, now_ns: int) -> SupervisorStatus:
    remaining, outlook = branch.budget.remaining(now_s), branch.budget.outlook(now_s)
    children: list[ActorStatus | SupervisorStatus] = []
    for child in branch.children.values():
        if isinstance(child, Branch):
            children.append(_supervisor(child, now_s, now_ns))
        elif isinstance(child, Leaf):
            children.append(_actor(child, now_s, now_ns, remaining, outlook))
    return SupervisorStatus(
        path=branch.path,
        state=branch.state,
        incarnation=branch.incarnation,
        started_at_s=branch.started_at_s,
        uptime_s=_uptime_s(branch, now_s),
        strategy=branch.spec.strategy.value,
        restarts_in_window=branch.budget.spent(now_s),
        restarts_remaining=remaining,
        escalates_after=outlook,
        last_error=None if branch.last_error is None else str(branch.last_error),
        children=tuple(children),
    )


def _actor(leaf: Leaf, now_s: float, now_ns: int, remaining: int, outlook: str) -> ActorStatus:
    queue = leaf.queue
    return ActorStatus(
        path=leaf.path,
        state=leaf.state,
        incarnation=leaf.incarnation,
        started_at_s=leaf.started_at_s,
        uptime_s=_uptime_s(leaf, now_s),
        restarts=max(0, leaf.incarnation - 1),
        restarts_in_window=leaf.parent.budget.spent_on(leaf.name, now_s),
        restarts_remaining=remaining,
        escalates_after=outlook,
        failures_in_row=leaf.failures,
        last_error=None if leaf.last_error is None else str(leaf.last_error),
        mailbox_depth=len(queue.items),
        mailbox_capacity=0 if leaf.is_task else queue.spec.capacity,
        mailbox_high_water=queue.high_water,
        waiting_senders=len(queue.senders),
        handled=leaf.handled,
        failed=leaf.failed_messages,
        dropped=leaf.dropped,
        redelivered=leaf.redelivered,
        quarantined=leaf.quarantined,
        late_answers=leaf.late_answers,
        dead_letters=leaf.dead_letters,
        rate_per_s=leaf.rate.per_s(leaf.handled, now_ns),
        latency=leaf.histogram.latency() if leaf.histogram.counts else None,
        waiting_for=tuple(node.path for node in leaf.engine.waits.waiting_for(leaf)),
        breakers=tuple(_breaker(breaker) for breaker in leaf.breakers),
        stack=leaf.stack or None,
    )


def _breaker(breaker: CircuitBreaker) -> BreakerStatus:
    circuit = breaker.circuit
    return BreakerStatus(
        name=breaker.name,
        state=circuit.state,
        failures_in_row=circuit.failures_in_row,
        failure_rate=circuit.failure_rate,
        refused=circuit.refused,
    )
