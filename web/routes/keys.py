"""API keys: what programs show instead of a password."""

from datetime import timedelta
from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.model.key import KEY_PREFIX, Key, digest, fresh_secret
from actors.model.time import Time
from actors.model.user import Role
from actors.model.user_view import ApiKeyView, api_key_view
from web.auth import caller, demand
from web.cache import CacheInfo
from web.conditions import conditional, demand_match
from web.encoding import answer, entity_tag, json_bytes, nothing, now
from web.endpoints import Answer, endpoint
from web.errors import FieldError, invalid
from web.exchange import timed
from web.kept import unkept
from web.named import named_key
from web.openapi import examples
from web.paging import Links, Meta, PageQuery, numbered
from web.services import services

blueprint = Blueprint("keys", __name__, url_prefix="/api/v1/auth/keys")

LONGEST_LIFE = timedelta(days=3_660)


class NewKey(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be made: your own role if none is said, and without end if none is said."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, examples=["backup script"])]
    """What you call it."""
    role: Role | None = None
    """What it shall allow, at most what you may; null for your own role."""
    expires_at: Time | None = None
    """When it shall end, within the next ten years; null for never."""


class FreshKey(ApiKeyView, rename="camel", frozen=True, kw_only=True):
    """A new key with its secret, which is shown this once."""

    secret: str
    """What is sent as `X-API-Key`; it is never shown again."""


class KeyPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of keys."""

    data: tuple[ApiKeyView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page("/api/v1/auth/keys")
_PAGE = KeyPage(data=(examples.API_KEY,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_FRESH = FreshKey(
    **msgspec.structs.asdict(examples.API_KEY),
    secret="rk_3pUyzSgZpZ0Bq3xVHdO0m0yM2m2o7d0l0bqv1rJ8f3k",  # noqa: S106 — an example, which opens nothing
)


@endpoint(
    blueprint,
    "GET",
    "",
    tag="People",
    query=PageQuery,
    answers={200: Answer(meaning="Keys, the oldest first.", model=KeyPage, example=_PAGE)},
)
async def list_keys(query: PageQuery) -> Response:
    """Your API keys; everybody's for administrators."""
    who = caller()
    owner = None if who.role is Role.ADMIN else who.user_id
    with timed("db"):
        keys, total = await services().store.keys.list_(owner, limit=query.page_size, offset=query.offset)
    meta, links = numbered(query, path=f"{blueprint.url_prefix}", total=total)
    return answer(KeyPage(data=tuple(map(api_key_view, keys)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "POST",
    "",
    tag="People",
    role=Role.LISTENER,
    body=NewKey,
    example={"name": "backup script", "role": "listener"},
    answers={
        201: Answer(meaning="The key with its secret.", model=FreshKey, headers=("ETag", "Location"), example=_FRESH)
    },
    problems=("FORBIDDEN", "CONFLICT"),
)
async def add_key(body: NewKey) -> Response:
    """Make an API key for yourself, to be sent as `X-API-Key`.

    It never allows more than you may, now and later. A key that is made by a key ends with it, when that expires or is revoked.
    """
    who = caller()
    role = body.role or who.role
    demand(role)
    expires_at = body.expires_at
    if expires_at is not None and not now() < expires_at < now() + LONGEST_LIFE:
        raise invalid(FieldError(field="expiresAt", message="Must lie within the next ten years"))
    if who.key_id is not None and who.expires_at is not None:
        expires_at = min(expires_at or who.expires_at, who.expires_at)
    secret = fresh_secret(KEY_PREFIX)
    with timed("db"):
        key = await services().store.keys.add(
            who.user_id, digest(secret), name=body.name, role=role, expires_at=expires_at, made_by=who.key_id
        )
    fresh = FreshKey(**msgspec.structs.asdict(api_key_view(key)), secret=secret)
    return answer(fresh, status=201, headers={"Location": f"{blueprint.url_prefix}/{key.id}", "ETag": _etag(key)})


@endpoint(
    blueprint,
    "GET",
    "/<key_id>",
    tag="People",
    answers={
        200: Answer(
            meaning="The key, without its secret.", model=ApiKeyView, headers=("ETag",), example=examples.API_KEY
        ),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_key(key_id: str) -> Response:
    """One API key, and when it was last used."""
    key = await named_key(key_id)
    return conditional(_etag(key), lambda: answer(api_key_view(key)))


@endpoint(
    blueprint,
    "DELETE",
    "/<key_id>",
    tag="People",
    role=Role.LISTENER,
    answers={204: Answer(meaning="It lets nobody in any more.")},
    asks=("If-Match",),
    problems=("NOT_FOUND", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def revoke_key(key_id: str) -> Response:
    """Revoke an API key, and those that were made by it. Live sockets and streams that came in by it are closed."""
    key = await named_key(key_id)
    demand_match(_etag(key))
    with timed("db"):
        await services().store.keys.remove(key.id)
    services().access.change()
    return nothing()


def _etag(key: Key) -> str:
    return entity_tag("key", json_bytes(api_key_view(key)).decode())
