"""Accounts: found by everybody, made, changed and removed by administrators."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from quart import Blueprint, Response

from actors.model.user import NAME, Role, UserChange
from actors.model.user_view import PersonView, UserView, person_view, user_view
from actors.passwords import Password
from web.accounts import changed_account
from web.cache import CacheInfo
from web.conditions import conditional, demand_match
from web.encoding import answer, nothing
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.exchange import timed
from web.kept import unkept
from web.named import named_user, user_tag
from web.openapi import examples
from web.paging import Links, Meta, PageQuery, numbered
from web.services import services

blueprint = Blueprint("users", __name__, url_prefix="/api/v1/users")

Name = Annotated[str, msgspec.Meta(pattern=NAME, max_length=64, examples=["ada"])]
ShownName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, examples=["Ada Vale"])]


class NewUser(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account to be made."""

    name: Name
    """What they log in by."""
    password: Password
    """Their password."""
    role: Role = Role.LISTENER
    """What they may do."""
    shown_name: ShownName | None = None
    """How they are shown; null for their name."""


class UserPatch(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes different of an account; a new password ends its logins."""

    name: Name | UnsetType = UNSET
    """What they log in by."""
    password: Password | UnsetType = UNSET
    """A new password; ends all their logins."""
    role: Role | UnsetType = UNSET
    """What they may do."""
    shown_name: ShownName | UnsetType | None = UNSET
    """How they are shown; null for their name."""


class SearchQuery(PageQuery, rename="camel", kw_only=True):
    """Whom to look for."""

    q: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            max_length=100,
            description="Part of a name or shown name, whatever its case and accents.",
            examples=["ada"],
        ),
    ]


class UserPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of accounts."""

    data: tuple[UserView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


class PersonPage(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One page of people."""

    data: tuple[PersonView, ...]
    meta: Meta
    links: Links
    cache_info: CacheInfo


_META, _LINKS = examples.only_page("/api/v1/users")
_PAGE = UserPage(data=(examples.USER,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)
_PERSON = PersonView(id=examples.USER.id, name=examples.USER.name, shown_name=examples.USER.shown_name)
_PEOPLE = PersonPage(data=(_PERSON,), meta=_META, links=_LINKS, cache_info=examples.CACHE_INFO)


@endpoint(
    blueprint,
    "GET",
    "/search",
    tag="People",
    query=SearchQuery,
    answers={200: Answer(meaning="People; whose name begins so comes first.", model=PersonPage, example=_PEOPLE)},
)
async def search_users(query: SearchQuery) -> Response:
    """Find people by name."""
    with timed("db"):
        users, total = await services().store.users.search(query.q, limit=query.page_size, offset=query.offset)
    meta, links = numbered(query, path=f"{blueprint.url_prefix}/search", total=total, filters={"q": query.q})
    return answer(PersonPage(data=tuple(map(person_view, users)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "GET",
    "",
    tag="People",
    role=Role.ADMIN,
    query=PageQuery,
    answers={200: Answer(meaning="Accounts, by name.", model=UserPage, example=_PAGE)},
)
async def list_users(query: PageQuery) -> Response:
    """All accounts."""
    with timed("db"):
        users, total = await services().store.users.list_(limit=query.page_size, offset=query.offset)
    meta, links = numbered(query, path=f"{blueprint.url_prefix}", total=total)
    return answer(UserPage(data=tuple(map(user_view, users)), meta=meta, links=links, cache_info=unkept()))


@endpoint(
    blueprint,
    "POST",
    "",
    tag="People",
    role=Role.ADMIN,
    body=NewUser,
    example={"name": "ada", "password": "a long one of hers", "role": "editor", "shownName": "Ada Vale"},
    answers={201: Answer(meaning="The account.", model=UserView, headers=("ETag", "Location"), example=examples.USER)},
    problems=("CONFLICT", "OVERLOADED"),
)
async def add_user(body: NewUser) -> Response:
    """Make an account. The first must be an administrator's; from then on everybody must log in."""
    held = services()
    password_hash = await held.access.passwords.hashed(body.password)
    with timed("db"):
        user = await held.store.users.add(
            name=body.name, role=body.role, password_hash=password_hash, shown_name=body.shown_name
        )
    held.access.change()
    return answer(
        user_view(user),
        status=201,
        headers={"Location": f"{blueprint.url_prefix}/{user.id}", "ETag": user_tag(user)},
    )


@endpoint(
    blueprint,
    "GET",
    "/<user_id>",
    tag="People",
    role=Role.ADMIN,
    answers={
        200: Answer(meaning="The account.", model=UserView, headers=("ETag",), example=examples.USER),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_user(user_id: str) -> Response:
    """One account."""
    user = await named_user(user_id)
    return conditional(user_tag(user), lambda: answer(user_view(user)))


@endpoint(
    blueprint,
    "PATCH",
    "/<user_id>",
    tag="People",
    role=Role.ADMIN,
    body=UserPatch,
    example={"role": "listener"},
    answers={200: Answer(meaning="The account.", model=UserView, headers=("ETag",), example=examples.USER)},
    asks=("If-Match",),
    problems=("NOT_FOUND", "CONFLICT", "OVERLOADED", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def change_user(user_id: str, body: UserPatch) -> Response:
    """Change an account: its name, role, shown name or password. The last administrator stays one."""
    user = await named_user(user_id)
    demand_match(user_tag(user))
    password_hash = UNSET if body.password is UNSET else await services().access.passwords.hashed(body.password)
    change = UserChange(name=body.name, shown_name=body.shown_name, role=body.role, password_hash=password_hash)
    return await changed_account(user, change)


@endpoint(
    blueprint,
    "DELETE",
    "/<user_id>",
    tag="People",
    role=Role.ADMIN,
    answers={204: Answer(meaning="The account is gone.")},
    asks=("If-Match",),
    problems=("NOT_FOUND", "CONFLICT", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def remove_user(user_id: str) -> Response:
    """Remove an account with all that is theirs alone: logins, keys, preferences, ratings, plays, memories.

    What they did to the catalogue stays. The last administrator cannot be removed.
    """
    user = await named_user(user_id)
    demand_match(user_tag(user))
    with timed("db"):
        is_gone = await services().store.users.remove(user.id, version=user.version)
    if not is_gone:
        raise ProblemError("PRECONDITION_FAILED", "It was changed since you saw it")
    services().access.change()
    return nothing()
