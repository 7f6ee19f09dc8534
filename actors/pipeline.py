"""The whole tree, and who sends what to whom, on one screen.

| who waits          | for room in the mailbox of | with                             |
|--------------------|----------------------------|----------------------------------|
| watcher (patrols)  | cataloger                  | FilesSettled … RootSeen          |
| analyzer           | cataloger                  | Analyzed, AnalysisFailed         |
| sweeper            | librarian                  | PurgeTrack, TidyUp               |

The web asks the librarian and the players, with a limit. Nobody else waits for anybody: progress is told without waiting, the cataloger only nudges the analyzer, and the broadcaster
only nudges players in whose queue something changed. A test holds
this table against cycles.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import attrs
import structlog
import trio

from actors.analyzer import Analyzer
from actors.broadcaster import Broadcaster
from actors.cataloger import Cataloger
from actors.conductor import Conductor
from actors.config import SECONDS, Config
from actors.feed import Feed
from actors.journal import Journal, Reader
from actors.librarian import Librarian
from actors.nudge import Nudge
from actors.player import PLAYERS, Players
from actors.queued import Queued
from actors.reporter import report
from actors.store.bridge import open_bridge
from actors.store.embedded import EmbeddedServer
from actors.store.events import Events
from actors.store.pool import open_pool
from actors.store.store import Store, bring_up_to_date, open_store
from actors.sweeper import Sweeper
from actors.watcher import Watcher
from actors.watching import folder
from actors.work.executor import Executor
from actors.work.local import local_executor
from supervision import Backoff, Child, Context, InFlight, Intensity, Mailbox, Overflow, Shutdown, Strategy, Supervisor

if TYPE_CHECKING:
    from actors.redis import Redis

log = structlog.get_logger("rookery.pipeline")

CATALOGER = "rookery/pipeline/cataloger"
BROADCASTER = "rookery/pipeline/broadcaster"
ANALYZER = "rookery/pipeline/analyzer"
WATCHER = "rookery/pipeline/watcher"
LIBRARIAN = "rookery/pipeline/librarian"
SWEEPER = "rookery/pipeline/sweeper"
CONDUCTOR = "rookery/pipeline/conductor"

WAITS_FOR: Mapping[str, tuple[str, ...]] = {
    WATCHER: (CATALOGER,),
    ANALYZER: (CATALOGER,),
    CATALOGER: (),
    LIBRARIAN: (),
    SWEEPER: (LIBRARIAN,),
    BROADCASTER: (),
    CONDUCTOR: (),
    PLAYERS: (),
}
"""Whose full mailbox each actor may wait on."""

HEALING = Intensity(restarts=5, within_s=30 * SECONDS)
"""A fault that passes is healed; one that comes back five times in half a minute is somebody else's to mend."""
PATIENCE = Backoff(first_s=0.1, factor=2.0, most_s=10 * SECONDS, jitter=0.2, reset_after_s=60 * SECONDS)


MANY_HEALING = Intensity(restarts=1_000, within_s=60 * SECONDS)
"""Each player heals alone: one that fails again and again, with growing pauses, must not take the others along."""

QUICK = Shutdown(grace_s=1 * SECONDS)
"""Nothing is lost by ending these at once: what they had in hand is found again, or was never begun."""
DATABASE_STOP_S = 3 * SECONDS
"""What the last child of all may need when everything before it used up its time."""


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


def tree(house: House, *, server: EmbeddedServer | None, web: Child | None) -> Supervisor:
    """The tree of the service; it stops in the opposite order: producers first, the feed's clients, the database last.

    Args:
        house: holds the configuration, and gets what the children make.
        server: the embedded database, None with an external one.
        web: the server of HTTP and WebSocket, None where another program serves the app.
    """
    database = [_database(server)] if server is not None else []
    shared = [_shared(house)] if house.redis is not None else []
    front = [Supervisor("web", children=[web], intensity=HEALING, backoff=PATIENCE)] if web is not None else []
    return Supervisor(
        "rookery",
        strategy=Strategy.REST_FOR_ONE,
        intensity=Intensity(restarts=3, within_s=60 * SECONDS),
        backoff=PATIENCE,
        shutdown=Shutdown(grace_s=house.config.shutdown_s - DATABASE_STOP_S),
        children=[
            *database,
            Child("schema", house.keep_schema, shutdown=QUICK),
            Child("store", house.keep_store, shutdown=QUICK),
            Child("workers", house.keep_workers, shutdown=QUICK),
            *shared,
            *front,
            pipeline(house),
        ],
    )


def pipeline(house: House) -> Supervisor:
    """The actors. Mailboxes and the catalogue outlive each of them, so each heals alone."""
    config, nudge = house.config, house.work_waits
    return Supervisor(
        "pipeline",
        strategy=Strategy.ONE_FOR_ONE,
        intensity=HEALING,
        backoff=PATIENCE,
        children=[
            Child(
                "broadcaster",
                lambda: Broadcaster(
                    store=house.store, feed=house.feed, queued=house.queued, config=config, conductor=CONDUCTOR
                ),
                mailbox=Mailbox(capacity=1_000, overflow=Overflow.DROP_OLDEST),
                shutdown=QUICK,
            ),
            Child("reporter", house.keep_told, shutdown=QUICK),
            Child(
                "cataloger",
                lambda: Cataloger(store=house.store, config=config, executor=house.executor, work_waits=nudge),
                mailbox=Mailbox(capacity=100, overflow=Overflow.WAIT, in_flight=InFlight.redeliver(times=3)),
                shutdown=QUICK,
            ),
            Child(
                "librarian",
                lambda: Librarian(store=house.store, work_waits=nudge),
                # Whoever asked is told when it crashes on an order, and an order twice would not be what they meant.
                mailbox=Mailbox(capacity=200, overflow=Overflow.WAIT, in_flight=InFlight.drop()),
                shutdown=QUICK,
            ),
            Child(
                "sweeper",
                lambda: Sweeper(store=house.store, config=config, librarian=LIBRARIAN),
                mailbox=Mailbox(capacity=1),
                shutdown=QUICK,
            ),
            Child(
                "analyzer",
                lambda: Analyzer(
                    store=house.store,
                    config=config,
                    executor=house.executor,
                    work_waits=nudge,
                    cataloger=CATALOGER,
                    broadcaster=BROADCASTER,
                ),
                mailbox=Mailbox(capacity=1),
                shutdown=QUICK,
            ),
            Child(
                "watcher",
                lambda: Watcher(store=house.store, config=config, cataloger=CATALOGER),
                mailbox=Mailbox(capacity=100, in_flight=InFlight.redeliver(times=3)),
                shutdown=QUICK,
            ),
            Supervisor(
                PLAYERS.rpartition("/")[2],
                strategy=Strategy.DYNAMIC,
                intensity=MANY_HEALING,
                backoff=PATIENCE,
                max_children=config.players,
                shutdown=QUICK,
            ),
            Child(
                "conductor",
                lambda: Conductor(
                    store=house.store,
                    players=Players(store=house.store, feed=house.feed, queued=house.queued, config=config),
                ),
                mailbox=Mailbox(capacity=1_000, overflow=Overflow.DROP_OLDEST),
                shutdown=QUICK,
            ),
        ],
    )


def _shared(house: House) -> Supervisor:
    return Supervisor(
        "shared",
        intensity=HEALING,
        backoff=PATIENCE,
        children=[Child("redis", house.keep_redis, shutdown=QUICK)],
    )


def _redis(config: Config) -> "Redis | None":
    if config.redis_url is None:
        return None
    from actors.redis import Redis as Shared  # noqa: PLC0415  # only who has one pays a tenth of a second for its import

    return Shared(config.redis_url)


def _database(server: EmbeddedServer) -> Supervisor:
    async def postgres(context: Context) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.serve, context.ready)
            await context.stopping.wait()
            nursery.cancel_scope.cancel()

    return Supervisor(
        "database",
        intensity=HEALING,
        backoff=PATIENCE,
        children=[Child("postgres", postgres, shutdown=Shutdown(grace_s=8 * SECONDS))],
    )


async def _cancel_when(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
