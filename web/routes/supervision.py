"""The supervision tree: seen, and one part of it restarted."""

from typing import Annotated

import msgspec
import structlog
import trio
from quart import Blueprint, Response
from werkzeug.routing import PathConverter

from actors.config import SECONDS
from actors.model.user import Role
from supervision import EventKind, RefusedError, Running, SupervisorStatus
from web.cache import CacheInfo
from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.kept import unkept
from web.openapi import examples
from web.paging import Links, Meta, PageQuery, sliced
from web.services import services
from web.tree.event import EventView, event_view
from web.tree.feed import feed_view
from web.tree.views import ActorView, SupervisorView, TreeView, node_view, tree_view

blueprint = Blueprint("supervision", __name__, url_prefix="/api/v1")

RESTART_LIMIT_S = 10 * SECONDS
"""A part that has not stopped and started by then is waited for no longer; it goes on doing so."""

_EVENTS = "/api/v1/supervision/events"
_log = structlog.get_logger("rookery.web")


class NodeConverter(PathConverter):
    """Paths of the tree in addresses; what ends in `/restart` is an order, not a part."""

    regex = "(?!.*/restart$)[^/].*?"


class EventQuery(PageQuery, rename="camel", kw_only=True):
    """Which events."""

    path: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=500, description="Only of this part and below it.")] | None
    ) = None
    kind: Annotated[EventKind, msgspec.Meta(description="Only of this kind.")] | None = None


class EventPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of what happened in the tree."""

    data: tuple[EventView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page(_EVENTS)
_PAGE = EventPage(data=(examples.EVENT,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "GET",
    "/supervision",
    tag="Supervision",
    role=Role.ADMIN,
    answers={200: Answer(meaning="The whole tree.", model=TreeView, example=examples.TREE)},
)
async def read_tree() -> Response:
    """The supervision tree at this moment."""
    held = services()
    status, moment = held.running.status(), now()
    feed = feed_view(held.feed.statistics(), held.connections)
    # Elsewhere, because thousands of parts take long to write down; the picture is frozen.
    return await trio.to_thread.run_sync(lambda: answer(tree_view(status, now=moment, feed=feed)))


@endpoint(
    blueprint,
    "GET",
    "/supervision/events",
    tag="Supervision",
    role=Role.ADMIN,
    query=EventQuery,
    answers={200: Answer(meaning="Events, newest first.", model=EventPage, example=_PAGE)},
)
async def list_events(query: EventQuery) -> Response:
    """What happened in the tree lately: starts, exits, restarts, dead letters. The last thousand are kept."""
    wanted = [
        event
        for event in reversed(services().running.recent_events())
        if _is_below(event.path, query.path) and query.kind in {None, event.kind}
    ]
    filters = {name: value for name, value in (("path", query.path), ("kind", query.kind)) if value}
    shown, meta, links = sliced(wanted, query, path=_EVENTS, filters=filters)
    moment, moment_s = now(), trio.current_time()
    data = tuple(event_view(event, now=moment, now_s=moment_s) for event in shown)
    return answer(EventPage(data=data, meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "/supervision/<node:node_path>",
    tag="Supervision",
    role=Role.ADMIN,
    answers={
        200: Answer(meaning="The part, with all below it.", model=ActorView | SupervisorView, example=examples.ACTOR)
    },
    problems=("NOT_FOUND",),
)
async def read_node(node_path: str) -> Response:
    """One part of the tree, by its path, such as `rookery/pipeline/watcher`."""
    status, moment = services().running.status_of(node_path), now()
    return await trio.to_thread.run_sync(lambda: answer(node_view(status, now=moment)))


@endpoint(
    blueprint,
    "POST",
    "/supervision/<path:node_path>/restart",
    tag="Supervision",
    role=Role.ADMIN,
    answers={200: Answer(meaning="It runs again.", model=ActorView | SupervisorView, example=examples.ACTOR)},
    problems=("NOT_FOUND", "CONFLICT"),
)
async def restart_node(node_path: str) -> Response:
    """Stop one part of the tree and start it again; what waits in its mailbox stays.

    Refused for the root, for the server that answers this request, and for parts that others beside them stand on.
    """
    running = services().running
    _refuse_foundation(running, node_path)
    _log.warning("restart by hand", path=node_path)
    with trio.fail_after(RESTART_LIMIT_S):
        await running.renew_child(node_path)
    return answer(node_view(running.status_of(node_path), now=now()))


def _refuse_foundation(running: Running, path: str) -> None:
    running.status_of(path)  # refuses what is not there
    above = path.rpartition("/")[0]
    parent = running.status_of(above) if above else None
    if isinstance(parent, SupervisorStatus) and parent.strategy != "one_for_one" and parent.children[-1].path != path:
        raise RefusedError(path, "carries what was started after it; restart the service instead")


def _is_below(path: str, above: str | None) -> bool:
    return above is None or path == above or path.startswith(f"{above}/")
