"""Rookery's web and its librarian, over a catalogue at hand, as one process: `python rookery.py DATABASE_URL CACHE_BYTES`.

Prints its address when it answers. Its quotas count every request, but are too high to be met.
"""

import sys
from datetime import UTC, datetime
from functools import partial

import hypercorn
import trio

from actors.config import Config
from actors.feed import Feed
from actors.librarian import Librarian
from actors.nudge import Nudge
from actors.store.store import open_store
from actors.work.local import local_executor
from supervision import Child, Supervisor, run
from web.application import create_app
from web.collector import spare_what_was_imported
from web.logs import configure_logs
from web.services import Services
from web.serving import Crowd, serve

PLENTY = 1_000_000_000
CONNECTIONS = 1_100


async def main(url: str, cache_bytes: int) -> None:
    """Serve until the process is ended."""
    config = Config(
        database_url=url,
        log_level="warning",
        rate_read=PLENTY,
        rate_write=PLENTY,
        cache_bytes=cache_bytes,
        requests_waiting=CONNECTIONS,
        requests_at_once=CONNECTIONS,
    )
    configure_logs(config)
    served = hypercorn.Config()
    served.bind = ["127.0.0.1:0"]
    served.backlog = CONNECTIONS
    async with open_store(config, url=url) as store, local_executor(config) as executor:
        librarian = Child("librarian", lambda: Librarian(store=store, work_waits=Nudge()))
        tree = Supervisor("rookery", children=[Supervisor("pipeline", children=[librarian])])
        async with run(tree) as running:
            services = Services(
                config=config,
                store=store,
                feed=Feed(store.events, queue_bytes=config.client_queue_bytes),
                executor=executor,
                running=running,
                started_at=datetime.now(UTC),
                version="0",
            )
            async with trio.open_nursery() as nursery:
                crowd = Crowd(most=CONNECTIONS, most_per_address=CONNECTIONS)
                addresses = await nursery.start(partial(serve, create_app(services), served, crowd=crowd))
                print(addresses[0], flush=True)  # noqa: T201


spare_what_was_imported()
trio.run(main, sys.argv[1], int(sys.argv[2]))
