"""Tracks: the list, and one."""

from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response

from actors.model.view import OwnTrackView, own_track_view
from actors.store.listing import SORT_NAMES
from web.cache import CacheInfo
from web.conditions import conditional
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.kept import Depends, unkept
from web.named import named_track, track_tag
from web.openapi import examples
from web.paging import CursorText, Links, Meta, PageNumber, PageSize, position, surroundings
from web.selected import selected
from web.selection import ORDERED, SORTED_BY, Selection, TrackSort, told

blueprint = Blueprint("tracks", __name__, url_prefix="/api/v1")

_LIST = "/api/v1/tracks"
OWN_ANSWER = {"Cache-Control": "private, no-cache"}
"""It holds what only the caller sees."""


class TrackListQuery(Selection, rename="camel", kw_only=True):
    """Which tracks, in which order, which page of them."""

    page: PageNumber | None = None
    cursor: CursorText | None = None
    page_size: PageSize = 50
    sort: Annotated[TrackSort, msgspec.Meta(description=SORTED_BY)] | None = None
    order: Annotated[Literal["asc", "desc"], msgspec.Meta(description=ORDERED)] | None = None


class TrackPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of tracks."""

    data: tuple[OwnTrackView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page(_LIST)
_PAGE = TrackPage(data=(examples.TRACK,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "GET",
    "/tracks",
    tag="Tracks",
    query=TrackListQuery,
    answers={
        200: Answer(meaning="A page of tracks.", model=TrackPage, headers=("ETag",), example=_PAGE),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("INVALID_CURSOR", "PRECONDITION_FAILED"),
    cached=Depends.CALLER,
)
async def list_tracks(query: TrackListQuery) -> Response:
    """Tracks of the catalogue, in pages.

    Pages are taken by number (`page`) or, cheaper and steady while things change, by `cursor`. Ties are broken by id, so pages
    never repeat or skip. Pages taken by cursor are not counted.
    """
    asked = position(
        path=_LIST,
        sort=query.sort,
        order=query.order,
        filters=told(query),
        page=query.page,
        cursor=query.cursor,
        page_size=query.page_size,
        default_sort="addedAt" if query.q is None else "relevance",
        default_order="desc",
        sorts=SORT_NAMES,
    )
    with timed("db"):
        page = await selected(asked)
    meta, links = surroundings(asked, path=_LIST, total=page.total, after=page.after, is_exact=page.is_exact)
    return answer(TrackPage(data=tuple(map(own_track_view, page.items)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>",
    tag="Tracks",
    answers={
        200: Answer(meaning="The track.", model=OwnTrackView, headers=("ETag",), example=examples.TRACK),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("TRACK_NOT_FOUND", "PRECONDITION_FAILED"),
    is_hot=True,
)
async def find_track(track_id: str) -> Response:
    """One track, with all that the catalogue knows of it."""
    track = await named_track(track_id)
    return conditional(track_tag(track), lambda: answer(own_track_view(track), headers=OWN_ANSWER))
