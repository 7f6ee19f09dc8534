"""The live feed as it stands beside the supervision tree: totals alone."""

import msgspec

from actors.feed import FeedStatistics
from web.connections import Cause, Connections, Kind


class FeedView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The live feed: who listens, what waits for them, and why others left since the start."""

    newest: int
    """Number of the newest event."""
    connections: dict[Kind, int]
    """Clients that are there, by transport."""
    left: dict[Cause, int]
    """Connections that ended, by cause; of those that occurred."""
    sent: int
    """Messages handed over to clients."""
    lag_bytes: int
    """What waits for all clients together."""
    most_lag_bytes: int
    """What waits for one of them at most."""
    most_lag: float
    """Seconds: age of the oldest message that waits for any client."""


def feed_view(feed: FeedStatistics, connections: Connections) -> FeedView:
    """The totals of one moment."""
    left: dict[Cause, int] = {}
    for (_, cause), number in connections.left().items():
        left[cause] = left.get(cause, 0) + number
    return FeedView(
        newest=feed.newest,
        connections=connections.counts(),
        left=left,
        sent=feed.sent,
        lag_bytes=feed.waiting_bytes,
        most_lag_bytes=feed.most_waiting_bytes,
        most_lag=feed.most_lag_s,
    )
