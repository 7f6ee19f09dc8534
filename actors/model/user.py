"""A person who uses the service, and what each may do."""

import enum
from datetime import datetime

import attrs
import msgspec
from msgspec import UNSET, UnsetType


class Role(enum.StrEnum):
    """What a person may do; each may do all that the one before may."""

    LISTENER = "listener"
    """Look, search, listen, and keep what is theirs: ratings, memories, preferences."""
    EDITOR = "editor"
    """Change the catalogue: upload, edit, remove."""
    ADMIN = "admin"
    """Everything: people, keys, folders, supervision."""

    def includes(self, other: "Role") -> bool:
        """Whether whoever has this role may do what needs the other."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)

    def within(self, other: "Role") -> "Role":
        """This role, but not more than the other."""
        return self if other.includes(self) else other


NAME = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$(?!\n)"
"""What a name for logging in may be. Plain letters, so that no two names look alike."""

LOCAL_USER_ID = "local"
"""Whoever asks over loopback while nobody has an account; cannot log in, always there, so that ratings and the like have an owner."""


@attrs.frozen(kw_only=True)
class User:
    """One account."""

    id: str
    name: str
    """For logging in; unique whatever its case."""
    role: Role
    shown_name: str | None = None
    added_at: datetime
    changed_at: datetime
    version: int = 1
    """Grows by one at every change; the ETag is made of it."""


@attrs.frozen(kw_only=True)
class Account:
    """A user and what they prove themselves by."""

    user: User
    password_hash: str | None = attrs.field(repr=False)
    """Argon2, in its own text form; None: cannot log in."""


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes different of a user; what is unset stays."""

    name: str | UnsetType = UNSET
    shown_name: str | UnsetType | None = UNSET
    role: Role | UnsetType = UNSET
    password_hash: str | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class Caller:
    """Who makes the present request."""

    user_id: str
    name: str
    role: Role
    token_id: str | None = None
    """What they came in by, if that was a token."""
    key_id: str | None = None
    """The same for a key of the database."""
    expires_at: datetime | None = None
    """When that ends; None: never by itself."""

    def is_expired(self, now: datetime) -> bool:
        """Whether what they came in by has ended."""
        return self.expires_at is not None and self.expires_at <= now


LOCAL_CALLER = Caller(user_id=LOCAL_USER_ID, name="local", role=Role.ADMIN)
"""Everyone, where no account is needed."""
