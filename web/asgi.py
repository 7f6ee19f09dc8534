"""The same service as an ASGI application, for a server of the user's choice: `hypercorn --worker-class trio web:app`."""

from typing import Any

from quart_trio import QuartTrio

from actors.errors import RookeryError
from actors.pipeline import tree
from supervision import SupervisionError, run
from web.application import create_app
from web.logs import configure_logs
from web.service import foreseen, make_services, prepared
from web.settings import load_config


class Application:
    """Configured by environment and file. The tree runs as long as the server's lifespan; signals are the server's affair."""

    def __init__(self) -> None:
        self._app: QuartTrio | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI entry: one call for the lifespan, one for each request or socket."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            assert self._app is not None
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        has_started = False
        try:
            config = load_config()
            configure_logs(config)
            with prepared(config, has_port=False) as service:
                async with run(tree(service.house, server=service.server, web=None), signals=False) as running:
                    services = make_services(service.house, running)
                    self._app = create_app(services)
                    await send({"type": "lifespan.startup.complete"})
                    has_started = True
                    await receive()
                    services.stopping.set()
        except (RookeryError, SupervisionError) as error:
            if has_started:
                raise
            await send({"type": "lifespan.startup.failed", "message": f"rookery: {foreseen(error) or error}"})
        else:
            await send({"type": "lifespan.shutdown.complete"})


application = Application()
