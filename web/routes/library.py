"""The library as a whole: how much of what it holds, and its artists, albums and genres."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response

from actors.model.library import Amount, Heading, Noun
from actors.model.wheel import camelot
from actors.store.library import HEADING_SORTS
from web.cache import CacheInfo
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.kept import Depends, unkept
from web.openapi import examples
from web.paging import CursorText, Links, Meta, PageNumber, PageSize, position, surroundings
from web.selection import Text
from web.services import services

blueprint = Blueprint("library", __name__, url_prefix="/api/v1/library")


class HeadingQuery(msgspec.Struct, rename="camel", kw_only=True):
    """Which names, in which order, which page of them."""

    q: (
        Annotated[
            Text, msgspec.Meta(description="Only those with these words in the name; the last may be only begun.")
        ]
        | None
    ) = None
    page: PageNumber | None = None
    cursor: CursorText | None = None
    page_size: PageSize = 50
    sort: (
        Annotated[
            Literal["name", "tracks", "duration"],
            msgspec.Meta(description="By what they are ordered; `name` if not said."),
        ]
        | None
    ) = None
    order: Annotated[Literal["asc", "desc"], msgspec.Meta(description="`asc` if not said.")] | None = None


class NameView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """An artist or genre: how many tracks, how long together in seconds, how large in bytes."""

    name: str
    """As tags spell it."""
    tracks: int
    """How many tracks have it."""
    duration: float
    """Seconds of all of them together."""
    size_bytes: int


class AlbumView(NameView, rename="camel", frozen=True, kw_only=True):
    """An album, with its artist: the album's own, or the first of its tracks."""

    artist: str | None
    """The album's own artist, or the first of its tracks; null if nothing names one."""


class NamePage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of artists or genres."""

    data: tuple[NameView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


class AlbumPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of albums."""

    data: tuple[AlbumView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


class Share(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How much of the library has one value: a stage, a year, a key by its Camelot name, a tempo from `bpm` up to ten more."""

    value: str
    """What they have in common."""
    tracks: int
    """How many tracks."""
    duration: float
    """Seconds of them together."""
    size_bytes: int


class LibraryStats(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The library in figures; durations in seconds. Tracks in the trash count nowhere. `addedByDay` is of the last 30 days, UTC."""

    tracks: int
    """How many tracks there are."""
    duration: float
    """Seconds of all of them together."""
    size_bytes: int
    artists: int
    """How many artists."""
    albums: int
    """How many albums."""
    genres: int
    """How many genres."""
    by_stage: tuple[Share, ...]
    """By how far they have come."""
    by_presence: tuple[Share, ...]
    """By whether their files are there."""
    by_kind: tuple[Share, ...]
    """Music, speech, mixes."""
    by_codec: tuple[Share, ...]
    """By how they are encoded."""
    by_year: tuple[Share, ...]
    """By year."""
    by_key: tuple[Share, ...]
    """By musical key, in Camelot names."""
    by_bpm: tuple[Share, ...]
    """By beat rate, in steps of ten."""
    added_by_day: tuple[Share, ...]
    """By the day (UTC) of their adding."""
    cache_info: CacheInfo


_WHOLE = Share(value="analyzed", tracks=1, duration=214.58, size_bytes=23_419_004)
_STATS = LibraryStats(
    tracks=1,
    duration=214.58,
    size_bytes=23_419_004,
    artists=1,
    albums=1,
    genres=1,
    by_stage=(_WHOLE,),
    by_presence=(msgspec.structs.replace(_WHOLE, value="present"),),
    by_kind=(msgspec.structs.replace(_WHOLE, value="music"),),
    by_codec=(msgspec.structs.replace(_WHOLE, value="flac"),),
    by_year=(msgspec.structs.replace(_WHOLE, value="1999"),),
    by_key=(msgspec.structs.replace(_WHOLE, value="8A"),),
    by_bpm=(msgspec.structs.replace(_WHOLE, value="120"),),
    added_by_day=(msgspec.structs.replace(_WHOLE, value="2026-03-01"),),
    cache_info=examples.CACHE_INFO,
)
_NAME = NameView(name="Ada Vale", tracks=9, duration=2_140.2, size_bytes=233_190_040)
_ALBUM = AlbumView(name="Wetlands", artist="Ada Vale", tracks=9, duration=2_140.2, size_bytes=233_190_040)


def _names(noun: str, name: NameView) -> Mapping[int, Answer]:
    meta, links = examples.only_page(f"/api/v1/library/{noun}")
    page = NamePage(data=(name,), meta=meta, links=links, cache_info=examples.CACHE_INFO)
    return {
        200: Answer(meaning=f"A page of {noun}.", model=NamePage, headers=("ETag",), example=page),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    }


_META, _LINKS = examples.only_page("/api/v1/library/albums")
_ALBUMS = AlbumPage(data=(_ALBUM,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "GET",
    "/stats",
    tag="Library",
    answers={
        200: Answer(meaning="The figures.", model=LibraryStats, headers=("ETag",), example=_STATS),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
    cached=Depends.CATALOGUE,
)
async def library_stats() -> Response:
    """The library in figures: how much there is of each stage, kind, codec, year, key and tempo."""
    with timed("db"):
        figures = await services().store.library.figures()

    def shares(noun: str) -> tuple[Share, ...]:
        return tuple(_share(value, amount) for value, amount in figures.parts.get(noun, {}).items())

    def numbered(noun: str) -> tuple[Share, ...]:
        ordered = sorted(figures.parts.get(noun, {}).items(), key=lambda one: int(one[0]))
        return tuple(_share(value, amount) for value, amount in ordered)

    keys = tuple(msgspec.structs.replace(share, value=camelot(int(share.value))) for share in numbered("key"))
    stats = LibraryStats(
        tracks=figures.whole.tracks,
        duration=figures.whole.duration_s,
        size_bytes=figures.whole.size_bytes,
        artists=figures.names[Noun.ARTIST],
        albums=figures.names[Noun.ALBUM],
        genres=figures.names[Noun.GENRE],
        by_stage=shares("stage"),
        by_presence=shares("presence"),
        by_kind=shares("kind"),
        by_codec=shares("codec"),
        by_year=numbered("year"),
        by_key=keys,
        by_bpm=numbered("bpm"),
        added_by_day=shares("day"),
        cache_info=unkept(),
    )
    return answer(stats)


@endpoint(
    blueprint,
    "GET",
    "/artists",
    tag="Library",
    query=HeadingQuery,
    answers=_names("artists", _NAME),
    asks=("If-None-Match",),
    problems=("INVALID_CURSOR", "PRECONDITION_FAILED"),
    cached=Depends.CATALOGUE,
)
async def list_artists(query: HeadingQuery) -> Response:
    """Artists with tracks, in pages. Names that differ only by case or accents are one, written as in the newest tags."""
    items, meta, links = await _page(Noun.ARTIST, "artists", query)
    return answer(NamePage(data=tuple(map(_name, items)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "/genres",
    tag="Library",
    query=HeadingQuery,
    answers=_names("genres", msgspec.structs.replace(_NAME, name="Jazz")),
    asks=("If-None-Match",),
    problems=("INVALID_CURSOR", "PRECONDITION_FAILED"),
    cached=Depends.CATALOGUE,
)
async def list_genres(query: HeadingQuery) -> Response:
    """Genres with tracks, in pages."""
    items, meta, links = await _page(Noun.GENRE, "genres", query)
    return answer(NamePage(data=tuple(map(_name, items)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "/albums",
    tag="Library",
    query=HeadingQuery,
    answers={
        200: Answer(meaning="A page of albums.", model=AlbumPage, headers=("ETag",), example=_ALBUMS),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("INVALID_CURSOR", "PRECONDITION_FAILED"),
    cached=Depends.CATALOGUE,
)
async def list_albums(query: HeadingQuery) -> Response:
    """Albums with tracks, in pages; words are looked for in the names of album and artist."""
    items, meta, links = await _page(Noun.ALBUM, "albums", query)
    data = tuple(AlbumView(artist=one.artist, **msgspec.structs.asdict(_name(one))) for one in items)
    return answer(AlbumPage(data=data, meta=meta, links=links, cache_info=unkept()))


async def _page(noun: Noun, path: str, query: HeadingQuery) -> tuple[tuple[Heading, ...], Meta, Links]:
    place = f"{blueprint.url_prefix}/{path}"
    asked = position(
        path=place,
        sort=query.sort,
        order=query.order,
        filters={} if query.q is None else {"q": query.q},
        page=query.page,
        cursor=query.cursor,
        page_size=query.page_size,
        default_sort="name",
        default_order="asc",
        sorts=HEADING_SORTS,
    )
    text = asked.filters.get("q")
    with timed("db"):
        page = await services().store.library.headings(
            noun,
            text=None if text is None else str(text),
            sort=asked.sort,
            descending=asked.order == "desc",
            page=asked.page,
            after=asked.after,
            page_size=asked.page_size,
        )
    meta, links = surroundings(asked, path=place, total=page.total, after=page.after)
    return page.items, meta, links


def _name(heading: Heading) -> NameView:
    amount = heading.amount
    return NameView(name=heading.name, tracks=amount.tracks, duration=amount.duration_s, size_bytes=amount.size_bytes)


def _share(value: str, amount: Amount) -> Share:
    return Share(value=value, tracks=amount.tracks, duration=amount.duration_s, size_bytes=amount.size_bytes)
