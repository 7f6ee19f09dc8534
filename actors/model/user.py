"""A person who uses the service, and what each may do."""

import enum
from datetime import datetime

import attrs


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
class Caller:
    """Who makes the present request."""

    user_id: str
    name: str
    role: Role


LOCAL_CALLER = Caller(user_id=LOCAL_USER_ID, name="local", role=Role.ADMIN)
"""Everyone, where no account is needed."""
