"""Memories: what a person notes, about a track, a moment of it, or nothing."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from quart import Blueprint, Response

from actors.model.memory import (
    LONGEST_TAG,
    LONGEST_TEXT,
    MOST_TAGS,
    Memory,
    MemoryFilter,
    MemoryView,
    Note,
    distinct,
    memory_view,
)
from actors.model.user import Role
from web.auth import caller
from web.cache import CacheInfo
from web.conditions import conditional, demanded
from web.encoding import answer, nothing
from web.endpoints import Answer, endpoint
from web.errors import FieldError, invalid
from web.exchange import timed
from web.kept import Depends, unkept
from web.named import memory_tag, named_memory, no_memory
from web.openapi import examples
from web.paging import CursorText, Links, PageNumber, PageSize, Position, position, surroundings
from web.paging import Meta as PageMeta
from web.services import services

_LIST = "/api/v1/memories"
blueprint = Blueprint("memories", __name__, url_prefix=_LIST)
_PRIVATE = {"Cache-Control": "private, no-cache"}

Text = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S", description="At least one sign in it.")
]
TrackId = Annotated[str, Meta(min_length=1, max_length=128, description="The track that it is about.")]
Moment = Annotated[
    float, Meta(ge=0, le=10_000_000, description="The moment of the track that it is about, in seconds.")
]
Tag = Annotated[str, Meta(min_length=1, max_length=LONGEST_TAG, pattern=r"\S")]
Tags = Annotated[
    tuple[Tag, ...], Meta(max_length=MOST_TAGS, description="Those that differ in case and accents alone count once.")
]

SORT = "`position` with a `trackId`, else `addedAt`, if not said. By `position`, those about no moment come behind all others."
Sort = Annotated[Literal["addedAt", "changedAt", "position"], Meta(description=SORT)]
Order = Annotated[Literal["asc", "desc"], Meta(description="`asc` for `position`, else `desc`, if not said.")]
WantedTag = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_TAG, description="One of their tags, accents and case aside.")
]
WORDS = "Every word of it occurs in their text or tags, accents and case aside."
WantedWords = Annotated[str, Meta(min_length=1, max_length=200, description=WORDS)]


class NewMemory(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to note. A `position` needs a `trackId`."""

    text: Text
    """What to note."""
    track_id: TrackId | None = None
    """The track that it is about; null for none."""
    position: Moment | None = None
    """The moment of the track that it is about, in seconds; null for none."""
    tags: Tags = ()
    """Those that differ in case and accents alone count once."""


class MemoryChange(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes different; what is left out stays as it is, null takes away."""

    text: Text | UnsetType = UNSET
    """What was noted."""
    track_id: TrackId | UnsetType | None = UNSET
    """The track that it is about; null for none."""
    position: Moment | UnsetType | None = UNSET
    """The moment of the track that it is about, in seconds; null for none."""
    tags: Tags | UnsetType = UNSET
    """In place of those that it has."""


class MemoryListQuery(msgspec.Struct, rename="camel", kw_only=True):
    """Which memories, in which order, which page of them."""

    page: PageNumber | None = None
    cursor: CursorText | None = None
    page_size: PageSize = 50
    sort: Sort | None = None
    order: Order | None = None
    track_id: TrackId | None = None
    tag: WantedTag | None = None
    cue: Annotated[bool, Meta(description="Only those that are, or are not, about a moment of a track.")] | None = None
    q: WantedWords | None = None


class MemoryPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of memories."""

    data: tuple[MemoryView, ...]
    meta: PageMeta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page(_LIST)
_PAGE = MemoryPage(data=(examples.MEMORY,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_CHANGED = {
    200: Answer(meaning="The memory as it is now.", model=MemoryView, headers=("ETag",), example=examples.MEMORY)
}
_CHANGES = ("NOT_FOUND", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED")


@endpoint(
    blueprint,
    "GET",
    "",
    tag="Memories",
    query=MemoryListQuery,
    answers={
        200: Answer(meaning="A page of your memories.", model=MemoryPage, headers=("ETag",), example=_PAGE),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("INVALID_CURSOR", "PRECONDITION_FAILED"),
    cached=Depends.CALLER,
)
async def list_memories(query: MemoryListQuery) -> Response:
    """Your memories, in pages; with `trackId` and `cue=true` the cue points of a track, in their order."""
    chosen = {"trackId": query.track_id, "tag": query.tag, "q": query.q}
    filters = {name: value for name, value in chosen.items() if value is not None}
    if query.cue is not None:
        filters["cue"] = "true" if query.cue else "false"
    sort = query.sort or ("position" if query.track_id and query.cursor is None else None)
    asked = position(
        path=_LIST,
        sort=sort,
        order=query.order or ("asc" if sort == "position" and query.cursor is None else None),
        filters=filters,
        page=query.page,
        cursor=query.cursor,
        page_size=query.page_size,
        default_sort="addedAt",
        default_order="desc",
    )
    with timed("db"):
        page = await services().store.memories.list_(
            caller().user_id,
            MemoryFilter(
                track_id=_filter(asked, "trackId"),
                tag=_filter(asked, "tag"),
                text=_filter(asked, "q"),
                is_cue=None if (cue := _filter(asked, "cue")) is None else cue == "true",
            ),
            sort=asked.sort,
            is_descending=asked.order == "desc",
            page=asked.page,
            after=asked.after,
            page_size=asked.page_size,
        )
    meta, links = surroundings(asked, path=_LIST, total=page.total, after=page.after)
    return answer(MemoryPage(data=tuple(map(memory_view, page.items)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "POST",
    "",
    tag="Memories",
    role=Role.LISTENER,
    body=NewMemory,
    example={"text": "The solo begins", "trackId": examples.TRACK_ID, "position": 83.5, "tags": ["solo"]},
    is_repeatable=True,
    answers={
        201: Answer(meaning="The memory.", model=MemoryView, headers=("ETag", "Location"), example=examples.MEMORY)
    },
    problems=("CONFLICT",),
)
async def add_memory(body: NewMemory) -> Response:
    """Note something, for yourself. Nobody else sees it."""
    with timed("db"):
        memory = await services().store.memories.add(caller().user_id, _note(body))
    return _told(memory, status=201, headers={"Location": f"{_LIST}/{memory.id}"})


@endpoint(
    blueprint,
    "GET",
    "/<memory_id>",
    tag="Memories",
    answers={
        200: Answer(meaning="The memory.", model=MemoryView, headers=("ETag",), example=examples.MEMORY),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_memory(memory_id: str) -> Response:
    """One of your memories."""
    memory = await named_memory(memory_id)
    return conditional(memory_tag(memory), lambda: answer(memory_view(memory), headers=_PRIVATE))


@endpoint(
    blueprint,
    "PUT",
    "/<memory_id>",
    tag="Memories",
    role=Role.LISTENER,
    body=NewMemory,
    example={"text": "The solo begins", "trackId": examples.TRACK_ID, "position": 83.5, "tags": ["solo"]},
    answers=_CHANGED,
    asks=("If-Match",),
    problems=_CHANGES,
)
async def replace_memory(memory_id: str, body: NewMemory) -> Response:
    """Say something else altogether."""
    return await _changed(await named_memory(memory_id), _note(body))


@endpoint(
    blueprint,
    "PATCH",
    "/<memory_id>",
    tag="Memories",
    role=Role.LISTENER,
    body=MemoryChange,
    example={"tags": ["solo", "live"], "position": None},
    answers=_CHANGED,
    asks=("If-Match",),
    problems=_CHANGES,
)
async def change_memory(memory_id: str, body: MemoryChange) -> Response:
    """Change some of what a memory says."""
    memory = await named_memory(memory_id)
    note = Note(
        text=memory.text if body.text is UNSET else body.text,
        track_id=memory.track_id if body.track_id is UNSET else body.track_id,
        position_s=memory.position_s if body.position is UNSET else body.position,
        tags=memory.tags if body.tags is UNSET else distinct(body.tags),
    )
    if body.track_id is not UNSET or body.position is not UNSET:
        _check_moment(note)
    return await _changed(memory, note)


@endpoint(
    blueprint,
    "DELETE",
    "/<memory_id>",
    tag="Memories",
    role=Role.LISTENER,
    answers={204: Answer(meaning="It is forgotten.")},
    asks=("If-Match",),
    problems=_CHANGES,
)
async def remove_memory(memory_id: str) -> Response:
    """Forget one of your memories for good."""
    memory = await named_memory(memory_id)
    version = demanded(memory_tag(memory), memory.version)
    with timed("db"):
        is_removed = await services().store.memories.remove(caller().user_id, memory.id, version=version)
    if not is_removed:
        raise no_memory()
    return nothing()


def _filter(asked: Position, name: str) -> str | None:
    value = asked.filters.get(name)
    return value if isinstance(value, str) else None


async def _changed(memory: Memory, note: Note) -> Response:
    version = demanded(memory_tag(memory), memory.version)
    with timed("db"):
        changed = await services().store.memories.change(caller().user_id, memory.id, note, version=version)
    if changed is None:
        raise no_memory()
    return _told(changed)


def _note(body: NewMemory) -> Note:
    note = Note(text=body.text, track_id=body.track_id, position_s=body.position, tags=distinct(body.tags))
    _check_moment(note)
    return note


def _check_moment(note: Note) -> None:
    if note.position_s is not None and note.track_id is None:
        message = "A moment is one of a track: give trackId too, or leave the position out"
        raise invalid(FieldError(field="position", message=message, value=note.position_s))


def _told(memory: Memory, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    told = {**_PRIVATE, "ETag": memory_tag(memory), **(headers or {})}
    return answer(memory_view(memory), status=status, headers=told)
