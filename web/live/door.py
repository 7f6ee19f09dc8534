"""Whether one client of the live feed may come in, and stay."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Protocol

import attrs
import trio

from actors.errors import DatabaseError
from actors.model.event import TOPICS
from actors.model.user import LOCAL_CALLER, Caller, Role
from web.access import Access, Shown
from web.live.messages import Refused

ADMIN_TOPICS = frozenset({"supervision", "logs"})

BY_NAME = frozenset({"logs"})
"""Told to those alone who name them. Every request makes a line of the log: whoever follows the catalogue would get little else."""


def allowed_topics(role: Role) -> tuple[str, ...]:
    """The topics that a role may have, in the order of all."""
    return tuple(topic for topic in TOPICS if role is Role.ADMIN or topic not in ADMIN_TOPICS)


def divided(topics: Collection[str] | None, role: Role) -> tuple[tuple[str, ...], Refused | None]:
    """Of the topics that are asked for, those that a role may have, and what is said of the others; if none are named, what is told unasked."""
    allowed = allowed_topics(role)
    if topics is None:
        return tuple(topic for topic in allowed if topic not in BY_NAME), None
    forbidden = [topic for topic in topics if topic not in allowed]
    said = Refused("FORBIDDEN", f"For administrators only: {', '.join(forbidden)}") if forbidden else None
    return tuple(topic for topic in topics if topic in allowed), said


class Entrance(Protocol):
    """Who is there, and whether they may stay; `Door` is one."""

    @property
    def caller(self) -> Caller | None:
        """Who came in; None as long as nobody is known."""
        ...

    async def admit(self, token: str) -> None:
        """Let in whom a token belongs to. Raises: Refused."""
        ...

    async def until_shut(self) -> Refused:
        """Wait until they may not stay; why."""
        ...


@attrs.define(eq=False, kw_only=True)
class Door:
    """One client's way in. Whoever asks for it owns it."""

    access: Access
    client: str
    """The address that asks."""
    caller: Caller | None
    """Who came in; None as long as nobody is known."""
    shown: Shown | None
    """What they came in by; None where nothing is needed."""
    _seen: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._seen = self.access.changes

    async def admit(self, token: str) -> None:
        """Let in whom a token or key belongs to, instead of whoever was known before.

        Raises:
            Refused: UNAUTHENTICATED, or UNAVAILABLE when that cannot be found out.
        """
        shown = Shown.of(token)
        try:
            caller = await self.access.caller_of(shown)
        except DatabaseError as error:
            raise Refused("UNAVAILABLE", str(error)) from error
        if caller is None:
            raise Refused("UNAUTHENTICATED", "this token lets nobody in")
        self.caller, self.shown = caller, shown

    async def until_shut(self) -> Refused:
        """Wait until who came in may not stay; why. Cancellation: nothing is missed, it may be called again."""
        assert self.caller is not None
        while True:
            left_s = float("inf")
            if self.caller.expires_at is not None:
                left_s = max(0.0, (self.caller.expires_at - datetime.now(UTC)).total_seconds())
            with trio.move_on_after(left_s):
                await self.access.until_changed(self._seen)
            changes, shown = self.access.changes, self.shown
            try:
                caller = await self._look()
            except DatabaseError:
                # Who cannot be looked up stays; the next change, or the end of the token, asks again.
                caller = None if self.caller.is_expired(datetime.now(UTC)) else self.caller
            if self.shown is not shown:
                continue  # meanwhile somebody came in by something else
            self._seen = changes
            if caller is None:
                return Refused("UNAUTHENTICATED", "what let you in does so no longer")
            if caller.role is not self.caller.role:
                return Refused("FORBIDDEN", "your role was changed; come again")

    async def _look(self) -> Caller | None:
        if self.shown is not None:
            return await self.access.caller_of(self.shown)
        return LOCAL_CALLER if await self.access.is_open_to(self.client) else None
