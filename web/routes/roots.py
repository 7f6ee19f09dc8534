"""Roots: which folders are watched, and looking at them now."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import trio
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.messages import RootsChanged, ScanNow
from actors.model.root import RootState
from actors.model.root_view import RootView, root_view
from actors.model.user import Role
from actors.pipeline import WATCHER
from actors.watching.folder import NOT_APART, objection, real
from web.cache import CacheInfo
from web.conditions import conditional, demand_match
from web.delivery.files import from_disk
from web.encoding import answer, entity_tag, json_bytes, nothing
from web.endpoints import Answer, endpoint
from web.errors import FieldError, ProblemError, invalid
from web.exchange import timed
from web.kept import unkept
from web.limits import undivided
from web.named import named_root
from web.openapi import examples
from web.paging import Links, Meta, PageQuery, sliced
from web.services import services

blueprint = Blueprint("roots", __name__, url_prefix="/api/v1/library")

CHANGE_LIMIT_S = 15 * SECONDS
"""A root is written and the watcher told of it by then; the watcher reads all roots again at its next start anyway."""
LOOK_LIMIT_S = 10 * SECONDS
"""The disk of a folder to watch must answer by then."""
_lookers = trio.CapacityLimiter(8)


class NewRoot(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A folder to watch; `path` absolute, on the machine that serves."""

    path: Annotated[str, msgspec.Meta(pattern="^/", max_length=4096, examples=["/srv/music"])]
    """An absolute folder of the machine that the server runs on."""


class RootPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of watched folders."""

    data: tuple[RootView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


class ScanQuery(msgspec.Struct, rename="camel", kw_only=True):
    """Which folder; all of them if not said."""

    root_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128, description="Only this root.")] | None = None


class Scan(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The roots that are compared with the catalogue now; SCAN_UPDATE events tell how it goes."""

    root_ids: tuple[str, ...]
    """Ids of the roots."""


_META, _LINKS = examples.only_page("/api/v1/library/roots")
_PAGE = RootPage(data=(examples.ROOT,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_SCAN = Scan(root_ids=(examples.ROOT_ID,))


@endpoint(
    blueprint,
    "GET",
    "/roots",
    tag="Library",
    query=PageQuery,
    answers={200: Answer(meaning="Roots, by path.", model=RootPage, example=_PAGE)},
)
async def list_roots(query: PageQuery) -> Response:
    """The folders that are watched."""
    with timed("db"):
        roots = await services().store.roots.list_()
    shown, meta, links = sliced(roots, query, path=f"{blueprint.url_prefix}/roots")
    return answer(RootPage(data=tuple(map(root_view, shown)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "POST",
    "/roots",
    tag="Library",
    role=Role.ADMIN,
    body=NewRoot,
    example={"path": "/srv/music"},
    is_repeatable=True,
    answers={
        200: Answer(
            meaning="It was watched already.", model=RootView, headers=("ETag", "Location"), example=examples.ROOT
        ),
        201: Answer(
            meaning="It is watched from now on.", model=RootView, headers=("ETag", "Location"), example=examples.ROOT
        ),
    },
)
async def add_root(body: NewRoot) -> Response:
    """Watch one more folder."""
    held = services()
    own = held.config.data_dir
    try:
        path = await from_disk(_usable_folder, body.path, own, limiter=_lookers, limit_s=LOOK_LIMIT_S)
    except TimeoutError:
        raise ProblemError("TIMEOUT", "The disk of this folder does not answer") from None
    with timed("db"):
        known = {root.path for root in await held.store.roots.list_()}
    with undivided(CHANGE_LIMIT_S):
        root = await held.store.roots.add(path)
        await held.running.ref(WATCHER).tell(RootsChanged())
    view = root_view(root)
    place = {"Location": f"{blueprint.url_prefix}/roots/{root.id}", "ETag": _etag(view)}
    return answer(view, status=200 if path in known else 201, headers=place)


@endpoint(
    blueprint,
    "GET",
    "/roots/<root_id>",
    tag="Library",
    answers={
        200: Answer(meaning="The root.", model=RootView, headers=("ETag",), example=examples.ROOT),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_root(root_id: str) -> Response:
    """One watched folder, and how it is doing."""
    view = root_view(await named_root(root_id))
    return conditional(_etag(view), lambda: answer(view))


@endpoint(
    blueprint,
    "DELETE",
    "/roots/<root_id>",
    tag="Library",
    role=Role.ADMIN,
    answers={204: Answer(meaning="It is no longer watched.")},
    asks=("If-Match",),
    problems=("NOT_FOUND", "CONFLICT", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def remove_root(root_id: str) -> Response:
    """Watch a folder no longer, if no track belongs to it. Nothing on the disk is touched."""
    root = await named_root(root_id)
    demand_match(_etag(root_view(root)))
    held = services()
    with undivided(CHANGE_LIMIT_S):
        if not await held.store.roots.remove(root.id):
            raise ProblemError("CONFLICT", "Tracks still belong to it; take its recordings out of the folder first")
        await held.running.ref(WATCHER).tell(RootsChanged())
    return nothing()


@endpoint(
    blueprint,
    "POST",
    "/roots/<root_id>/confirm",
    tag="Library",
    role=Role.ADMIN,
    answers={
        202: Answer(
            meaning="It will be looked at again, and what is gone is gone.",
            model=Scan,
            headers=("Location",),
            example=_SCAN,
        )
    },
    problems=("NOT_FOUND", "CONFLICT"),
)
async def confirm_root(root_id: str) -> Response:
    """Say that so much really is gone from a folder that was `held` because of it."""
    root = await named_root(root_id)
    if root.state is not RootState.HELD:
        raise ProblemError("CONFLICT", "Nothing waits to be confirmed", details={"state": root.state})
    return await _scan(ScanNow(root_id=root.id, is_confirmed=True), (root.id,))


@endpoint(
    blueprint,
    "POST",
    "/scan",
    tag="Library",
    query=ScanQuery,
    answers={202: Answer(meaning="It has begun, or will at once.", model=Scan, headers=("Location",), example=_SCAN)},
    problems=("NOT_FOUND",),
)
async def scan_library(query: ScanQuery) -> Response:
    """Compare the folders with the catalogue now, instead of at the next turn."""
    if query.root_id is not None:
        root_ids: tuple[str, ...] = ((await named_root(query.root_id)).id,)
    else:
        with timed("db"):
            root_ids = tuple(root.id for root in await services().store.roots.list_())
    return await _scan(ScanNow(root_id=query.root_id), root_ids)


async def _scan(order: ScanNow, root_ids: tuple[str, ...]) -> Response:
    await services().running.ref(WATCHER).tell(order)
    place = f"{blueprint.url_prefix}/roots" + (f"/{order.root_id}" if order.root_id else "")
    return answer(Scan(root_ids=root_ids), status=202, headers={"Location": place})


def _etag(view: RootView) -> str:
    return entity_tag("root", json_bytes(view).decode())


def _usable_folder(text: str, data_dir: Path) -> bytes:
    try:
        path = os.path.realpath(os.fsencode(text))
        reason = NOT_APART if path == real(data_dir) else objection(path)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}."
    if reason is not None:
        raise invalid(FieldError(field="path", message=f"This folder {reason}", value=text))
    return path
