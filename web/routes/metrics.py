"""Numbers for Prometheus: what was counted, and what the tree, the pool, the feed and the catalogue say at this moment."""

import trio
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.metrics import CONTENT_TYPE, Family, Spread
from web.encoding import now, raw_answer
from web.endpoints import Answer, endpoint
from web.services import Services, services
from web.tree_metrics import tree_families

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
    families: list[Family | Spread] = [
        *_service(held),
        *tree_families(held.running.status()),
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
