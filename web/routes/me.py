"""The one who asks: how they are shown, their password, and what they prefer."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from quart import Blueprint, Response

from actors.model.user import LOCAL_USER_ID, Role, User, UserChange
from actors.model.user_view import UserView, user_view
from actors.passwords import LONGEST_CHARACTERS, Password
from web.accounts import changed_account
from web.auth import attempt, caller
from web.conditions import conditional, demand_match
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.errors import FieldError, ProblemError, invalid
from web.exchange import timed
from web.named import own_user, user_tag
from web.openapi import examples
from web.services import services

blueprint = Blueprint("me", __name__, url_prefix="/api/v1/users/me")

MOST_CUSTOM = 50
ShownName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, examples=["Ada Vale"])]
Theme = Literal["system", "light", "dark"]
Language = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$(?!\n)", max_length=32, examples=["en", "de-AT"])
]
Size = Annotated[int, msgspec.Meta(ge=1, le=500)]
CustomName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
CustomText = Annotated[str, msgspec.Meta(max_length=1_000)]
CustomNumber = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class MePatch(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes different of your account; a new password needs the old one."""

    shown_name: ShownName | UnsetType | None = UNSET
    """How you are shown; null for your name."""
    password: Password | UnsetType = UNSET
    """A new password."""
    old_password: Annotated[str, msgspec.Meta(max_length=LONGEST_CHARACTERS)] | UnsetType = UNSET
    """The one that you have; needed for a new one."""


class Notifications(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What you want to be told of."""

    imports: bool = True
    """New recordings."""
    failures: bool = True
    """Recordings that could not be read or analyzed."""
    supervision: bool = False
    """Trouble in the tree of actors."""


class Preferences(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What you prefer; `custom` is for clients' own settings."""

    theme: Theme = "system"
    """Colors of the page."""
    language: Language = "en"
    """A language tag of BCP 47."""
    page_size: Size = 50
    """Things on a page."""
    notifications: Notifications = Notifications()
    """What you want to be told of."""
    custom: dict[CustomName, CustomText | CustomNumber | bool] = {}
    """Settings of clients, by names of theirs."""


class NotificationsPatch(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes different of them."""

    imports: bool | UnsetType = UNSET
    """New recordings."""
    failures: bool | UnsetType = UNSET
    """Recordings that could not be read or analyzed."""
    supervision: bool | UnsetType = UNSET
    """Trouble in the tree of actors."""


class PreferencesPatch(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes different: what is not said stays, also inside; null takes a custom setting away."""

    theme: Theme | UnsetType = UNSET
    """Colors of the page."""
    language: Language | UnsetType = UNSET
    """A language tag of BCP 47."""
    page_size: Size | UnsetType = UNSET
    """Things on a page."""
    notifications: NotificationsPatch | UnsetType = UNSET
    """What you want to be told of."""
    custom: (
        Annotated[dict[CustomName, CustomText | CustomNumber | bool | None], msgspec.Meta(max_length=MOST_CUSTOM)]
        | UnsetType
    ) = UNSET
    """Settings of clients; null takes one away."""


_PREFERENCES = Preferences(theme="dark", custom={"player.volume": 80})


@endpoint(
    blueprint,
    "GET",
    "",
    tag="People",
    answers={
        200: Answer(meaning="You.", model=UserView, headers=("ETag",), example=examples.USER),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def find_me() -> Response:
    """Your account."""
    user = await own_user()
    return conditional(user_tag(user), lambda: answer(user_view(user)))


@endpoint(
    blueprint,
    "PATCH",
    "",
    tag="People",
    role=Role.LISTENER,
    body=MePatch,
    example={"shownName": "Ada Vale"},
    answers={200: Answer(meaning="You, as you are now.", model=UserView, headers=("ETag",), example=examples.USER)},
    asks=("If-Match",),
    problems=("CONFLICT", "RATE_LIMITED", "OVERLOADED", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def change_me(body: MePatch) -> Response:
    """Change how you are shown, or your password.

    A new password needs the old one, and ends all your logins but the one that this request came in by.
    """
    user = await own_user()
    demand_match(user_tag(user))
    password_hash = UNSET if body.password is UNSET else await _new_hash(user, body.password, body.old_password)
    change = UserChange(shown_name=body.shown_name, password_hash=password_hash)
    return await changed_account(user, change, kept_token=caller().token_id)


@endpoint(
    blueprint,
    "GET",
    "/preferences",
    tag="People",
    answers={
        200: Answer(meaning="What you prefer.", model=Preferences, headers=("ETag",), example=_PREFERENCES),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def read_preferences() -> Response:
    """What you prefer."""
    user, preferences = await _own_preferences()
    return conditional(user_tag(user), lambda: answer(preferences))


@endpoint(
    blueprint,
    "PATCH",
    "/preferences",
    tag="People",
    role=Role.LISTENER,
    body=PreferencesPatch,
    example={"theme": "dark", "notifications": {"imports": False}, "custom": {"player.volume": 80}},
    answers={200: Answer(meaning="What you prefer now.", model=Preferences, headers=("ETag",), example=_PREFERENCES)},
    asks=("If-Match",),
    problems=("PRECONDITION_REQUIRED", "PRECONDITION_FAILED"),
)
async def change_preferences(body: PreferencesPatch) -> Response:
    """Change what you prefer; what is not said stays as it is."""
    user, before = await _own_preferences()
    demand_match(user_tag(user))
    after = merged(before, body)
    with timed("db"):
        changed = await services().store.users.change_preferences(
            user.id, msgspec.to_builtins(after), version=user.version
        )
    if changed is None:
        raise ProblemError("PRECONDITION_FAILED", "It was changed since you saw it")
    return answer(after, headers={"ETag": user_tag(changed)})


def merged(before: Preferences, patch: PreferencesPatch) -> Preferences:
    """Preferences after a change.

    Raises:
        ProblemError: VALIDATION_ERROR when there would be more than `MOST_CUSTOM` custom settings.
    """
    said = _said(patch)
    if patch.notifications is not UNSET:
        said["notifications"] = msgspec.structs.replace(before.notifications, **_said(patch.notifications))
    if patch.custom is not UNSET:
        custom = {**before.custom, **patch.custom}
        said["custom"] = {name: value for name, value in custom.items() if value is not None}
        if len(said["custom"]) > MOST_CUSTOM:
            raise invalid(FieldError(field="custom", message=f"Nobody may keep more than {MOST_CUSTOM} settings"))
    return msgspec.structs.replace(before, **said)


def _said(patch: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(patch).items() if value is not UNSET}


async def _own_preferences() -> tuple[User, Preferences]:
    with timed("db"):
        found = await services().store.users.find_preferences(caller().user_id)
    if found is None:
        return await own_user(), Preferences()
    user, kept = found
    return user, msgspec.convert(kept, Preferences)


async def _new_hash(user: User, password: str, old_password: str | UnsetType) -> str:
    if user.id == LOCAL_USER_ID:
        raise ProblemError("CONFLICT", "Nobody logs in as the local user; make an account: POST /api/v1/users")
    if old_password is UNSET:
        raise invalid(FieldError(field="oldPassword", message="Required for a new password"))
    held = services()
    with attempt(user.name):
        account = await held.store.users.find_account(user_id=user.id)
        if not await held.access.passwords.is_right(old_password, account.password_hash if account else None):
            raise invalid(FieldError(field="oldPassword", message="It is another one"))
        return await held.access.passwords.hashed(password)
