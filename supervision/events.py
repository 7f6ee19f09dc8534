"""What happened in the tree, as frozen values and as bounded streams of them. Nothing here decides."""

import weakref
from collections import Counter, deque
from enum import StrEnum
from types import TracebackType
from typing import Self

import attrs
import trio

from supervision.failure import Failure

RECENT_EVENTS = 1000
STREAM_CAPACITY = 10_000


class EventKind(StrEnum):
    """What an event tells of.

    STARTED: a first incarnation is ready. EXITED: one ended, for whatever reason. RESTARTED: a later one is ready. BACKOFF: a restart
    waits `delay_s`. ESCALATED: a supervisor gave up. STUCK: a child ignores its cancellation. DEAD_LETTER: a message will not be
    handled.
    """

    STARTED = "started"
    EXITED = "exited"
    RESTARTED = "restarted"
    BACKOFF = "backoff"
    ESCALATED = "escalated"
    STUCK = "stuck"
    DEAD_LETTER = "dead_letter"


@attrs.frozen(kw_only=True)
class DeadLetter:
    """A message that the actor at `path` will not handle; of an ask, what was asked.

    `reason` is one of
    `dropped_oldest`, `dropped_newest`: by a full mailbox, as declared;
    `crashed`, `killed`, `cancelled`, `fatal`: it was in hand when its actor ended so;
    `redeliveries_used_up`, `quarantined`: it was in hand, and its `InFlight` says so;
    `send_failed`: its handler met a full mailbox;
    `stopped`: it still waited when its actor ended for good.
    """

    path: str
    message: object
    reason: str
    at_s: float


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened to the child at `path`.

    `at_s` is Trio's clock, in seconds; `reason` is set for EXITED, STUCK (the stack) and DEAD_LETTER; `error` for crashes and
    escalations, as text: whoever keeps an event keeps no frames; `delay_s` for BACKOFF.
    """

    kind: EventKind
    path: str
    at_s: float
    incarnation: int
    reason: str | None = None
    error: Failure | None = None
    delay_s: float | None = None
    dead_letter: DeadLetter | None = None


class EventStream:
    """One listener's events, from the moment it was opened; an async iterator that ends with the tree.

    Holds at most 10,000 events that were not taken yet; then the oldest give way and `missed` counts them. Several tasks may take from
    one stream: each event goes to one of them. One that nobody holds any more is forgotten, with or without `async with`.
    Cancellation: no event is lost.
    """

    def __init__(self, hub: "EventHub") -> None:
        self._hub = hub
        self._waiting: deque[Event] = deque()
        self._news = trio.Event()
        self._closed = False
        self.missed = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._hub.forget(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event; waits for it."""
        await trio.lowlevel.checkpoint()
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            if self._news.is_set():
                self._news = trio.Event()
            await self._news.wait()
        return self._waiting.popleft()

    def put(self, event: Event) -> None:
        """Append one event, at the price of the oldest."""
        if len(self._waiting) >= STREAM_CAPACITY:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._news.set()

    def close(self) -> None:
        """No more will come: the iteration ends after what is there."""
        self._closed = True
        self._news.set()


class EventHub:
    """Gives every event to every open stream, keeps the most recent ones, and counts them by kind. A stream that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._streams: dict[int, weakref.ref[EventStream]] = {}
        self._closed = False
        self.recent: deque[Event] = deque(maxlen=RECENT_EVENTS)
        self.counts: Counter[EventKind] = Counter()

    def emit(self, event: Event) -> None:
        """Tell everyone; never waits."""
        self.recent.append(event)
        self.counts[event.kind] += 1
        if self._streams:
            for stream in self._open():
                stream.put(event)

    def open(self) -> EventStream:
        """A new stream, from now on."""
        stream = EventStream(self)
        key = id(stream)
        self._streams[key] = weakref.ref(stream, lambda _: self._streams.pop(key, None))
        if self._closed:
            stream.close()
        return stream

    def forget(self, stream: EventStream) -> None:
        """Give it no more events."""
        self._streams.pop(id(stream), None)

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        for stream in self._open():
            stream.close()

    def _open(self) -> list[EventStream]:
        # A list of its own: one that is freed meanwhile takes itself out of the table.
        return [stream for reference in list(self._streams.values()) if (stream := reference()) is not None]
