"""Tells what the process logs to those who listen to it on the live feed."""

from collections import deque

import trio

from actors.feed import Feed
from actors.journal import Reader
from actors.model.event import Passing
from actors.model.log_line import Heard
from actors.model.log_view import log_view
from supervision import Context

TOPIC = "logs"


async def report(context: Context, *, reader: Reader, feed: Feed) -> None:
    """Task: whatever the reader gives goes to the feed, until the tree stops; where nobody listens, nothing is made of it.

    The reader outlives it, so that a restart loses nothing that is still kept. What telling itself logs is not told.
    """
    context.ready()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_tell, reader, feed)
        await context.stopping.wait()
        nursery.cancel_scope.cancel()


async def _tell(reader: Reader, feed: Feed) -> None:
    while True:
        waiting = deque(await reader.take())
        if not feed.is_taken(TOPIC):
            continue
        try:
            while waiting:
                with reader.journal.mute():
                    feed.publish_passing(passing(waiting.popleft(), run=reader.journal.run))
                await trio.lowlevel.checkpoint()  # each may take the feed a whole slice
        finally:
            reader.put_back(waiting)


def passing(heard: Heard, *, run: str) -> Passing:
    """One line as a message, for the readers of one run of the service. No line takes the place of another."""
    return Passing(
        type="LOG",
        subject=f"{run}-{heard.entry.number}",
        payload=log_view(heard),
        at=heard.entry.line.at,
    )
