"""Tracks by questions too long for an address: a search, and many by their ids."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response

from actors.model.user import Role
from actors.model.view import FoundTrackView, found_track_view
from actors.store.listing import SORT_NAMES
from web.auth import caller
from web.cache import CacheInfo
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.exchange import timed, unless_left
from web.kept import Depends, unkept
from web.openapi import examples
from web.paging import CursorText, Links, Meta, PageNumber, PageSize, position, surroundings
from web.selected import selected
from web.selection import Filters, Text, TrackSort, selection_of, told
from web.services import services

blueprint = Blueprint("search", __name__, url_prefix="/api/v1/tracks")

_LIST = "/api/v1/tracks"
MOST_IDS = 500
TrackId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Pagination(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page: its number, or the cursor that the page before gave; the first if neither is said."""

    page: PageNumber | None = None
    """Its number, from 1; null for the first, or where a cursor is given."""
    cursor: CursorText | None = None
    """`meta.nextCursor` of the page before; null for a page by number."""
    page_size: PageSize = 50
    """How many at most."""


EVERYTHING = Filters()
FIRST = Pagination()


class TrackSearch(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is searched for; without `query` all tracks that pass the filters. What a cursor stands for need not be said again.

    `sort` is `relevance` where there is a query, else `addedAt`; `order` is `desc`: the most relevant first. `seed` begins the
    order `random` elsewhere. Without `includeMetadata` tags, technical data, measurements and locations are left out.
    """

    query: Text | None = None
    """Words to find; null for all tracks."""
    filters: Filters = EVERYTHING
    """Which tracks count."""
    sort: TrackSort | None = None
    """By what they are ordered; null for `relevance` where there is a query, else `addedAt`."""
    order: Literal["asc", "desc"] | None = None
    """Null for `desc`."""
    seed: Text | None = None
    """Of the order `random`: another one begins elsewhere; null for none."""
    pagination: Pagination = FIRST
    """Which page."""
    include_metadata: bool = True
    """Whether tags, technical data, measurements and locations belong to the answer."""


class TrackSearchPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of what was found; `links` lead to the same list by address."""

    data: tuple[FoundTrackView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


class TracksWanted(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of tracks; one that stands twice is answered once."""

    track_ids: Annotated[tuple[TrackId, ...], msgspec.Meta(min_length=1, max_length=MOST_IDS)]
    """Their ids."""
    include_metadata: bool = True
    """Whether tags, technical data, measurements and locations belong to the answer."""


class NotGot(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Why there is no track of an id."""

    track_id: str
    code: Literal["TRACK_NOT_FOUND"] = "TRACK_NOT_FOUND"
    """Why, as a stable word."""
    message: str = "There is no such track"
    """Why, for people."""


class Counts(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How many ids were given, how many tracks there are of them, how many not; ids given twice count once in the latter."""

    requested: int
    """Ids that were given."""
    successful: int
    """Tracks that there are."""
    failed: int
    """Ids without a track."""


class TracksGot(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Tracks in the order in which their ids were given, and the ids of which there is none."""

    successful: tuple[FoundTrackView, ...]
    """In the order of the ids."""
    errors: tuple[NotGot, ...]
    """Ids of which there is no track."""
    meta: Counts
    """How many."""


_TRACK = FoundTrackView(**msgspec.structs.asdict(examples.TRACK))
_META, _LINKS = examples.only_page(_LIST)
_PAGE = TrackSearchPage(data=(_TRACK,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_GOT = TracksGot(successful=(_TRACK,), errors=(NotGot(track_id="0"),), meta=Counts(requested=2, successful=1, failed=1))


@endpoint(
    blueprint,
    "POST",
    "/search",
    tag="Tracks",
    role=Role.LISTENER,
    body=TrackSearch,
    example={
        "query": "blue heron",
        "filters": {"genres": ["Jazz"], "year": {"min": 1990, "max": 1999}},
        "sort": "relevance",
        "pagination": {"pageSize": 20},
    },
    answers={200: Answer(meaning="A page of what was found.", model=TrackSearchPage, example=_PAGE)},
    problems=("INVALID_CURSOR",),
    cached=Depends.CALLER,
)
async def search_tracks(body: TrackSearch) -> Response:
    """Search the catalogue by words and filters.

    Words are looked for in titles, artists, albums, genres and file names, without regard to case and accents. The last word may
    be only begun. Where nothing holds all words, words like the misspelled ones count in their place. Best first: what is called
    exactly so, then what has the words in title or artists, then anything.
    """
    chosen = selection_of(body.query, body.filters, body.seed)
    asked = position(
        path=_LIST,
        sort=body.sort,
        order=body.order,
        filters=told(chosen),
        page=body.pagination.page,
        cursor=body.pagination.cursor,
        page_size=body.pagination.page_size,
        default_sort="addedAt" if chosen.q is None else "relevance",
        default_order="desc",
        sorts=SORT_NAMES,
    )
    with timed("db"):
        page = await selected(asked)
    meta, links = surroundings(asked, path=_LIST, total=page.total, after=page.after, is_exact=page.is_exact)
    data = tuple(found_track_view(track, has_details=body.include_metadata) for track in page.items)
    return answer(TrackSearchPage(data=data, meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "POST",
    "/batch-get",
    tag="Tracks",
    role=Role.LISTENER,
    body=TracksWanted,
    example={"trackIds": [examples.TRACK_ID, "0"], "includeMetadata": False},
    answers={200: Answer(meaning="Those that there are.", model=TracksGot, example=_GOT)},
    is_hot=True,
)
async def batch_get_tracks(body: TracksWanted) -> Response:
    """Many tracks at once, by their ids."""
    wanted = dict.fromkeys(body.track_ids)
    with timed("db"):
        found = partial(services().store.tracks.find_many, tuple(wanted), person_id=caller().user_id)
        tracks = await unless_left(found)
    there = {track.id for track in tracks}
    errors = tuple(NotGot(track_id=track_id) for track_id in wanted if track_id not in there)
    return answer(
        TracksGot(
            successful=tuple(found_track_view(track, has_details=body.include_metadata) for track in tracks),
            errors=errors,
            meta=Counts(requested=len(body.track_ids), successful=len(tracks), failed=len(errors)),
        )
    )
