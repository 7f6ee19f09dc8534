"""What happened in the tree, as clients see it."""

from datetime import UTC, datetime, timedelta

import trio

from supervision import Child, Context, Event, EventKind, Failure, Supervisor, run
from web.tree.event import event_view

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def idle(context: Context) -> None:
    """A task that runs until it is stopped."""
    await context.stopping.wait()


TREE = Supervisor("house", children=[Child("glass", idle)])


async def test_events_get_the_time_of_the_wall(autojump_clock) -> None:
    async with run(TREE) as running:
        await trio.sleep(10)
        first = event_view(running.recent_events()[0], now=NOW, now_s=trio.current_time())

        assert (first.kind, first.path) == (EventKind.STARTED, "house/glass")
        assert first.at == NOW - timedelta(seconds=10)
        assert (first.error, first.message, first.delay) == (None, None, None)


def test_the_error_of_an_event_is_the_one_inside_its_group():
    error = ExceptionGroup("nursery", [ExceptionGroup("inner", [OSError("gone")]), ValueError("no")])
    event = Event(kind=EventKind.EXITED, path="r/a", at_s=5, incarnation=1, reason="crashed", error=Failure(error))

    assert event_view(event, now=NOW, now_s=5).error == "OSError: gone"
