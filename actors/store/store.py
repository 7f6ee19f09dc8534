"""The catalogue in PostgreSQL, opened: connections, schema, and one reader per noun."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import attrs

from actors.config import Config
from actors.errors import ConfigurationError
from actors.store.bridge import Bridge, open_bridge
from actors.store.changes import Changes
from actors.store.edits import EditStore
from actors.store.events import Events
from actors.store.features import FeatureStore
from actors.store.keys import Keys
from actors.store.library import Library
from actors.store.memories import Memories
from actors.store.migrate import Migration, migrate, migrations
from actors.store.player_queues import PlayerQueues
from actors.store.plays import Plays
from actors.store.pool import CONNECT_LIMIT_S, Pool, open_pool
from actors.store.ratings import Ratings
from actors.store.refusal import DRIVER_ERRORS, connect_refusal
from actors.store.repeats import Repeats
from actors.store.revisions import Revisions
from actors.store.roots import Roots
from actors.store.tokens import Tokens
from actors.store.tracks import Tracks
from actors.store.trash import Trash
from actors.store.users import Users


@attrs.define(eq=False)
class Store:
    """The catalogue, by noun. Every method may raise DatabaseAwayError or DatabaseError, as `Pool` says."""

    tracks: Tracks
    library: Library
    roots: Roots
    events: Events
    revisions: Revisions
    features: FeatureStore
    changes: Changes
    edits: EditStore
    trash: Trash
    repeats: Repeats
    users: Users
    tokens: Tokens
    keys: Keys
    ratings: Ratings
    plays: Plays
    player_queues: PlayerQueues
    memories: Memories
    pool: Pool


@asynccontextmanager
async def open_store(config: Config, *, url: str) -> AsyncIterator[Store]:
    """The catalogue of the database at `url`, brought to this program's schema.

    Owns: a thread and at most `config.database_connections` connections; both end with the block, also when the server
    is gone or the surrounding scope is cancelled.

    Raises:
        DatabaseAwayError: the server does not answer; it may later.
        DatabaseError: it refuses the login, has no such database, is too old, or its schema is newer than this program.
        ConfigurationError: the URL cannot be understood.
    """
    async with open_bridge() as bridge:
        await bring_up_to_date(bridge, url)
        async with open_pool(
            bridge, url, connections=config.database_connections, limit_s=config.query_limit_s
        ) as pool:
            yield Store(
                tracks=Tracks(pool),
                library=Library(pool),
                roots=Roots(pool),
                events=Events(pool),
                revisions=Revisions(pool),
                features=FeatureStore(pool),
                changes=Changes(pool),
                edits=EditStore(pool),
                trash=Trash(pool),
                repeats=Repeats(pool),
                users=Users(pool),
                tokens=Tokens(pool),
                keys=Keys(pool),
                ratings=Ratings(pool),
                plays=Plays(pool),
                player_queues=PlayerQueues(pool),
                memories=Memories(pool),
                pool=pool,
            )


async def bring_up_to_date(bridge: Bridge, url: str, known: tuple[Migration, ...] | None = None) -> int:
    """Check the server and apply missing migrations; gives how many. Raises as `open_store`."""
    steps = migrations() if known is None else known

    async def apply() -> int:
        try:
            connection = await asyncpg.connect(
                url, timeout=CONNECT_LIMIT_S, server_settings={"application_name": "rookery"}
            )
            try:
                return await migrate(connection, steps)
            finally:
                connection.terminate()
        except (*DRIVER_ERRORS, ValueError) as error:
            refusal = connect_refusal(error, url)
            # The driver's words about a URL may hold parts of its password; a traceback would show them.
            raise refusal from None if isinstance(refusal, ConfigurationError) else error

    return await bridge.run(apply)
