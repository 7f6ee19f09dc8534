"""The feed as the endless body of an HTTP answer; what a frame looks like on the line is the caller's."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Annotated, Any, Protocol, Self

import attrs
import msgspec
import trio
from quart import Response, request
from quart.wrappers.response import ResponseBody

from actors.errors import DatabaseError
from actors.feed import Ending, Frame, encoded
from actors.model.event import TOPICS
from web.auth import caller
from web.connections import Cause, Connection, Kind
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange
from web.live.door import Door, divided
from web.live.messages import Refused, unknown_topics
from web.live.wire import cause_of, goodbye
from web.services import Services, services

DIGITS = 30
LAST_EVENT = "Last-Event-ID"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NAMES = f"^(({'|'.join(TOPICS)})?,)*({'|'.join(TOPICS)})?$"
"""What the document says of topics, which are looked at one by one."""


class StreamQuery(msgspec.Struct):
    """Where to begin and what to hear."""

    since: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[+-]?[0-9]+$", "examples": ["42"]})] | None = (
        None
    )
    """The last number seen; the stream goes on with the next."""
    topics: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": _NAMES, "examples": ["tracks,jobs"]})] | None = (
        None
    )
    """Names, with commas between them; all but `logs` by default."""


class Source(Protocol):
    """What a stream tells; one of the feed's subscriptions, or the log."""

    @property
    def ending(self) -> Ending | None:
        """Why it gives nothing more."""
        ...

    async def __aenter__(self) -> object:
        """Begin."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give nothing more."""
        ...

    async def take(self) -> list[Frame]:
        """The next frames, at least one; none once it has ended. Cancellation: nothing is lost. Raises: DatabaseError."""
        ...


@attrs.frozen(kw_only=True)
class Form:
    """How one transport writes the feed."""

    kind: Kind
    media_type: str
    opening: Callable[[int | None], bytes]
    """By the number that the stream begins behind, where its client named none."""
    line: Callable[[Frame], bytes]
    heartbeat: bytes


async def streamed(query: StreamQuery, form: Form) -> Response:
    """The answer that follows the feed until the client leaves, is too slow, or the service stops.

    Raises: ProblemError for values that cannot be used; DatabaseError when the log cannot be asked.
    """
    here = services()
    by_address, by_header = _since("since", query.since), _since(LAST_EVENT, request.headers.get(LAST_EVENT) or None)
    asked = by_address if by_header is None else by_header
    topics, refused = divided(_topics(query.topics), caller().role)
    if refused is not None and not topics:
        raise ProblemError(refused.code, refused.message, details={"role": caller().role})
    newest = await here.feed.begin()
    since = newest if asked is None else asked  # from this moment, not from when the body is asked for
    subscription = here.feed.subscribe(topics, since, owner=caller().user_id)
    connection = present(form)
    connection.subscription = subscription
    opening = form.opening(newest if asked is None else None)
    response = endless(
        StreamBody(here, connection, subscription, form, door=own_door(), refused=refused, opening=opening)
    )
    if asked is None:
        response.headers[LAST_EVENT] = str(newest)
    return response


def present(form: Form) -> Connection:
    """The client that asks now, as one of those who are there."""
    return Connection(
        kind=form.kind,
        address=exchange().client,
        caller=caller(),
        line=request.scope.get("state", {}).get("line"),
    )


def own_door() -> Door:
    """The way in of the client that asks now."""
    return Door(access=services().access, client=exchange().client, caller=caller(), shown=exchange().shown)


def endless(body: "StreamBody") -> Response:
    """The answer with a body that has no end of its own."""
    response = Response(b"", content_type=body.form.media_type)
    response.response = body
    response.headers.pop("Content-Length", None)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    response.timeout = None
    return response


class StreamBody(ResponseBody):
    """Quart enters it, iterates and leaves, also when the client goes; no scope is open while it sends."""

    def __init__(
        self,
        here: Services,
        connection: Connection,
        source: Source,
        form: Form,
        *,
        door: Door,
        refused: Refused | None = None,
        opening: bytes,
        heartbeat: Callable[[], bytes] | None = None,
    ) -> None:
        self.form = form
        self._heartbeat = heartbeat or (lambda: form.heartbeat)
        self._here = here
        self._connection = connection
        self._source = source
        self._held = here.connections.hold(connection)
        self._door = door
        self._refused = refused
        self._opening = opening
        self._all_pieces = self._pieces()
        self._farewell: str | None = None
        self._shut: Refused | None = None

    async def __aenter__(self) -> Self:
        """Begin what it tells."""
        await self._source.__aenter__()
        self._held.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, and the iteration, which is left where its last piece could not be sent."""
        self._held.__exit__(kind, error, traceback)
        await self._all_pieces.aclose()
        await self._source.__aexit__(kind, error, traceback)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._all_pieces

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        yield self._opening
        if self._refused is not None:
            yield self._told("ERROR", {"code": self._refused.code, "message": self._refused.message})
        while self._farewell is None:
            frames = await self._wait()
            if frames:
                yield b"".join(map(self.form.line, frames))
            elif self._source.ending is not None:
                self._connection.ends(Cause.TOO_SLOW)
                return
            elif self._farewell is None:
                yield self._heartbeat()
        if self._shut is not None:
            yield self._told("ERROR", {"code": self._shut.code, "message": self._shut.message})
        yield self._told("GOODBYE", goodbye(self._farewell))

    def _told(self, message_type: str, payload: dict[str, Any]) -> bytes:
        at = datetime.now(UTC)
        return self.form.line(Frame(type=message_type, topic="", body=encoded(message_type, payload, at=at), at=at))

    async def _wait(self) -> list[Frame]:
        """The next frames; none when it is time for a heartbeat or a farewell, or the subscription has ended."""
        frames: list[Frame] = []
        with trio.move_on_after(self._here.config.stream_heartbeat_s):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._heed_stopping, nursery.cancel_scope)
                nursery.start_soon(self._heed_door, nursery.cancel_scope)
                try:
                    frames = await self._source.take()
                except DatabaseError:
                    self._end(Cause.UNAVAILABLE, "the database is away")
                nursery.cancel_scope.cancel()
        return frames

    async def _heed_stopping(self, waiting: trio.CancelScope) -> None:
        await self._here.stopping.wait()
        self._end(Cause.SHUTDOWN, "shutting down")
        waiting.cancel()

    async def _heed_door(self, waiting: trio.CancelScope) -> None:
        self._shut = await self._door.until_shut()
        self._end(cause_of(self._shut), self._shut.message)
        waiting.cancel()

    def _end(self, cause: Cause, farewell: str) -> None:
        self._connection.ends(cause)
        self._farewell = farewell


def _since(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        raise ProblemError(
            "BAD_REQUEST", f"{name} must be a whole number, that of the last event seen, not {text[:50]!r}"
        )
    return int(text[:DIGITS])  # what is cut off was beyond any number of the log, and still is


def _topics(text: str | None) -> tuple[str, ...] | None:
    """The topics that are asked for."""
    if text is None:
        return None
    topics = tuple(filter(None, text.split(",")))
    unknown = unknown_topics(topics)
    if unknown:
        raise invalid(FieldError(field="topics", message=f"There are {', '.join(TOPICS)}", value=text))
    return topics
