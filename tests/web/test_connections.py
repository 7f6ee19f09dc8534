"""Who is on the live feed. Why they leave, on real sockets: live/suites/test_causes.py."""

import pytest
import trio

from web.connections import Cause, Connection, Connections, Kind


async def test_an_error_is_a_cause():
    connections = Connections(trio.Event())
    connection = Connection(kind=Kind.SSE, address="::1", caller=None)
    with pytest.raises(ZeroDivisionError):
        fail(connections, connection)

    assert connection.cause is Cause.FAILED
    assert connections.left() == {(Kind.SSE, Cause.FAILED): 1}


def fail(connections, connection):
    with connections.hold(connection):
        assert connections.counts() == {Kind.WEBSOCKET: 0, Kind.SSE: 1, Kind.NDJSON: 0}
        raise ZeroDivisionError


async def test_what_nobody_has_decided_follows_from_the_line_and_the_service():
    class Cut:
        has_stalled = True

    stopping = trio.Event()
    connections = Connections(stopping)
    for line in (None, Cut()):
        with connections.hold(Connection(kind=Kind.NDJSON, address="::1", caller=None, line=line)):
            pass
    stopping.set()
    with connections.hold(Connection(kind=Kind.NDJSON, address="::1", caller=None)):
        pass

    assert connections.left() == {
        (Kind.NDJSON, Cause.LEFT): 1,
        (Kind.NDJSON, Cause.STALLED): 1,
        (Kind.NDJSON, Cause.SHUTDOWN): 1,
    }


async def test_the_first_cause_counts_and_the_oldest_comes_first():
    connections = Connections(trio.Event())
    first, second = (Connection(kind=Kind.SSE, address="::1", caller=None) for _ in range(2))
    with connections.hold(first), connections.hold(second):
        assert connections.all() == (first, second)
        second.ends(Cause.TOO_SLOW)
        second.ends(Cause.SHUTDOWN)

    assert connections.left() == {(Kind.SSE, Cause.TOO_SLOW): 1, (Kind.SSE, Cause.LEFT): 1}
