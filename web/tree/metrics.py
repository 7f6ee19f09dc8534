"""The supervision tree as numbers for Prometheus. Where a supervisor has many children they are told together, so that labels stay few."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf

import attrs

from actors.metrics import Family, Labels, Spread
from supervision import ActorState, ActorStatus, BreakerStatus, CircuitState, Status, SupervisorStatus

MOST_CHILDREN = 50
"""So many children of one supervisor are told one by one."""

BUCKET_BITS = (10, 13, 16, 18, 20, 22, 24, 26, 28, 30, 32, 35, 38)
"""Upper bounds of the histogram as powers of two nanoseconds, where the engine's own buckets end: 1 µs to 4.6 min."""

OUTCOMES: dict[str, Callable[[ActorStatus], int]] = {
    "handled": lambda actor: actor.handled,
    "failed": lambda actor: actor.failed,
    "dropped": lambda actor: actor.dropped,
    "redelivered": lambda actor: actor.redelivered,
    "quarantined": lambda actor: actor.quarantined,
    "answered_late": lambda actor: actor.late_answers,
    "dead_letter": lambda actor: actor.dead_letters,
}


@attrs.frozen(kw_only=True)
class Group:
    """Actors under one label: one, by its path, or all of a crowd below a supervisor, as `path/*`."""

    path: str
    actors: Sequence[ActorStatus]
    is_crowd: bool = False


def tree_families(status: Status) -> list[Family | Spread]:
    """All numbers of the tree."""
    supervisors: list[SupervisorStatus] = []
    groups = list(_groups(status.root, supervisors))
    # Sums over a crowd fall when one of it leaves, which no counter may: of crowds only what is now is told.
    single = [group.actors[0] for group in groups if not group.is_crowd]
    boxes = [attrs.evolve(group, actors=with_box) for group in groups if (with_box := _with_mailbox(group.actors))]
    return [
        *_life(groups, single, supervisors),
        *_budgets(supervisors),
        *_mailboxes(boxes),
        *_messages([actor for actor in single if actor.mailbox_capacity]),
        *_breakers(single),
        *_happened(status),
    ]


def _groups(node: SupervisorStatus, supervisors: list[SupervisorStatus]) -> Iterator[Group]:
    supervisors.append(node)
    if len(node.children) > MOST_CHILDREN:
        yield Group(path=f"{node.path}/*", actors=list(_actors_below(node)), is_crowd=True)
        return
    for child in node.children:
        if isinstance(child, SupervisorStatus):
            yield from _groups(child, supervisors)
        else:
            yield Group(path=child.path, actors=[child])


def _actors_below(node: SupervisorStatus) -> Iterator[ActorStatus]:
    for child in node.children:
        if isinstance(child, SupervisorStatus):
            yield from _actors_below(child)
        else:
            yield child


def _with_mailbox(actors: Iterable[ActorStatus]) -> list[ActorStatus]:
    return [actor for actor in actors if actor.mailbox_capacity]


def _life(
    groups: Sequence[Group], single: Sequence[ActorStatus], supervisors: Sequence[SupervisorStatus]
) -> Iterator[Family]:
    nodes: list[ActorStatus | SupervisorStatus] = [*supervisors, *single]
    states = [(node.path, [node.state]) for node in supervisors]
    states += [(group.path, [actor.state for actor in group.actors]) for group in groups]
    by_state = tuple(
        ({"path": path, "state": state}, float(held.count(state))) for path, held in states for state in ActorState
    )
    starts = tuple(({"path": node.path}, float(node.incarnation)) for node in nodes)
    uptimes = tuple(({"path": node.path}, node.uptime_s) for node in nodes)
    restarts = tuple(({"path": node.path}, float(max(0, node.incarnation - 1))) for node in nodes)
    failures = tuple(({"path": actor.path}, float(actor.failures_in_row)) for actor in single)
    yield Family(name="rookery_children", meaning="Parts of the tree by their state.", samples=by_state)
    yield Family(name="rookery_child_incarnation", meaning="Number of its present or last life.", samples=starts)
    yield Family(name="rookery_child_uptime_seconds", meaning="Since it became ready.", samples=uptimes)
    yield Family(name="rookery_child_restarts_total", meaning="Restarts of the part.", samples=restarts)
    yield Family(name="rookery_child_failures_in_row", meaning="Crashes since it last stayed up.", samples=failures)


def _budgets(supervisors: Sequence[SupervisorStatus]) -> Iterator[Family]:
    spent = tuple(({"path": node.path}, float(node.restarts_in_window)) for node in supervisors)
    left = tuple(({"path": node.path}, float(node.restarts_remaining)) for node in supervisors)
    yield Family(name="rookery_supervisor_restarts_recent", meaning="Restarts within its window.", samples=spent)
    yield Family(name="rookery_supervisor_restarts_remaining", meaning="Borne before it gives up.", samples=left)


def _mailboxes(groups: Sequence[Group]) -> Iterator[Family]:
    def summed(name: str, meaning: str, value: Callable[[ActorStatus], int], by: Callable[..., int] = sum) -> Family:
        samples = tuple(({"path": group.path}, float(by(map(value, group.actors)))) for group in groups)
        return Family(name=f"rookery_mailbox_{name}", meaning=meaning, samples=samples)

    yield summed("depth", "Messages that wait.", lambda actor: actor.mailbox_depth)
    yield summed("capacity", "Messages that may wait.", lambda actor: actor.mailbox_capacity)
    yield summed("high_water", "The most that ever waited for one.", lambda actor: actor.mailbox_high_water, max)
    yield summed("waiting_senders", "Senders that wait for room.", lambda actor: actor.waiting_senders)


def _messages(actors: Sequence[ActorStatus]) -> Iterator[Family | Spread]:
    outcomes = tuple(
        ({"path": actor.path, "outcome": outcome}, float(count(actor)))
        for actor in actors
        for outcome, count in OUTCOMES.items()
    )
    yield Family(name="rookery_messages_total", meaning="Messages by what became of them.", samples=outcomes)
    yield Spread(
        name="rookery_message_seconds",
        meaning="How long an actor takes for a message.",
        samples=tuple(_histogram(actor) for actor in actors),
    )


def _histogram(actor: ActorStatus) -> tuple[Labels, tuple[tuple[float, float], ...], float]:
    took = actor.latency
    buckets = tuple((2**bits / 1e9, float(took.no_longer_than(bits)) if took else 0.0) for bits in BUCKET_BITS)
    count, sum_s = (took.count, took.sum_s) if took else (0, 0.0)
    return {"path": actor.path}, (*buckets, (inf, float(count))), sum_s


def _breakers(actors: Sequence[ActorStatus]) -> Iterator[Family]:
    # Several breakers of one name in one actor are told as the worst of them.
    held: dict[tuple[str, str], BreakerStatus] = {}
    for actor in actors:
        for breaker in actor.breakers:
            key = actor.path, breaker.name
            held[key] = max(held.get(key, breaker), breaker, key=lambda one: one.state is not CircuitState.CLOSED)

    def told(name: str, meaning: str, value: Callable[[BreakerStatus], float]) -> Family:
        samples = tuple(({"path": path, "breaker": name}, float(value(one))) for (path, name), one in held.items())
        return Family(name=f"rookery_breaker_{name}", meaning=meaning, samples=samples)

    states = tuple(
        ({"path": path, "breaker": name, "state": state}, float(breaker.state is state))
        for (path, name), breaker in held.items()
        for state in CircuitState
    )
    yield Family(name="rookery_breaker_state", meaning="1 at the state that it is in.", samples=states)
    yield told("failures_in_row", "Failed calls since the last that succeeded.", lambda one: one.failures_in_row)
    yield told("failure_ratio", "Share of its last calls that failed.", lambda one: one.failure_rate)
    yield told("refused_total", "Calls that it did not let through.", lambda one: one.refused)


def _happened(status: Status) -> Iterator[Family]:
    events = tuple(({"kind": kind}, float(number)) for kind, number in sorted(status.event_counts.items()))
    yield Family(name="rookery_supervision_events_total", meaning="What happened in the tree.", samples=events)
    yield Family(
        name="rookery_dead_letters_total",
        meaning="Messages that were not handled.",
        samples=(({}, float(status.dead_letter_count)),),
    )
    yield Family(
        name="rookery_deadlocks_total",
        meaning="Cycles of waits that were refused.",
        samples=(({}, float(status.deadlock_count)),),
    )
