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

import structlog
import trio

from actors.analyzer import Analyzer
from actors.broadcaster import Broadcaster
from actors.cataloger import Cataloger
from actors.conductor import Conductor
from actors.config import SECONDS
from actors.house import House
from actors.librarian import Librarian
from actors.player import PLAYERS, Players
from actors.store.embedded import EmbeddedServer
from actors.sweeper import Sweeper
from actors.watcher import Watcher
from supervision import Backoff, Child, Context, InFlight, Intensity, Mailbox, Overflow, Shutdown, Strategy, Supervisor

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
