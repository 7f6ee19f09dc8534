"""Rookery's live feed alone, on its own server, as one process; each line on its input, a number, publishes so many events.

Prints its address when it answers.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import count

import hypercorn
import trio
from quart import websocket
from quart_trio import QuartTrio

from actors.errors import ConflictError
from actors.feed import Feed
from actors.model.event import Event
from actors.model.player import Deck
from actors.model.player_commands import Command
from actors.model.user import LOCAL_CALLER, Caller
from web.cache import MemoryShelf, QueryCache
from web.connections import Connection, Kind
from web.live import leaving
from web.live.messages import Refused
from web.live.session import Session
from web.live.websocket import Pulse
from web.live.wire import Wire
from web.serving import Crowd, serve

PAYLOAD = {"track": {"id": "0197f0b2c4a87c3e", "title": "Blue Heron", "artist": "Ada Vale"}}


class NoLog:
    """A log of which nothing is kept."""

    async def after(self, seq: int, limit: int) -> Sequence[Event]:
        """Nothing."""
        return ()

    async def bounds(self) -> tuple[int, int]:
        """Of nothing."""
        return 1, 0


class Open:
    """A door that lets everyone in."""

    caller: Caller | None = LOCAL_CALLER

    async def admit(self, token: str) -> None:
        """Anyone."""

    async def until_shut(self) -> Refused:
        """Never."""
        await trio.sleep_forever()


async def nothing_plays(user_id: str, command: Command) -> Deck:
    """Nobody is told to play anything here."""
    raise ConflictError("the player is stopped")


async def main() -> None:
    """Serve until the input ends."""
    feed = Feed(NoLog(), queue_bytes=1 << 20)
    await feed.begin()
    app = QuartTrio("feed")
    app.asgi_websocket_class = leaving.Connection
    cache, stopping = QueryCache(MemoryShelf(limit_bytes=0)), trio.Event()

    @app.websocket("/ws")
    async def socket() -> None:
        current = websocket._get_current_object()
        await current.accept()
        pulse = Pulse(line=current.scope["state"]["line"])
        wire = Wire(
            receive=current.receive,
            send=current.send,
            close=current.close,
            outlet=pulse,
            pulse=pulse,
        )
        session = Session(
            wire,
            connection=Connection(kind=Kind.WEBSOCKET, address="::1", caller=None),
            door=Open(),
            feed=feed,
            stopping=stopping,
            heartbeat_s=3_600,
            cache=cache,
            carry_out=nothing_plays,
        )
        await session.run()

    settings = hypercorn.Config()
    settings.bind, settings.loglevel, settings.graceful_timeout = ["127.0.0.1:0"], "CRITICAL", 0.2
    crowd = Crowd(most=10_000, most_per_address=10_000)
    numbers = count(1)
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(serve, app, settings, crowd=crowd))
        print(addresses[0], flush=True)  # noqa: T201
        async for data in trio.lowlevel.FdStream(sys.stdin.fileno()):
            for line in data.decode().split():
                now = datetime.now(UTC)
                await feed.publish_paced(
                    [Event(seq=next(numbers), type="TRACK_ADDED", payload=PAYLOAD, at=now) for _ in range(int(line))]
                )
        nursery.cancel_scope.cancel()


trio.run(main)
