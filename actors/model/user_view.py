"""Accounts and keys as clients see them."""

import msgspec

from actors.model.key import Key
from actors.model.time import Time
from actors.model.user import Role, User


class UserView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One account, as itself and administrators see it."""

    id: str
    name: str
    """What they log in by."""
    shown_name: str | None
    """How they are shown; null for their name."""
    role: Role
    """What they may do."""
    added_at: Time
    changed_at: Time


class PersonView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The same, as everyone may see it."""

    id: str
    name: str
    """What they log in by."""
    shown_name: str | None
    """How they are shown; null for their name."""


class ApiKeyView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One API key without its secret."""

    id: str
    user_id: str
    """The account that it lets in."""
    name: str
    """What its owner calls it."""
    role: Role
    """What it allows at most."""
    added_at: Time
    expires_at: Time | None
    """When it ends by itself; null for never."""
    last_used_at: Time | None
    """When it was last shown, to about a minute; null if never."""


def user_view(user: User) -> UserView:
    """An account as itself and administrators see it."""
    return UserView(
        id=user.id,
        name=user.name,
        shown_name=user.shown_name,
        role=user.role,
        added_at=user.added_at,
        changed_at=user.changed_at,
    )


def person_view(user: User) -> PersonView:
    """An account as everyone may see it."""
    return PersonView(id=user.id, name=user.name, shown_name=user.shown_name)


def api_key_view(key: Key) -> ApiKeyView:
    """A key as its owner and administrators see it."""
    return ApiKeyView(
        id=key.id,
        user_id=key.user_id,
        name=key.name,
        role=key.role,
        added_at=key.added_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
