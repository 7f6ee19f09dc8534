"""The clients of the live feed, one by one: who they are, and how far each is behind."""

from datetime import datetime
from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.feed import SubscriptionStatistics
from actors.model.event import TOPICS
from actors.model.time import Time
from actors.model.user import Role
from web.cache import CacheInfo
from web.connections import Connection, Kind
from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.kept import unkept
from web.openapi import examples
from web.paging import Links, Meta, PageQuery, sliced
from web.services import services

blueprint = Blueprint("connections", __name__, url_prefix="/api/v1")

_PATH = "/api/v1/supervision/connections"


class ConnectionQuery(PageQuery, kw_only=True):
    """Which of them."""

    kind: Annotated[Kind, msgspec.Meta(description="Only of this transport.")] | None = None


class LagView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What a client was not sent yet."""

    messages: int
    """While it still reads the log also those that are not of its topics."""
    bytes: int
    """Of those messages that are in memory."""
    seconds: float
    """Age of the oldest of them."""


class ConnectionView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One client of the live feed. What was sent was taken by the system of this machine; what of it was read, nobody here knows."""

    id: str
    """The session that WELCOME names."""
    kind: Kind
    """Its transport."""
    address: str
    """Whence it comes; behind a trusted proxy what that says."""
    user_id: str | None
    """Whose it is; null as long as nobody is known."""
    username: str | None
    """The same by name; null as long as nobody is known."""
    device: str | None
    """What the client calls itself; null for nothing."""
    since: Time
    """When it came."""
    topics: tuple[str, ...]
    """What it hears; nothing before CONNECT."""
    seq: int | None
    """It was sent every event of its topics up to this number; null before CONNECT, and for who follows the log alone."""
    sent: int
    """Messages that it was sent."""
    coalesced: int
    """Messages without a number that gave way to newer ones of their subject."""
    dropped: int
    """Messages without a number that were given up for want of room."""
    lag: LagView
    """What it was not sent yet."""


class ConnectionPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of the clients of the live feed."""

    data: tuple[ConnectionView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page(_PATH)
_EXAMPLE = ConnectionView(
    id="9f86d081884c7d659a2feaa0c55ad015",
    kind=Kind.WEBSOCKET,
    address="192.168.1.20",
    user_id="local",
    username="local",
    device="kitchen",
    since=examples.MOMENT,
    topics=("tracks", "player"),
    seq=42,
    sent=17,
    coalesced=3,
    dropped=0,
    lag=LagView(messages=2, bytes=512, seconds=0.25),
)
_PAGE = ConnectionPage(data=(_EXAMPLE,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_NOTHING = SubscriptionStatistics(seq=0, sent=0, coalesced=0, dropped=0, lag_messages=0, lag_bytes=0, lag_s=0.0)


@endpoint(
    blueprint,
    "GET",
    "/supervision/connections",
    tag="Supervision",
    role=Role.ADMIN,
    query=ConnectionQuery,
    answers={200: Answer(meaning="The clients that are there, the oldest first.", model=ConnectionPage, example=_PAGE)},
)
async def list_connections(query: ConnectionQuery) -> Response:
    """The clients of the live feed, by WebSocket, Server-Sent Events and NDJSON: who they are, and how far each is behind.

    How many there are in all, and why others left, stands in `feed` of `/api/v1/supervision` and in the metrics.
    """
    wanted = [one for one in services().connections.all() if query.kind in {None, one.kind}]
    filters: dict[str, str | list[str]] = {"kind": query.kind} if query.kind else {}
    shown, meta, links = sliced(wanted, query, path=_PATH, filters=filters)
    moment = now()
    data = tuple(_connection_view(one, moment) for one in shown)
    return answer(ConnectionPage(data=data, meta=meta, links=links, cache_info=unkept()))


def _connection_view(one: Connection, moment: datetime) -> ConnectionView:
    followed = one.followed
    figures = _NOTHING if followed is None else followed.statistics(now=moment)
    return ConnectionView(
        id=one.id,
        kind=one.kind,
        address=one.address,
        user_id=one.caller.user_id if one.caller else None,
        username=one.caller.name if one.caller else None,
        device=one.device,
        since=one.since,
        topics=tuple(topic for topic in TOPICS if followed is not None and topic in followed.topics),
        seq=None if one.subscription is None else figures.seq,
        sent=figures.sent,
        coalesced=figures.coalesced,
        dropped=figures.dropped,
        lag=LagView(messages=figures.lag_messages, bytes=figures.lag_bytes, seconds=figures.lag_s),
    )
