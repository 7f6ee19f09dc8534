"""One question to everything: what is found in each kind of thing, with where the words stand.

A further kind is one more entry of `KINDS`, one more list of `Finds`, and the function that fills it.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import msgspec
import trio
from quart import Blueprint, Response

from actors.model.library import Heading, Noun
from actors.model.memory import MemoryFilter, MemoryView, memory_view
from actors.model.snippet import snippet
from actors.model.track import Track
from actors.model.view import FoundTrackView, found_track_view
from actors.store.filters import TrackFilter
from actors.store.listing import RELEVANCE
from web.auth import caller
from web.cache import CacheInfo
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.kept import Depends, unkept
from web.openapi import examples
from web.selection import Text
from web.services import services

blueprint = Blueprint("finds", __name__, url_prefix="/api/v1")

Kind = Literal["tracks", "artists", "albums", "memories"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SHOWN = 10


class FindQuery(msgspec.Struct, rename="camel", kw_only=True):
    """What is looked for, in what, and how much of it is shown."""

    q: Annotated[
        Text, msgspec.Meta(description="Words; the last may be only begun, and misspelled ones are mended in tracks.")
    ]
    type: Annotated[
        tuple[Kind, ...], msgspec.Meta(max_length=len(KINDS), description="Only in these; in everything if not said.")
    ] = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=50, description="How many of each at most.")] = SHOWN


class Mark(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Where a word stands in a snippet: its first character, and the one behind its last, counted in Unicode code points."""

    start: int
    """Its first character."""
    end: int
    """The one behind its last."""


class Passage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The plain text that shows why something was found; no marks where a misspelled word was mended."""

    field: str
    """Where the words were found."""
    snippet: str
    """What stands there, shortened."""
    marks: tuple[Mark, ...]
    """Where the words stand in the snippet."""


class TrackFind(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A track that was found."""

    track: FoundTrackView
    """The track."""
    passage: Passage
    """Where its words were found."""


class NameFind(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """An artist or album that was found; `artist` is an album's."""

    name: str
    """As tags spell it."""
    artist: str | None
    """Of an album, whose it is; null otherwise."""
    tracks: int
    """How many tracks have it."""
    passage: Passage
    """Where the words were found."""


class MemoryFind(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A memory of yours that was found."""

    memory: MemoryView
    """The memory."""
    passage: Passage
    """Where the words were found."""


class FindCounts(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How many there are of each; null for what was not asked for. `areTracksExact`: whether that is no estimate."""

    tracks: int | None
    """Tracks; null if they were not asked for."""
    are_tracks_exact: bool
    """Whether the number of tracks is no estimate."""
    artists: int | None
    """Artists; null if they were not asked for."""
    albums: int | None
    """Albums; null if they were not asked for."""
    memories: int | None
    """Your memories; null if they were not asked for."""


class Finds(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The best of each kind."""

    counts: FindCounts
    """How many there are of each."""
    tracks: tuple[TrackFind, ...]
    """The best tracks."""
    artists: tuple[NameFind, ...]
    """The best artists."""
    albums: tuple[NameFind, ...]
    """The best albums."""
    memories: tuple[MemoryFind, ...]
    """The best of your memories."""
    cache_info: CacheInfo


_PASSAGE = Passage(field="title", snippet="Blue Heron", marks=(Mark(start=0, end=4),))
_EXAMPLE = Finds(
    counts=FindCounts(tracks=1, are_tracks_exact=True, artists=0, albums=0, memories=0),
    tracks=(TrackFind(track=FoundTrackView(**msgspec.structs.asdict(examples.TRACK)), passage=_PASSAGE),),
    artists=(),
    albums=(),
    memories=(),
    cache_info=examples.CACHE_INFO,
)


@endpoint(
    blueprint,
    "GET",
    "/search",
    tag="Library",
    query=FindQuery,
    answers={
        200: Answer(meaning="What was found.", model=Finds, headers=("ETag",), example=_EXAMPLE),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
    cached=Depends.CALLER,
)
async def find_everything(query: FindQuery) -> Response:
    """Search tracks, artists, albums and your memories at once, best first.

    A passage is plain text with the places of the words in it, never markup: nothing in it need be escaped twice.
    """
    finding = _Finding(query)
    jobs = {
        "tracks": finding.tracks,
        "artists": finding.artists,
        "albums": finding.albums,
        "memories": finding.memories,
    }
    with timed("db"):
        async with trio.open_nursery() as nursery:
            for kind in query.type or KINDS:
                nursery.start_soon(jobs[kind])
    counts = FindCounts(
        tracks=finding.totals.get("tracks"),
        are_tracks_exact=finding.is_exact,
        artists=finding.totals.get("artists"),
        albums=finding.totals.get("albums"),
        memories=finding.totals.get("memories"),
    )
    return answer(
        Finds(
            counts=counts,
            tracks=finding.found_tracks,
            artists=finding.found_artists,
            albums=finding.found_albums,
            memories=finding.found_memories,
            cache_info=unkept(),
        )
    )


class _Finding:
    """One question under way; each method fills what it finds."""

    def __init__(self, query: FindQuery) -> None:
        self._query = query
        self._words = query.q.split()
        self.totals: dict[str, int | None] = {}
        self.is_exact = True
        self.found_tracks: tuple[TrackFind, ...] = ()
        self.found_artists: tuple[NameFind, ...] = ()
        self.found_albums: tuple[NameFind, ...] = ()
        self.found_memories: tuple[MemoryFind, ...] = ()

    async def tracks(self) -> None:
        page = await services().store.tracks.list_(
            sort=RELEVANCE,
            descending=True,
            page=1,
            page_size=self._query.limit,
            wanted=TrackFilter(text=self._query.q),
            person_id=caller().user_id,
        )
        self.totals["tracks"], self.is_exact = page.total, page.is_exact
        self.found_tracks = tuple(
            TrackFind(track=found_track_view(track, has_details=False), passage=self._best(_texts(track)))
            for track in page.items
        )

    async def artists(self) -> None:
        self.found_artists = await self._names(Noun.ARTIST, "artists")

    async def albums(self) -> None:
        self.found_albums = await self._names(Noun.ALBUM, "albums")

    async def memories(self) -> None:
        page = await services().store.memories.list_(
            caller().user_id,
            MemoryFilter(text=self._query.q),
            sort="changedAt",
            is_descending=True,
            page=1,
            after=None,
            page_size=self._query.limit,
        )
        self.totals["memories"] = page.total
        self.found_memories = tuple(
            MemoryFind(
                memory=memory_view(memory),
                passage=self._best([("text", memory.text), *(("tags", tag) for tag in memory.tags)]),
            )
            for memory in page.items
        )

    async def _names(self, noun: Noun, kind: Kind) -> tuple[NameFind, ...]:
        page = await services().store.library.headings(
            noun, text=self._query.q, sort="tracks", descending=True, page=1, page_size=self._query.limit
        )
        self.totals[kind] = page.total
        return tuple(
            NameFind(name=one.name, artist=one.artist, tracks=one.amount.tracks, passage=self._best(_called(one)))
            for one in page.items
        )

    def _best(self, texts: Sequence[tuple[str, str]]) -> Passage:
        """The text that holds the most of the words."""
        passages = [(field, *snippet(text, self._words)) for field, text in texts]
        field, text, marks = max(passages, key=lambda passage: len(passage[2]))
        return Passage(field=field, snippet=text, marks=tuple(Mark(start=start, end=end) for start, end in marks))


def _texts(track: Track) -> list[tuple[str, str]]:
    tags = track.tags
    texts = [("title", track.title), ("artist", ", ".join(tags.artists)), ("album", tags.album or "")]
    texts += [("genre", ", ".join(tags.genres))]
    if track.locations:
        texts.append(("fileName", track.locations[0].shown.rpartition("/")[2]))
    return [(field, text) for field, text in texts if text or field == "title"]


def _called(heading: Heading) -> list[tuple[str, str]]:
    return [("name", heading.name), *([("artist", heading.artist)] if heading.artist else [])]
