"""Every number of the service at this moment, for whichever form it is told in."""

import trio

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.metrics import Family, Spread
from supervision import ActorStatus, Status
from web.connections import Cause, Kind
from web.encoding import now
from web.services import Services
from web.tree.metrics import tree_families

PATIENCE_S = 2 * SECONDS
"""Without the database the rest is told all the same."""

_PIPELINE = "rookery/pipeline/"


async def readings(held: Services) -> list[Family | Spread]:
    """What the tree, the pool, the feed, the cache and the catalogue say; what was counted as it happened is in `held.metrics`."""
    status = held.running.status()
    return [
        *_service(held),
        *tree_families(status),
        _stages(status),
        *_pool(held),
        *_feed(held),
        *_log(held),
        *_cache(held),
        *_room(held),
        *await _catalogue(held),
    ]


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
    present = tuple(({"kind": kind.value}, float(number)) for kind, number in held.connections.counts().items())
    left = held.connections.left()
    ends = tuple(
        ({"kind": kind.value, "cause": cause.value}, float(left.get((kind, cause), 0)))
        for kind in Kind
        for cause in Cause
    )
    return [
        Family(name="rookery_feed_connections", meaning="Clients of the live feed, by transport.", samples=present),
        Family(name="rookery_feed_left_total", meaning="Connections that ended, by transport and cause.", samples=ends),
        _one("rookery_feed_subscribers", "Subscriptions to the live feed.", feed.subscribers),
        _one("rookery_feed_newest", "Number of the newest event.", feed.newest),
        _one("rookery_feed_published_total", "Events published.", feed.published),
        _one("rookery_feed_passing_total", "Messages without a number published.", feed.passing),
        _one("rookery_feed_sent_total", "Messages handed over to clients.", feed.sent),
        _one("rookery_feed_coalesced_total", "Messages that gave way to a newer one of their subject.", feed.coalesced),
        _one("rookery_feed_dropped_total", "Messages without a number given up for want of room.", feed.dropped),
        _one("rookery_feed_resyncs_total", "Times that a client was told that it lost events.", feed.resyncs),
        _one("rookery_feed_too_slow_total", "Clients dropped because too much waited for them.", feed.too_slow),
        _one("rookery_feed_waiting_bytes", "What waits for clients.", feed.waiting_bytes),
        _one("rookery_feed_most_waiting_bytes", "What waits for one of them at most.", feed.most_waiting_bytes),
        _one("rookery_feed_most_lag_seconds", "Age of the oldest message that waits.", feed.most_lag_s),
    ]


def _log(held: Services) -> list[Family]:
    return [
        _one("rookery_log_lines_total", "Lines of this process's log.", held.journal.newest),
        _one("rookery_log_lines_lost_total", "Lines lost to a reader, counted for each.", held.journal.lost),
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


def _stages(status: Status) -> Family:
    actors = [node for node in status.walk() if isinstance(node, ActorStatus) and node.path.startswith(_PIPELINE)]
    rates = tuple(({"stage": node.path.removeprefix(_PIPELINE)}, node.rate_per_s) for node in actors)
    return Family(name="rookery_stage_rate", meaning="Messages a second, over the last seconds.", samples=rates)


def _cache(held: Services) -> list[Family]:
    cache = held.cache.statistics()
    became = (("hit", cache.hits), ("miss", cache.misses - cache.joined), ("joined", cache.joined))
    asked = tuple(({"outcome": outcome}, float(number)) for outcome, number in became)
    found = [
        Family(name="rookery_cache_questions_total", meaning="Questions by what became of them.", samples=asked),
        _one("rookery_cache_troubles_total", "Times that the shelf could not be reached.", cache.troubles),
    ]
    if cache.size.entries is not None and cache.size.size_bytes is not None:
        found += [
            _one("rookery_cache_entries", "Answers that are kept here.", cache.size.entries),
            _one("rookery_cache_bytes", "What they take.", cache.size.size_bytes),
            _one("rookery_cache_evictions_total", "Answers that made room.", cache.size.evictions or 0),
        ]
    if held.redis is not None:
        found.append(_one("rookery_redis_up", "1 while Redis answers.", float(held.redis.is_up)))
    return found


def _room(held: Services) -> list[Family]:
    room = held.traffic.room.statistics()
    held_places = (({"state": "working"}, float(room.working)), ({"state": "waiting"}, float(room.waiting)))
    return [
        Family(name="rookery_requests", meaning="Requests that work or wait for their turn.", samples=held_places),
        _one("rookery_requests_turned_away_total", "Requests that found no place.", room.turned_away),
    ]
