"""What the web works with: one value, made by the composition root and handed to every route."""

from datetime import datetime
from typing import cast

import attrs
import trio
from quart import current_app

from actors.config import Config
from actors.feed import Feed
from actors.metrics import Metrics
from actors.store.store import Store
from supervision import Running
from web.cache import MemoryShelf, QueryCache


@attrs.frozen(kw_only=True, eq=False)
class Services:
    """Everything a route may read or send to. Owned by whoever made it; the app closes nothing of it."""

    config: Config
    store: Store
    feed: Feed
    running: Running
    started_at: datetime
    """UTC."""
    version: str
    cache: QueryCache = attrs.field(
        default=attrs.Factory(
            lambda self: QueryCache(MemoryShelf(limit_bytes=self.config.cache_bytes)), takes_self=True
        )
    )
    metrics: Metrics = attrs.field(factory=Metrics)
    stopping: trio.Event = attrs.field(factory=trio.Event)
    """Set when the shutdown begins: no new work, streams say goodbye."""


def services() -> Services:
    """The services of the app that serves the present request or socket; only inside one."""
    return cast("Services", current_app.extensions["services"])
