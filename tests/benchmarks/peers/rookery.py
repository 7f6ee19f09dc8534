"""Rookery's web part alone, over a catalogue at hand, as one process: `python rookery.py DATABASE_URL`.

Prints its address when it answers.
"""

import sys
from datetime import UTC, datetime
from functools import partial

import hypercorn
import trio

from actors.config import Config
from actors.feed import Feed
from actors.store.store import open_store
from actors.work.local import local_executor
from supervision import Supervisor, run
from web.application import create_app
from web.logs import configure_logs
from web.services import Services
from web.serving import serve


async def main(url: str) -> None:
    """Serve until the process is ended."""
    config = Config(database_url=url, log_level="warning")
    configure_logs(config)
    settings = hypercorn.Config()
    settings.bind = ["127.0.0.1:0"]
    async with (
        open_store(config, url=url) as store,
        local_executor(config) as executor,
        run(Supervisor("rookery")) as running,
    ):
        feed = Feed(store.events, queue_bytes=config.client_queue_bytes)
        started_at = datetime.now(UTC)
        services = Services(
            config=config,
            store=store,
            feed=feed,
            executor=executor,
            running=running,
            started_at=started_at,
            version="0",
        )
        app = create_app(services)
        async with trio.open_nursery() as nursery:
            addresses = await nursery.start(partial(serve, app, settings))
            print(addresses[0], flush=True)  # noqa: T201


trio.run(main, sys.argv[1])
