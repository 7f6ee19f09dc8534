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
        deadlock_count=engine.deadlock_count,
        deadlocks=tuple(engine.deadlocks),
        event_counts=dict(engine.hub.counts),
    )


def part(node: "Node") -> ActorStatus | SupervisorStatus:
    """One child now, with all below it."""
    now_s, now_ns = trio.current_time(), perf_counter_ns()
    if isinstance(node, Branch):
        return _supervisor(node, now_s, now_ns)
    assert isinstance(node, Leaf)
    budget = node.parent.budget
    return _actor(node, now_s, now_ns, budget.remaining(now_s), budget.outlook(now_s))


def _uptime_s(node: "Node", now_s: float) -> float:
    return now_s - node.started_at_s if node.ready and node.started_at_s is not None else 0.0


def _supervisor(branch: Branch, now_s: float, now_ns: int) -> SupervisorStatus:
    remaining, outlook = branch.budget.remaining(now_s), branch.budget.outlook(now_s)
    children: list[ActorStatus | SupervisorStatus] = []
    for child in branch.children.values():
        if type(child) is Branch:
            children.append(_supervisor(child, now_s, now_ns))
        elif type(child) is Leaf:
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
    queue, handled, error = leaf.queue, leaf.handled, leaf.last_error
    waits, histogram = leaf.engine.waits, leaf.histogram
    # By position: by name it takes three times as long.
    return ActorStatus(
        leaf.path,
        leaf.state,
        leaf.incarnation,
        leaf.started_at_s,
        now_s - leaf.started_at_s if leaf.ready and leaf.started_at_s is not None else 0.0,
        leaf.incarnation - 1 if leaf.incarnation else 0,
        leaf.parent.budget.spent_on(leaf.name, now_s),
        remaining,
        outlook,
        leaf.failures,
        None if error is None else str(error),
        len(queue.items),
        0 if leaf.is_task else queue.spec.capacity,
        queue.high_water,
        len(queue.senders),
        handled,
        leaf.failed_messages,
        leaf.dropped,
        leaf.redelivered,
        leaf.quarantined,
        leaf.late_answers,
        leaf.dead_letters,
        leaf.rate.per_s(handled, now_ns),
        histogram.latency() if histogram.counts else None,
        tuple([node.path for node in waits.waiting_for(leaf)]) if waits else (),
        tuple([_breaker(breaker) for breaker in leaf.breakers.values()]) if leaf.breakers else (),
        leaf.stack or None,
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
