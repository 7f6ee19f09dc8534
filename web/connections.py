"""Who is on the live feed now, by whichever transport, and why others left. Values only; each connection is held by what serves it."""

import enum
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import attrs
import trio

from actors.feed import Subscription, SubscriptionStatistics
from actors.model.user import Caller


class Kind(enum.StrEnum):
    """The transports."""

    WEBSOCKET = "websocket"
    SSE = "sse"
    NDJSON = "ndjson"


class Cause(enum.StrEnum):
    """Why a connection ended."""

    LEFT = "left"
    """The client closed it."""
    STALLED = "stalled"
    """The client took no byte for too long and was cut."""
    SILENT = "silent"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    TOO_SLOW = "too_slow"
    """Too much waited for the client."""
    TOO_MANY = "too_many"
    """Too many messages came from the client."""
    BAD_MESSAGES = "bad_messages"
    SHUTDOWN = "shutdown"
    UNAVAILABLE = "unavailable"
    """The database was away."""
    FAILED = "failed"
    """An error of the service, which is in its log."""


class Watched(Protocol):
    """The line below a connection."""

    @property
    def has_stalled(self) -> bool:
        """Whether it was cut because its peer took nothing."""
        ...


class Followed(Protocol):
    """What a client hears, and how far it is behind."""

    @property
    def topics(self) -> frozenset[str]:
        """Of which topics."""
        ...

    def statistics(self, *, now: datetime) -> SubscriptionStatistics:
        """One consistent picture; `now` in UTC."""
        ...


@attrs.define(eq=False, kw_only=True)
class Connection:
    """One client, as whatever serves it tells."""

    kind: Kind
    address: str
    """Whence it comes; behind a trusted proxy what that says."""
    caller: Caller | None
    """Whose it is; None as long as nobody is known."""
    subscription: Subscription | None = None
    """None until the client has said what it wants to hear."""
    log: Followed | None = None
    """What it follows instead of the feed."""
    device: str | None = None
    """What the client calls itself."""
    cause: Cause | None = None
    """Why it ends, once somebody here has decided that it does."""
    line: Watched | None = None
    """None where the server has none to show."""
    id: str = attrs.field(factory=lambda: uuid.uuid4().hex)
    since: datetime = attrs.field(factory=lambda: datetime.now(UTC))

    @property
    def followed(self) -> Followed | None:
        """What it hears; None as long as that is nothing."""
        return self.subscription or self.log

    def ends(self, cause: Cause) -> None:
        """Note why it ends; the first cause counts."""
        self.cause = self.cause or cause


class Connections:
    """All of one service."""

    def __init__(self, stopping: trio.Event) -> None:
        self._stopping = stopping
        self._held: dict[str, Connection] = {}
        self._left: Counter[tuple[Kind, Cause]] = Counter()

    @contextmanager
    def hold(self, connection: Connection) -> Iterator[None]:
        """It is there as long as the block lasts. An error that leaves the block is its cause if nothing else is."""
        self._held[connection.id] = connection
        try:
            yield
        except Exception:
            connection.ends(Cause.FAILED)
            raise
        finally:
            del self._held[connection.id]
            self._left[connection.kind, connection.cause or self._unsaid(connection)] += 1

    def all(self) -> Sequence[Connection]:
        """Those that are there, the oldest first."""
        return tuple(self._held.values())

    def counts(self) -> dict[Kind, int]:
        """How many are there, by their transport."""
        present = Counter(connection.kind for connection in self._held.values())
        return {kind: present[kind] for kind in Kind}

    def left(self) -> dict[tuple[Kind, Cause], int]:
        """How many ended since the start, by transport and cause; of those that occurred."""
        return dict(self._left)

    def _unsaid(self, connection: Connection) -> Cause:
        if connection.line is not None and connection.line.has_stalled:
            return Cause.STALLED
        return Cause.SHUTDOWN if self._stopping.is_set() else Cause.LEFT
