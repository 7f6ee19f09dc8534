"""One server of a database, whole but for its actors of files, which can be ended and started again at its address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import attrs
import hypercorn
import trio

from actors.broadcaster import Broadcaster
from actors.config import Config
from actors.feed import Feed
from actors.queued import Queued
from actors.store.store import Store, open_store
from supervision import Child, Mailbox, Overflow, Supervisor, run, testing
from tests.contracts.fake_executor import FakeExecutor
from tests.web.conftest import SERVER, idle
from web.application import create_app
from web.services import Services
from web.serving import serve

GRACE_S = 0.5


def broadcasting(store: Store, feed: Feed, config: Config) -> Supervisor:
    """Of the real tree, what carries the log to the feed."""
    return Supervisor(
        "rookery",
        children=[
            testing.Probe().child("conductor"),
            Child(
                "broadcaster",
                lambda: Broadcaster(
                    store=store, feed=feed, queued=Queued(), config=config, conductor="rookery/conductor"
                ),
                mailbox=Mailbox(capacity=10, overflow=Overflow.DROP_OLDEST),
            ),
            Child("idle", idle),
        ],
    )


@attrs.define(eq=False)
class Node:
    """Runs until cancelled; each life has a store, a feed and a publisher of its own."""

    database_url: str
    config: Config
    port: int = 0
    lives: int = 0
    is_up: trio.Event = attrs.field(factory=trio.Event)
    """Replaced at each end, set at each start."""
    _life: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    _services: Services | None = None

    async def run(self) -> None:
        """Live, again and again."""
        while True:
            with trio.CancelScope() as self._life:
                await self._live()
            if self.is_up.is_set():  # a life may be cut off before it is up, while somebody waits for it
                self.is_up = trio.Event()

    def end(self, *, kindly: bool) -> None:
        """End this life, by asking or by cancelling all of it; the next one begins by itself."""
        if kindly and self._services is not None:
            self._services.stopping.set()
        else:
            self._life.cancel()

    @asynccontextmanager
    async def _parts(self) -> AsyncIterator[Services]:
        async with open_store(self.config, url=self.database_url) as store:
            feed = Feed(store.events, queue_bytes=self.config.client_queue_bytes)
            async with run(broadcasting(store, feed, self.config), signals=False) as running:
                yield Services(
                    config=self.config,
                    store=store,
                    feed=feed,
                    executor=FakeExecutor(),
                    running=running,
                    started_at=datetime.now(UTC),
                    version="1",
                )

    async def _live(self) -> None:
        async with self._parts() as services:
            settings = hypercorn.Config()
            settings.bind, settings.graceful_timeout = [f"127.0.0.1:{self.port}"], GRACE_S
            settings.loglevel = "CRITICAL"
            async with trio.open_nursery() as nursery:
                (url,) = await nursery.start(
                    partial(
                        serve,
                        create_app(services),
                        settings,
                        shutdown_trigger=services.stopping.wait,
                        lane=SERVER == "lane",
                    )
                )
                self.port = int(url.rpartition(":")[2])
                self.lives += 1
                self._services = services
                self.is_up.set()
            self._services = None
