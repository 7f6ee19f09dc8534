"""The trash: what was removed, brought back or gone for good."""

from datetime import timedelta
from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.messages import PurgeTrack, RemoveTrack, RestoreTrack
from actors.model.time import Time
from actors.model.track import Track, shown_path
from actors.model.trashed import Trashed
from actors.model.user import Role
from actors.model.view import OwnTrackView, TrackView, own_track_view, track_view
from web.auth import caller
from web.cache import CacheInfo
from web.conditions import conditional
from web.encoding import answer, nothing
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.kept import unkept
from web.named import named_track, named_trashed, track_tag
from web.openapi import examples
from web.orders import demanded_version, ordered
from web.paging import Links, Meta, PageQuery, numbered
from web.services import services

blueprint = Blueprint("trash", __name__, url_prefix="/api/v1")

FILES_LIMIT_S = 25 * SECONDS
"""Files are moved by then."""
_LIST = "/api/v1/trash"


class RemovalQuery(msgspec.Struct, rename="camel", kw_only=True):
    """What goes."""

    file: Annotated[
        bool,
        msgspec.Meta(
            description="Whether its files are taken out of their folders too, into the hidden trash folder of their root."
        ),
    ] = False


class TrashedFileView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A file that was taken out of its folder; `path` is where it lay."""

    root_id: str
    path: str
    """Where it lay."""
    size_bytes: int


class TrashedView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A track in the trash, and what goes with it when it goes for good: its files there, people's ratings and plays.

    It goes by itself at `expiresAt`. `removedBy` is the id of a user.
    """

    track: TrackView
    """The track as it was."""
    removed_at: Time
    """When it was removed."""
    removed_by: str | None
    """Who removed it; null for nobody with an account."""
    expires_at: Time
    """When it will be gone for good."""
    files: tuple[TrashedFileView, ...]
    """Its files, if they went with it."""
    ratings: int
    """How many people have rated it."""
    plays: int
    """How often it was listened to, by all."""


class TrashPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of the trash."""

    data: tuple[TrashedView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_TRASHED = TrashedView(
    track=TrackView(**{name: getattr(examples.TRACK, name) for name in TrackView.__struct_fields__}),
    removed_at=examples.MOMENT,
    removed_by="local",
    expires_at=examples.MOMENT + timedelta(days=30),
    files=(TrashedFileView(root_id=examples.ROOT_ID, path=examples.TRACK.path or "", size_bytes=23_419_004),),
    ratings=1,
    plays=7,
)
_META, _LINKS = examples.only_page(_LIST)
_PAGE = TrashPage(data=(_TRASHED,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "DELETE",
    "/tracks/<track_id>",
    tag="Tracks",
    query=RemovalQuery,
    answers={204: Answer(meaning="It lies in the trash, at `Location`.", headers=("Location",))},
    asks=("If-Match",),
    problems=("TRACK_NOT_FOUND", "CONFLICT", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def remove_track(track_id: str, query: RemovalQuery) -> Response:
    """Put a track into the trash.

    It is gone from lists, searches and players until it is restored, even if its file is found again or a copy comes. Ratings
    and plays are kept with it. If a file cannot be moved, nothing is changed.
    """
    track = await named_track(track_id)
    order = RemoveTrack(
        track_id=track.id, version=demanded_version(track), takes_files=query.file, person_id=caller().user_id
    )
    await ordered(order, limit_s=FILES_LIMIT_S)
    return nothing(headers={"Location": f"{_LIST}/{track.id}"})


@endpoint(
    blueprint,
    "GET",
    "/trash",
    tag="Tracks",
    role=Role.EDITOR,
    query=PageQuery,
    answers={200: Answer(meaning="A page of the trash, newest first.", model=TrashPage, example=_PAGE)},
)
async def list_trash(query: PageQuery) -> Response:
    """Tracks in the trash, and when they go for good."""
    with timed("db"):
        page = await services().store.trash.list_(page=query.page, page_size=query.page_size)
    meta, links = numbered(query, path=_LIST, total=page.total or 0)
    return answer(TrashPage(data=tuple(map(_view, page.items)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "/trash/<track_id>",
    tag="Tracks",
    role=Role.EDITOR,
    answers={
        200: Answer(
            meaning="The track, and what goes with it.", model=TrashedView, headers=("ETag",), example=_TRASHED
        ),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("TRACK_NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_trashed(track_id: str) -> Response:
    """One track in the trash. To let it go for good, send its entity tag along: nothing goes that you did not see."""
    trashed = await named_trashed(track_id)
    return conditional(track_tag(trashed.track), lambda: answer(_view(trashed)))


@endpoint(
    blueprint,
    "POST",
    "/trash/<track_id>/restore",
    tag="Tracks",
    answers={
        200: Answer(
            meaning="It is back as it was.", model=OwnTrackView, headers=("ETag", "Location"), example=examples.TRACK
        )
    },
    problems=("TRACK_NOT_FOUND", "CONFLICT"),
)
async def restore_track(track_id: str) -> Response:
    """Bring a track back, with its files, ratings and plays.

    A file whose place is taken by now comes to lie beside it.
    """
    trashed = await named_trashed(track_id)
    order = RestoreTrack(track_id=trashed.track.id, person_id=caller().user_id)
    track: Track = await ordered(order, limit_s=FILES_LIMIT_S)
    place = {"ETag": track_tag(track), "Location": f"/api/v1/tracks/{track.id}"}
    return answer(own_track_view(track), headers=place)


@endpoint(
    blueprint,
    "DELETE",
    "/trash/<track_id>",
    tag="Tracks",
    role=Role.ADMIN,
    answers={204: Answer(meaning="It is gone for good.")},
    asks=("If-Match",),
    problems=("TRACK_NOT_FOUND", "CONFLICT", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def purge_track(track_id: str) -> Response:
    """Let a track in the trash go for good: its files there, and everybody's ratings and plays of it.

    Files of it that still lie in their folders stay there, and are passed over until their bytes change.
    """
    trashed = await named_trashed(track_id)
    order = PurgeTrack(track_id=trashed.track.id, version=demanded_version(trashed.track))
    await ordered(order, limit_s=FILES_LIMIT_S)
    return nothing()


def _view(trashed: Trashed) -> TrashedView:
    kept = timedelta(seconds=services().config.trash_kept_s)
    return TrashedView(
        track=track_view(trashed.track),
        removed_at=trashed.removed_at,
        removed_by=trashed.removed_by,
        expires_at=trashed.removed_at + kept,
        files=tuple(
            TrashedFileView(root_id=file.root_id, path=shown_path(file.path), size_bytes=file.size_bytes)
            for file in trashed.files
        ),
        ratings=trashed.ratings,
        plays=trashed.plays,
    )
