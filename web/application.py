"""The ASGI application: routes, error forms and limits around one value of services."""

from typing import Any, cast

from quart import Blueprint
from quart_trio import QuartTrio
from quart_trio.wrappers import TrioRequest
from werkzeug.routing import BaseConverter

from web.errors import answered
from web.exchange import exchange
from web.front.ahead import Ahead, Table
from web.front.cors import origins_of
from web.front.envelope import Application, Envelope
from web.front.gate import Gate
from web.intake import Intake
from web.limits import BODY_LIMIT_S, JSON_LIMIT_BYTES
from web.live import logs, ndjson, sse, websocket
from web.live.leaving import Connection
from web.origin import names_of
from web.routes import (
    artwork,
    audio,
    auth,
    cache,
    connections,
    edits,
    finds,
    health,
    info,
    integrations,
    keys,
    library,
    me,
    memories,
    metrics,
    openapi,
    own,
    page,
    players,
    roots,
    search,
    supervision,
    tracks,
    trash,
    uploads,
    users,
    waveform,
)
from web.services import Services

BLUEPRINTS: tuple[Blueprint, ...] = (
    tracks.blueprint,
    search.blueprint,
    finds.blueprint,
    edits.blueprint,
    own.blueprint,
    memories.blueprint,
    players.blueprint,
    trash.blueprint,
    uploads.blueprint,
    audio.blueprint,
    artwork.blueprint,
    waveform.blueprint,
    library.blueprint,
    roots.blueprint,
    supervision.blueprint,
    connections.blueprint,
    cache.blueprint,
    auth.blueprint,
    keys.blueprint,
    me.blueprint,
    users.blueprint,
    health.blueprint,
    metrics.blueprint,
    integrations.blueprint,
    info.blueprint,
    openapi.blueprint,
    sse.blueprint,
    ndjson.blueprint,
    logs.blueprint,
    websocket.blueprint,
    page.blueprint,
)


class _Request(TrioRequest):
    """A request whose form, if it has one, is taken piece by piece: the framework would gather it in memory."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        current = exchange()
        current.read = self._whole
        if self.mimetype == "multipart/form-data":
            self.body = current.intake = Intake()  # type: ignore[assignment]  # what the framework calls of it

    async def _whole(self) -> bytes:
        body = await self.get_data(cache=False)
        assert isinstance(body, bytes)
        return body


WORDS = ("me", "search", "batch-get")
"""What stands in addresses where otherwise an id does; no id looks like that."""


class PlaceConverter(BaseConverter):
    """A place in an address. What stands there as a word of its own is none, so that its path has only its own methods."""

    regex = rf"(?!(?:{'|'.join(WORDS)})(?:/|$))[^/]+"


def create_app(services: Services) -> QuartTrio:
    """The application over some services, which it uses but does not own. Any ASGI server on Trio can serve it."""
    app = QuartTrio("web", static_folder=None, template_folder="templates")
    app.request_class = _Request
    app.asgi_websocket_class = Connection
    app.config["MAX_CONTENT_LENGTH"] = JSON_LIMIT_BYTES
    app.config["BODY_TIMEOUT"] = BODY_LIMIT_S
    # Werkzeug would answer doubled slashes with a redirect in HTML.
    app.url_map.merge_slashes = False
    app.url_map.converters["node"] = supervision.NodeConverter
    app.url_map.converters["default"] = PlaceConverter
    app.register_error_handler(Exception, answered)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    envelope = Envelope(
        Ahead(cast("Application", app.asgi_app), Table.of(app), services),
        gate=Gate(
            names=names_of(services.config.host, *services.config.hosts),
            origins=origins_of(services.config.cors_origins),
        ),
        traffic=services.traffic,
        metrics=services.metrics,
        body_rate=services.config.body_rate_bytes,
    )
    app.asgi_app = envelope  # type: ignore[method-assign,assignment]  # Quart's documented place for what surrounds it
    return app
