"""The live feed beside the tree."""

import trio

from actors.feed import Feed
from web.connections import Cause, Connection, Connections, Kind
from web.tree.feed import feed_view


class NoLog:
    """Holds nothing."""

    async def after(self, seq, limit):
        await trio.lowlevel.checkpoint()
        return []

    async def bounds(self):
        await trio.lowlevel.checkpoint()
        return 1, 7


async def test_causes_are_told_together_for_all_transports():
    feed = Feed(NoLog(), queue_bytes=1_000)
    await feed.begin()
    connections = Connections(trio.Event())
    for kind in Kind:
        with connections.hold(Connection(kind=kind, address="::1", caller=None)) as _:
            pass
    slow = Connection(kind=Kind.SSE, address="::1", caller=None)
    with connections.hold(slow):
        slow.ends(Cause.TOO_SLOW)
    with connections.hold(Connection(kind=Kind.SSE, address="::1", caller=None)):
        view = feed_view(feed.statistics(), connections)

    assert (view.newest, view.sent, view.lag_bytes, view.most_lag) == (7, 0, 0, 0.0)
    assert view.connections == {Kind.WEBSOCKET: 0, Kind.SSE: 1, Kind.NDJSON: 0}
    assert view.left == {Cause.LEFT: 3, Cause.TOO_SLOW: 1}
