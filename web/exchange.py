"""The request or socket that is being served now: its id, its clock, and what took how long. Nothing about answers."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar, Token
from typing import TypeVar

import attrs
import trio

from actors.model.user import Caller
from web.access import Shown
from web.intake import Intake
from web.sent import Sent
from web.trace import Trace, trace_of
from web.traffic import Place, Verdict

T = TypeVar("T")


class LeftError(Exception):
    """The client is gone; nobody waits for the answer."""


@attrs.define(eq=False, kw_only=True)
class Exchange:
    """One request and its answer, as the log and the headers tell of it. Lives as long as the answer."""

    request_id: str
    method: str
    path: str
    """Decoded, without the query, which may hold what no log should."""
    query: bytes = b""
    """As it came, without the question mark."""
    sent: Sent = attrs.field(factory=Sent)
    """Its headers."""
    read: Callable[[], Awaitable[bytes]] | None = None
    """Takes the whole body, which is bounded in size and in time; None where there is no request to take one of."""
    left: Callable[[], Awaitable[None]] | None = None
    """Waits until the client is gone; None where somebody else ends the work for one that is."""
    started_s: float = attrs.field(factory=time.perf_counter)
    client: str = "unknown"
    """The address that asks, as far as it is known."""
    trace: Trace = attrs.field(factory=lambda: trace_of((), ()))
    verdicts: list[Verdict] = attrs.field(factory=list)
    """What the request was counted against."""
    route: str = "-"
    """The pattern that matched, such as `/api/v1/tracks/{trackId}`; `-` when none did."""
    intake: Intake | None = None
    """Takes the request's body, where that is taken piece by piece."""
    place: Place | None = None
    """Where it stands among the requests that are worked at, of which there may be so many; None where it needs none."""
    leaving: AsyncExitStack = attrs.field(factory=AsyncExitStack)
    """What belongs to this exchange and ends with it, whether the answer was sent, given up, or never begun."""
    caller: Caller | None = None
    """Who asks; None before that is known, and where it does not matter."""
    shown: Shown | None = None
    """What they came in by, if they showed anything."""
    still: Callable[[], Awaitable[bytes | None]] | None = None
    """Gives the body of the same answer for as long as it is right, and None otherwise; called within an exchange like this one. None
    where every answer must be made."""
    spent_s: dict[str, float] = attrs.field(factory=dict)
    """Seconds per part of the work, for the Server-Timing header."""

    def step_aside(self) -> None:
        """Let another request work: from now on this one takes as long as its client's line needs."""
        if self.place is not None:
            self.place.give_back()

    def elapsed_s(self) -> float:
        """Seconds since the head was complete."""
        return time.perf_counter() - self.started_s

    def server_timing(self) -> str:
        """The value of the Server-Timing header, in milliseconds."""
        parts = {**self.spent_s, "total": self.elapsed_s()}
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in parts.items())


_current: ContextVar[Exchange] = ContextVar("exchange")


def exchange() -> Exchange:
    """The one being served now.

    Raises:
        LookupError: outside of any.
    """
    return _current.get()


# Both are classes because every request passes them, several times: as generators they cost twice as much.


class serving:  # noqa: N801  # used as a verb, like those of contextlib
    """Make an exchange the current one."""

    __slots__ = ("_current", "_token")

    def __init__(self, current: Exchange) -> None:
        self._current = current

    def __enter__(self) -> Exchange:
        """It is the current one from here."""
        self._token: Token[Exchange] = _current.set(self._current)
        return self._current

    def __exit__(self, *_: object) -> None:
        """To here."""
        _current.reset(self._token)


class timed:  # noqa: N801  # as above
    """Count what happens inside to a part of the work; several times add up."""

    __slots__ = ("_part", "_started_s")

    def __init__(self, part: str) -> None:
        self._part = part

    def __enter__(self) -> None:
        """The time runs."""
        self._started_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """The time is over."""
        spent_s = _current.get().spent_s
        spent_s[self._part] = spent_s.get(self._part, 0.0) + time.perf_counter() - self._started_s


async def unless_left(work: Callable[[], Awaitable[T]]) -> T:
    """The result of some work for the present request, which is cancelled when its client goes.

    Raises:
        LeftError: it went.
    """
    left = exchange().left
    if left is None:
        return await work()
    results: list[T] = []
    failure: Exception | None = None

    async def watch() -> None:
        await left()
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        try:
            results.append(await work())
        except Exception as error:  # noqa: BLE001 — raised below, outside the nursery, which would wrap it in a group
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not results:
        raise LeftError
    return results[0]
