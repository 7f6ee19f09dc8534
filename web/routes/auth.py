"""Coming in by name and password, and going again."""

import re
from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response, request

from actors.errors import BusyError, DatabaseError
from actors.model.key import TOKEN_PREFIX, Token, digest, fresh_secret
from actors.model.time import Time
from actors.model.user import NAME, Account, Role
from actors.model.user_view import UserView, user_view
from actors.passwords import LONGEST_CHARACTERS, is_outdated
from web.auth import attempt, caller
from web.credentials import COOKIE, unauthenticated
from web.encoding import answer, nothing
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.exchange import exchange, timed
from web.named import own_user
from web.openapi import examples
from web.services import services

blueprint = Blueprint("auth", __name__, url_prefix="/api/v1/auth")


TRIES = 2
By = Literal["token", "key", "nothing"]


class Login(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who somebody says they are, and what proves it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Name of the account."""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_CHARACTERS)]
    """Its password."""


class LoggedIn(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A token, to be sent as `Authorization: Bearer …` until it expires."""

    token: str
    """What is sent as `Authorization: Bearer …`."""
    token_type: Literal["Bearer"]
    """Always `Bearer`."""
    expires_at: Time
    """When the login ends."""
    user: UserView
    """Who logged in."""


class Profile(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """Who asks, by what, and what they may do by it: a key may allow less than its owner may."""

    user: UserView
    """Your account; for admin keys and on a machine without accounts the local one."""
    role: Role
    """What you may do."""
    by: By
    """`nothing`: nobody needs to show anything here."""
    expires_at: Time | None
    """When that ends; null for never."""


_LOGGED_IN = LoggedIn(
    token="rt_3pUyzSgZpZ0Bq3xVHdO0m0yM2m2o7d0l0bqv1rJ8f3k",  # noqa: S106 — an example, which opens nothing
    token_type="Bearer",  # noqa: S106 — its kind
    expires_at=examples.LATER,
    user=examples.USER,
)
_PROFILE = Profile(user=examples.USER, role=Role.ADMIN, by="token", expires_at=examples.LATER)


@endpoint(
    blueprint,
    "POST",
    "/login",
    tag="People",
    is_open=True,
    body=Login,
    example={"name": "ada", "password": "a long one of hers"},
    answers={
        200: Answer(
            meaning="A token; the cookie holds it too, for the page.",
            model=LoggedIn,
            headers=("Set-Cookie",),
            example=_LOGGED_IN,
        )
    },
    problems=("UNAUTHENTICATED", "RATE_LIMITED", "OVERLOADED"),
)
async def log_in(body: Login) -> Response:
    """Log in.

    An unknown name and a wrong password are answered alike, in word and time. Who fails too often must wait, longer each
    time.
    """
    with attempt(body.name):
        account, token, secret = await _let_in(body)
    await _renew_hash(account, body.password)
    shown = LoggedIn(token=secret, token_type="Bearer", expires_at=token.expires_at, user=user_view(account.user))  # noqa: S106 — its kind
    response = answer(shown)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(services().config.login_s),
        secure=_is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@endpoint(
    blueprint,
    "POST",
    "/logout",
    tag="People",
    role=Role.LISTENER,
    answers={204: Answer(meaning="The token lets nobody in any more.", headers=("Set-Cookie",))},
    problems=("CONFLICT",),
)
async def log_out() -> Response:
    """Log out: the token that this request shows is revoked, and the page's cookie is forgotten.

    Live sockets and streams that came in by it are closed.
    """
    who = caller()
    if who.key_id is not None:
        raise ProblemError("CONFLICT", "A key cannot be logged out; revoke it: DELETE /api/v1/auth/keys/{id}")
    if who.token_id is not None:
        with timed("db"):
            await services().store.tokens.remove(who.token_id)
        services().access.change()
    response = nothing()
    response.delete_cookie(COOKIE, secure=_is_secure(), httponly=True, samesite="Strict")
    return response


@endpoint(
    blueprint,
    "GET",
    "/profile",
    tag="People",
    answers={200: Answer(meaning="Who asks.", model=Profile, example=_PROFILE)},
)
async def read_profile() -> Response:
    """Who you are here, and what you may do."""
    who = caller()
    by: By = "nothing"
    if exchange().shown is not None:
        by = "key" if who.token_id is None else "token"
    user = await own_user()
    return answer(Profile(user=user_view(user), role=who.role, by=by, expires_at=who.expires_at))


async def _account_of(body: Login) -> Account:
    # What can be nobody's name is looked up as such: a name that only folds to another's is a way around the limits.
    name = body.name if re.fullmatch(NAME, body.name) else ""
    with timed("db"):
        account = await services().store.users.find_account(name=name)
    with timed("argon2"):
        is_right = await services().access.passwords.is_right(body.password, account.password_hash if account else None)
    if account is None or not is_right:
        raise _wrong()
    return account


async def _let_in(body: Login) -> tuple[Account, Token, str]:
    held, secret = services(), fresh_secret(TOKEN_PREFIX)
    # The same password may have got another hash meanwhile, by another login; a new password is found wrong.
    for _ in range(TRIES):
        account = await _account_of(body)
        with timed("db"):
            token = await held.store.tokens.add(
                account.user.id, digest(secret), lifetime_s=held.config.login_s, password_hash=account.password_hash
            )
        if token is not None:
            return account, token, secret
    raise _wrong()


async def _renew_hash(account: Account, password: str) -> None:
    if account.password_hash is not None and is_outdated(account.password_hash):
        with suppress(BusyError, DatabaseError):  # the next login may do it as well
            await services().store.users.rehash(account, await services().access.passwords.hashed(password))


def _is_secure() -> bool:
    """Whether the browser reaches this server by https; behind a proxy only the page's own origin tells."""
    return request.scheme == "https" or request.headers.get("Origin", "").startswith("https://")


def _wrong() -> ProblemError:
    return unauthenticated("Name or password is wrong")
