"""What the web works with: one value, made by the composition root and handed to every route."""

from contextvars import ContextVar, Token
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs
import trio

from actors.config import SECONDS, Config
from actors.feed import Feed
from actors.journal import Journal
from actors.metrics import Metrics
from actors.player import Players
from actors.queued import Queued
from actors.store.store import Store
from actors.work.executor import Executor
from actors.work.stream import Streams
from supervision import Running
from web.cache import Hits, MemoryShelf, QueryCache, Shelf
from web.connections import Connections
from web.recent import Recent
from web.traffic import Buckets, MemoryBuckets, Traffic

if TYPE_CHECKING:
    from actors.redis import Redis
from web.access import Access

HEALTH_KEPT_S = 1 * SECONDS
PICTURES = 2
PICTURE_WAIT_S = 15 * SECONDS
"""A page of the library asks for dozens at once."""


@attrs.frozen(kw_only=True, eq=False)
class Services:
    """Everything a route may read or send to. Owned by whoever made it; the app closes nothing of it."""

    config: Config
    store: Store
    feed: Feed
    executor: Executor
    running: Running
    started_at: datetime
    """UTC."""
    version: str
    journal: Journal = attrs.field(factory=Journal)
    """What this process logs."""
    redis: "Redis | None" = None
    cache: QueryCache = attrs.field(
        default=attrs.Factory(lambda self: QueryCache(_shelf(self.config, self.redis)), takes_self=True)
    )
    hits: Hits = attrs.field(
        default=attrs.Factory(
            lambda self: Hits(self.feed, lambda: self.cache.statistics().size.entries), takes_self=True
        )
    )
    """What kept answers do for those who listen."""
    access: Access = attrs.field(default=attrs.Factory(lambda self: Access(self.store, self.config), takes_self=True))
    metrics: Metrics = attrs.field(factory=Metrics)
    traffic: Traffic = attrs.field(
        default=attrs.Factory(lambda self: Traffic.of(self.config, _buckets(self.redis)), takes_self=True)
    )
    streams: Streams = attrs.field(
        default=attrs.Factory(
            lambda self: Streams(most=self.config.conversions, memory_bytes=self.config.worker_memory_bytes),
            takes_self=True,
        )
    )
    """Conversions; each belongs to the exchange that asked for it."""
    pictures: Streams = attrs.field(
        default=attrs.Factory(
            lambda self: Streams(most=PICTURES, memory_bytes=self.config.worker_memory_bytes, wait_s=PICTURE_WAIT_S),
            takes_self=True,
        )
    )
    """The same for pictures out of recordings, which are made in a moment."""
    queued: Queued = attrs.field(factory=Queued)
    """What stands in the queues of the players that are awake."""
    players: Players = attrs.field(
        default=attrs.Factory(
            lambda self: Players(store=self.store, feed=self.feed, queued=self.queued, config=self.config),
            takes_self=True,
        )
    )
    health: Recent[Any] = attrs.field(factory=lambda: Recent(kept_s=HEALTH_KEPT_S))
    """How the parts of the service are, as `/health` tells."""
    stopping: trio.Event = attrs.field(factory=trio.Event)
    """Set when the shutdown begins: no new work, streams say goodbye."""
    connections: Connections = attrs.field(
        default=attrs.Factory(lambda self: Connections(self.stopping), takes_self=True)
    )
    """Who is on the live feed."""

    def over(self, *, store: Store, feed: Feed, executor: Executor) -> "Services":
        """The same over parts that were started again: only what is named here, and knows none of them, is kept."""
        return Services(
            config=self.config,
            store=store,
            feed=feed,
            executor=executor,
            running=self.running,
            started_at=self.started_at,
            version=self.version,
            journal=self.journal,
            redis=self.redis,
            queued=self.queued,
            cache=self.cache,
            metrics=self.metrics,
            traffic=self.traffic,
            streams=self.streams,
            pictures=self.pictures,
        )


def _shelf(config: Config, redis: "Redis | None") -> Shelf:
    if redis is None:
        return MemoryShelf(limit_bytes=config.cache_bytes)
    from web.cache.redis import RedisShelf  # noqa: PLC0415  # only who has one pays for its import

    return RedisShelf(redis)


def _buckets(redis: "Redis | None") -> Buckets:
    if redis is None:
        return MemoryBuckets()
    from web.traffic.redis import RedisBuckets  # noqa: PLC0415  # only who has one pays for its import

    return RedisBuckets(redis)


_current: ContextVar[Services] = ContextVar("services")


def services() -> Services:
    """The services of the app that serves the present request or socket.

    Raises:
        LookupError: outside of any.
    """
    return _current.get()


class using:  # noqa: N801  # used as a verb; a class, because every request passes it
    """Make services those of what happens inside."""

    __slots__ = ("_services", "_token")

    def __init__(self, services: Services) -> None:
        self._services = services

    def __enter__(self) -> None:
        """From here."""
        self._token: Token[Services] = _current.set(self._services)

    def __exit__(self, *_: object) -> None:
        """To here."""
        _current.reset(self._token)
