"""Numbers for Prometheus: what was counted, and what the tree, the pool, the feed and the catalogue say at this moment."""

import trio
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.metrics import CONTENT_TYPE, Family
from supervision import ActorState, ActorStatus, Status, SupervisorStatus
from web.encoding import now, raw_answer
from web.endpoints import Answer, endpoint
from web.services import Services, services

blueprint = Blueprint("metrics", __name__)

PATIENCE_S = 2 * SECONDS
"""Without the database the rest is told all the same."""


@endpoint(
    blueprint,
    "GET",
    "/metrics",
    tag="Service",
    answers={200: Answer(meaning="Prometheus text format.", content=("text/plain",))},
)
async def read_metrics() -> Response:
    """Numbers of the service, in the text format of Prometheus."""
    held = services()
    status = held.running.status()
    families = [
        *_service(held),
        *_tree(status),
        *_messages(status),
        *_pool(held),
        *_feed(held),
        *await _catalogue(held),
    ]
    return raw_answer(held.metrics.exposition(families), content_type=CONTENT_TYPE)


def _one(name: str, meaning: str, value: float) -> Family:
    return Family(name=name, meaning=meaning, samples=(({}, value),))


def _service(held: Services) -> list[Family]:
    return [
        Family(name="rookery_info", meaning="Always 1.", samples=(({"version": held.version}, 1),)),
        _one("rookery_uptime_seconds", "Since the start.", (now() - held.started_at).total_seconds()),
    ]


def _tree(status: Status) -> list[Family]:
    nodes = list(status.walk())
    supervisors = [node for node in nodes if isinstance(node, SupervisorStatus)]
    actors = [node for node in nodes if isinstance(node, ActorStatus)]
    up = tuple(({"path": node.path}, float(node.state is ActorState.RUNNING)) for node in nodes)
    restarts = tuple(({"path": node.path}, float(node.restarts)) for node in actors)
    remaining = tuple(({"path": node.path}, float(node.restarts_remaining)) for node in supervisors)
    return [
        Family(name="rookery_child_running", meaning="1 while the part runs.", samples=up),
        Family(name="rookery_child_restarts_total", meaning="Restarts of the part.", samples=restarts),
        Family(name="rookery_supervisor_restarts_remaining", meaning="Borne before it gives up.", samples=remaining),
        _one("rookery_dead_letters_total", "Messages that were not handled.", status.dead_letter_count),
    ]


def _messages(status: Status) -> list[Family]:
    actors = [node for node in status.walk() if isinstance(node, ActorStatus) and node.mailbox_capacity]
    outcomes = ("handled", "failed", "dropped", "redelivered")
    by_outcome = tuple(
        ({"path": node.path, "outcome": outcome}, float(getattr(node, outcome)))
        for node in actors
        for outcome in outcomes
    )
    quantiles = tuple(
        ({"path": node.path, "quantile": quantile}, value)
        for node in actors
        if node.latency is not None
        for quantile, value in (("0.5", node.latency.p50_s), ("0.95", node.latency.p95_s), ("0.99", node.latency.p99_s))
    )
    depths = tuple(({"path": node.path}, float(node.mailbox_depth)) for node in actors)
    senders = tuple(({"path": node.path}, float(node.waiting_senders)) for node in actors)
    return [
        Family(name="rookery_mailbox_depth", meaning="Messages that wait.", samples=depths),
        Family(name="rookery_mailbox_waiting_senders", meaning="Senders that wait for room.", samples=senders),
        Family(name="rookery_messages_total", meaning="Messages by what became of them.", samples=by_outcome),
        Family(name="rookery_message_seconds", meaning="Quantiles of the time they took.", samples=quantiles),
    ]


def _pool(held: Services) -> list[Family]:
    pool = held.store.pool.statistics()
    counts = (({"state": "idle"}, float(pool.idle)), ({"state": "busy"}, float(pool.open - pool.idle)))
    return [
        Family(name="rookery_database_connections", meaning="Open connections.", samples=counts),
        _one("rookery_database_connections_most", "So many may be open.", pool.most),
        _one("rookery_database_retries_total", "Statements that were tried again.", pool.retries),
    ]


def _feed(held: Services) -> list[Family]:
    feed = held.feed.statistics()
    return [
        _one("rookery_feed_subscribers", "Clients of the live feed.", feed.subscribers),
        _one("rookery_feed_newest", "Number of the newest event.", feed.newest),
        _one("rookery_feed_published_total", "Events published.", feed.published),
        _one("rookery_feed_passing_total", "Messages without a number published.", feed.passing),
        _one("rookery_feed_too_slow_total", "Clients dropped because too much waited for them.", feed.too_slow),
        _one("rookery_feed_waiting_bytes", "What waits for clients.", feed.waiting_bytes),
    ]


async def _catalogue(held: Services) -> list[Family]:
    try:
        with trio.fail_after(PATIENCE_S):
            tracks = await held.store.tracks.count()
            waiting = await held.store.features.waiting()
    except (DatabaseError, trio.TooSlowError):
        return [_one("rookery_database_up", "1 while the database answers.", 0)]
    return [
        _one("rookery_database_up", "1 while the database answers.", 1),
        _one("rookery_tracks", "Tracks of the catalogue.", tracks),
        _one("rookery_tracks_waiting", "Tracks that wait for their analysis.", waiting),
    ]
