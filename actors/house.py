"""What the children of the tree make for those that are started after them, and the tasks that keep it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import structlog
import trio

from actors.config import Config
from actors.feed import Feed
from actors.journal import Journal, Reader
from actors.nudge import Nudge
from actors.queued import Queued
from actors.reporter import report
from actors.store.bridge import open_bridge
from actors.store.events import Events
from actors.store.pool import open_pool
from actors.store.store import Store, bring_up_to_date, open_store
from actors.watching import folder
from actors.work.executor import Executor
from actors.work.local import local_executor
from supervision import Context

if TYPE_CHECKING:
    from actors.redis import Redis

log = structlog.get_logger("rookery.pipeline")


@attrs.define(eq=False)
class House:
    """What the children of the tree make for those started after them."""

    config: Config
    url: str = attrs.field(repr=False)
    """Of the database; it may hold a password."""
    journal: Journal = attrs.field(factory=Journal)
    """What the process logs."""
    told: Reader = attrs.field(init=False, default=attrs.Factory(lambda self: Reader(self.journal), takes_self=True))
    """How far the live feed was told of it."""
    _store: Store | None = None
    _feed: Feed | None = None
    _executor: Executor | None = None
    work_waits: Nudge = attrs.field(factory=Nudge)
    queued: Queued = attrs.field(factory=Queued)
    """What stands in the queues of the players that are awake; the broadcaster tells them what the catalogue changed of it."""
    started_at: datetime = attrs.field(init=False, factory=lambda: datetime.now(UTC))
    """When the first of them began; restarts leave it as it is."""
    redis: "Redis | None" = attrs.field(
        init=False, default=attrs.Factory(lambda self: _redis(self.config), takes_self=True)
    )
    """The shared Redis, if one is configured; nothing waits for it."""

    @property
    def store(self) -> Store:
        """Open while the tree's `store` runs."""
        assert self._store is not None
        return self._store

    @property
    def feed(self) -> Feed:
        """The live feed; clients stay on it while the broadcaster is restarted."""
        assert self._feed is not None
        return self._feed

    @property
    def executor(self) -> Executor:
        """Open while the tree's `workers` runs."""
        assert self._executor is not None
        return self._executor

    async def keep_schema(self, context: Context) -> None:
        """Task: the database has this program's schema; ends when a backup was put back, so that all that stands on it begins anew."""
        async with open_bridge() as bridge:
            await bring_up_to_date(bridge, self.url)
            async with (
                open_pool(bridge, self.url, connections=1, limit_s=self.config.query_limit_s) as pool,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(_cancel_when, context.stopping, nursery.cancel_scope)
                context.ready()
                await Events(pool).until_restored()
                log.warning("restored", what="A backup was put back; everything begins anew on it.")
                nursery.cancel_scope.cancel()

    async def keep_store(self, context: Context) -> None:
        """Task: the connections to PostgreSQL, the roots of the configuration in it, and the feed over its log."""
        async with open_store(self.config, url=self.url) as self._store:
            await self._admit_roots(self._store)
            self._feed = Feed(self._store.events, queue_bytes=self.config.client_queue_bytes)
            context.ready()
            await context.stopping.wait()

    async def _admit_roots(self, store: Store) -> None:
        known = {root.path for root in await store.roots.list_()}
        for root in self.config.roots:
            path = await trio.to_thread.run_sync(folder.real, root)
            if path not in known:
                # One that is known may be away for a while; a new one that is not there is a slip of the pen.
                await trio.to_thread.run_sync(folder.demand, path)
                await store.roots.add(path)
        if not await store.roots.list_():
            log.warning(
                "no_folder",
                advice="Nothing is watched. Name a folder, as in: rookery serve ~/Music; or try: rookery serve --demo",
            )

    async def keep_workers(self, context: Context) -> None:
        """Task: the child processes that read files."""
        async with local_executor(self.config) as self._executor:
            context.ready()
            await context.stopping.wait()

    async def keep_told(self, context: Context) -> None:
        """Task: whoever listens on the feed hears what the process logs."""
        await report(context, reader=self.told, feed=self.feed)

    async def keep_redis(self, context: Context) -> None:
        """Task: the connections to Redis. It is ready at once: nobody needs Redis to start."""
        assert self.redis is not None
        context.ready()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.redis.serve)
            await context.stopping.wait()
            nursery.cancel_scope.cancel()


def _redis(config: Config) -> "Redis | None":
    if config.redis_url is None:
        return None
    from actors.redis import Redis as Shared  # noqa: PLC0415  # only who has one pays a tenth of a second for its import

    return Shared(config.redis_url)


async def _cancel_when(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
