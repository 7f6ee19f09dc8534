"""The same service as an ASGI application, for a server of the user's choice: `hypercorn --worker-class trio web:app`."""

import signal
from typing import Any

import attrs
import structlog
import trio
from quart_trio import QuartTrio

from actors.errors import RookeryError
from actors.house import House
from actors.journal import Journal
from actors.pipeline import tree
from supervision import SupervisionError, run
from web.access import LOOK_AGAIN_S
from web.application import create_app
from web.cache.hits import TELL_S
from web.logs import configure_logs
from web.service import foreseen, make_services, prepared
from web.services import Services
from web.settings import load_config

_log = structlog.stdlib.get_logger("rookery.web")


@attrs.define(eq=False)
class Front:
    """The application over what the tree's children have made; made anew when they have been started again."""

    _house: House
    services: Services
    _app: QuartTrio = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._app = create_app(self.services)

    def app(self) -> QuartTrio:
        """The application over the present store and feed."""
        store, feed, executor = self._house.store, self._house.feed, self._house.executor
        held = self.services
        if held.store is not store or held.feed is not feed or held.executor is not executor:
            # Streams of the feed before get no more events from it: they say goodbye, and their clients come back.
            held.stopping.set()
            self.services = held.over(store=store, feed=feed, executor=executor)
            self._app = create_app(self.services)
        return self._app

    async def keep_watch(self) -> None:
        """Task: notice what other nodes and commands change of who may come in. Never returns."""
        while True:
            await self.services.access.look()
            await trio.sleep(LOOK_AGAIN_S)

    async def keep_telling(self) -> None:
        """Task: tell those who listen what kept answers did for them. Never returns."""
        while True:
            hits = self.services.hits
            with trio.move_on_after(LOOK_AGAIN_S):  # the services may be others by then
                await hits.counted()
            await trio.sleep(TELL_S)
            hits.tell()


class Application:
    """Configured by environment and file. The tree runs as long as the server's lifespan; signals are the server's affair.

    A tree that ends before it is asked to ends the process too, by SIGTERM: a port that answers nothing but errors helps nobody.
    """

    def __init__(self) -> None:
        self._front: Front | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI entry: one call for the lifespan, one for each request or socket."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            assert self._front is not None
            await self._front.app()(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        has_started = was_asked = False
        failure: Exception | None = None
        try:
            config = load_config()
            journal = Journal()
            configure_logs(config, journal)
            with prepared(config, has_port=False, journal=journal) as service:
                async with run(tree(service.house, server=service.server, web=None), signals=False) as running:
                    self._front = Front(service.house, make_services(service.house, running))
                    await send({"type": "lifespan.startup.complete"})
                    has_started = True
                    async with trio.open_nursery() as watch:
                        watch.start_soon(self._front.keep_watch)
                        watch.start_soon(self._front.keep_telling)
                        await receive()
                        watch.cancel_scope.cancel()
                    was_asked = True
                    self._front.services.stopping.set()
        except (RookeryError, SupervisionError) as error:
            failure = error
        if not has_started:
            reason = failure and (foreseen(failure) or failure)
            await send({"type": "lifespan.startup.failed", "message": f"rookery: {reason or 'stopped'}"})
            return
        if not was_asked:
            _log.critical("the service has ended; ending the process", exc_info=failure)
            signal.raise_signal(signal.SIGTERM)
            await receive()
        outcome = "complete" if failure is None else "failed"
        await send({"type": f"lifespan.shutdown.{outcome}", **({"message": f"rookery: {failure}"} if failure else {})})


application = Application()
