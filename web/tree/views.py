"""The supervision tree as clients see it. Errors are shown by their last line; their tracebacks stand in the log."""

from datetime import datetime, timedelta

import msgspec

from actors.model.time import Time
from supervision import ActorState, ActorStatus, CircuitState, EventKind, Status, SupervisorStatus
from web.tree.feed import FeedView


class MailboxView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Messages that wait, how many may, the most that ever did, and senders that wait for room."""

    depth: int
    """Messages that wait."""
    capacity: int
    """Messages that may wait."""
    high_water: int
    """Most that ever waited."""
    waiting_senders: int
    """Senders that wait for room."""


class MessagesView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What became of messages since the tree started; the rate is of the last seconds."""

    handled: int
    """Handled to their end."""
    failed: int
    """At which it failed."""
    dropped: int
    """Thrown away for room."""
    redelivered: int
    """Given again after a restart."""
    quarantined: int
    """Set aside because they made it fail again and again."""
    late_answers: int
    """Answers that nobody waited for any more."""
    dead_letters: int
    """That reached nobody."""
    rate_per_second: float
    """Handled in a second, of late."""


class LatencyView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Seconds that messages took: half of them no longer than `p50`, and so on."""

    count: int
    """Messages that were measured."""
    p50: float
    """Seconds; half are faster."""
    p95: float
    """Seconds; 95 of 100 are faster."""
    p99: float
    """Seconds; 99 of 100 are faster."""


class BreakerView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One circuit breaker that the actor uses; `refused` calls were not let through."""

    name: str
    """What it guards."""
    state: CircuitState
    """Whether calls go through."""
    failures_in_row: int
    """Failures since the last success."""
    failure_rate: float
    """0–1: failures among the calls of late."""
    refused: int
    """Calls that were refused while it was open."""


class ActorView(msgspec.Struct, rename="camel", frozen=True, kw_only=True, tag_field="kind", tag="actor"):
    """One actor or task; `uptime` in seconds, `stack` while it is stuck.

    `restartsInWindow` are those that its own ends have cost its supervisor lately; what remains is its supervisor's.
    """

    path: str
    """Names from the root of the tree down."""
    name: str
    """Its own name."""
    state: ActorState
    """How it is."""
    incarnation: int
    """How often it was started."""
    started_at: Time | None
    """When this incarnation began; null if it has not."""
    uptime: float
    """Seconds since then."""
    restarts: int
    """How often it was restarted."""
    restarts_in_window: int
    """Restarts that count at the moment."""
    restarts_remaining: int
    """Restarts that it still has."""
    escalates_after: str
    """When its supervisor will give up."""
    failures_in_row: int
    """Failures since it last did well."""
    last_error: str | None
    """What last went wrong; null if nothing did."""
    mailbox: MailboxView
    """What waits for it."""
    messages: MessagesView
    """What it did with messages."""
    latency: LatencyView | None
    """How long it takes; null if it takes no messages."""
    waiting_for: tuple[str, ...]
    """Paths of those whose answer it waits for."""
    breakers: tuple[BreakerView, ...]
    """Its circuit breakers."""
    stack: str | None
    """Where its task stands, if that was asked for; null otherwise."""


class SupervisorView(msgspec.Struct, rename="camel", frozen=True, kw_only=True, tag_field="kind", tag="supervisor"):
    """One supervisor with all below it; `escalatesAfter` says for people what it takes until it gives up."""

    path: str
    """Names from the root of the tree down."""
    name: str
    """Its own name."""
    state: ActorState
    """How it is."""
    incarnation: int
    """How often it was started."""
    started_at: Time | None
    """When this incarnation began; null if it has not."""
    uptime: float
    """Seconds since then."""
    strategy: str
    """Who else is restarted with a child that failed."""
    restarts_in_window: int
    """Restarts that count at the moment."""
    restarts_remaining: int
    """Restarts that it still has."""
    escalates_after: str
    """When it will give up and hand the trouble upwards."""
    last_error: str | None
    """What last went wrong; null if nothing did."""
    # A string, because the class is not yet there.
    children: "tuple[ActorView | SupervisorView, ...]"
    """Those below it, in the order of their start."""


class DeadLetterView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A message that will not be handled, by its kind."""

    path: str
    """Whom it was for."""
    message: str
    """What it was, shortened."""
    reason: str
    """Why it did not arrive."""
    at: Time


class TreeView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The whole tree at one moment, with the most recent dead letters and deadlocks; the counts are since it started."""

    at: Time
    root: SupervisorView
    """The uppermost supervisor."""
    dead_letter_count: int
    """Messages that reached nobody, since the start."""
    dead_letters: tuple[DeadLetterView, ...]
    """The newest of them."""
    deadlock_count: int
    """Circles of actors that waited for each other, since the start."""
    deadlocks: tuple[tuple[str, ...], ...]
    """The newest of them, each as the paths in the circle."""
    event_counts: dict[EventKind, int]
    """By kind, without those that never happened."""
    feed: FeedView
    """The live feed."""


def tree_view(status: Status, *, now: datetime, feed: FeedView) -> TreeView:
    """A snapshot as clients see it; `now` is its moment on the wall's clock."""
    return TreeView(
        at=now,
        root=_supervisor_view(status.root, now),
        dead_letter_count=status.dead_letter_count,
        dead_letters=tuple(
            DeadLetterView(
                path=letter.path,
                message=type(letter.message).__name__,
                reason=letter.reason,
                at=now - timedelta(seconds=status.at_s - letter.at_s),
            )
            for letter in status.dead_letters
        ),
        deadlock_count=status.deadlock_count,
        deadlocks=status.deadlocks,
        event_counts=dict(status.event_counts),
        feed=feed,
    )


def node_view(node: ActorStatus | SupervisorStatus, *, now: datetime) -> ActorView | SupervisorView:
    """One child as clients see it."""
    return _supervisor_view(node, now) if isinstance(node, SupervisorStatus) else _actor_view(node, now)


def _supervisor_view(node: SupervisorStatus, now: datetime) -> SupervisorView:
    return SupervisorView(
        path=node.path,
        name=node.path.rpartition("/")[2],
        state=node.state,
        incarnation=node.incarnation,
        started_at=_started_at(node, now),
        uptime=round(node.uptime_s, 3),
        strategy=node.strategy,
        restarts_in_window=node.restarts_in_window,
        restarts_remaining=node.restarts_remaining,
        escalates_after=node.escalates_after,
        last_error=_last_line(node.last_error),
        children=tuple(node_view(child, now=now) for child in node.children),
    )


def _actor_view(node: ActorStatus, now: datetime) -> ActorView:
    latency = node.latency
    return ActorView(
        path=node.path,
        name=node.path.rpartition("/")[2],
        state=node.state,
        incarnation=node.incarnation,
        started_at=_started_at(node, now),
        uptime=round(node.uptime_s, 3),
        restarts=node.restarts,
        restarts_in_window=node.restarts_in_window,
        restarts_remaining=node.restarts_remaining,
        escalates_after=node.escalates_after,
        failures_in_row=node.failures_in_row,
        last_error=_last_line(node.last_error),
        mailbox=MailboxView(
            depth=node.mailbox_depth,
            capacity=node.mailbox_capacity,
            high_water=node.mailbox_high_water,
            waiting_senders=node.waiting_senders,
        ),
        messages=MessagesView(
            handled=node.handled,
            failed=node.failed,
            dropped=node.dropped,
            redelivered=node.redelivered,
            quarantined=node.quarantined,
            late_answers=node.late_answers,
            dead_letters=node.dead_letters,
            rate_per_second=round(node.rate_per_s, 3),
        ),
        latency=LatencyView(count=latency.count, p50=latency.p50_s, p95=latency.p95_s, p99=latency.p99_s)
        if latency
        else None,
        waiting_for=node.waiting_for,
        breakers=tuple(
            BreakerView(
                name=breaker.name,
                state=breaker.state,
                failures_in_row=breaker.failures_in_row,
                failure_rate=round(breaker.failure_rate, 3),
                refused=breaker.refused,
            )
            for breaker in node.breakers
        ),
        stack=node.stack,
    )


def _started_at(node: ActorStatus | SupervisorStatus, now: datetime) -> datetime | None:
    return None if node.started_at_s is None else now - timedelta(seconds=node.uptime_s)


def _last_line(traceback: str | None) -> str | None:
    """What went wrong, of a traceback; of a group the error inside it, without the frame that is drawn around it."""
    if not traceback:
        return None
    lines = (line.strip(" |") for line in reversed(traceback.splitlines()))
    return next((line for line in lines if line and not line.startswith("+-")), None)
