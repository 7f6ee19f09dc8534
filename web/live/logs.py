"""`/api/v1/logs`: what the service logs, as Server-Sent Events for administrators."""

import re
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Annotated, Literal, Self

import msgspec
from quart import Blueprint, Response, request

from actors.feed import Ending, Frame, SubscriptionStatistics, encoded
from actors.journal import LINES, Journal, Reader, Wants
from actors.model.log_line import Level, LogLine
from actors.model.user import Role
from actors.reporter import TOPIC, passing
from web.connections import Kind
from web.endpoints import Answer, endpoint
from web.live.payloads import LOG
from web.live.sse import MEDIA_TYPE, opening
from web.live.stream import Form, StreamBody, endless, own_door, present
from web.openapi.examples import MOMENT
from web.services import services

blueprint = Blueprint("live_logs", __name__, url_prefix="/api/v1")

TAIL = 50
_PLACE = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})")
"""Of a line, as `id:` tells it: the run of the service, and the number."""


class LogQuery(msgspec.Struct):
    """What to hear."""

    level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        msgspec.Meta(description="At least so grave; below the level that the service is set to there is nothing."),
    ] = "info"
    logger: (
        Annotated[
            str,
            msgspec.Meta(
                min_length=1,
                max_length=100,
                description="Of this logger and those below it: `rookery` is all of the service's own.",
                examples=["rookery.access"],
            ),
        ]
        | None
    ) = None
    tail: Annotated[
        int, msgspec.Meta(ge=0, le=LINES, description="Begin with the last so many of those that are kept.")
    ] = TAIL


def log_event(frame: Frame) -> bytes:
    """One message; a line has its place as `id:`, with which a browser comes back behind it."""
    behind = b"" if frame.subject is None else b"id: %s\n" % frame.subject.encode()
    return b"%sevent: %s\ndata: %s\n\n" % (behind, frame.type.encode(), frame.body)


FORM = Form(kind=Kind.SSE, media_type=MEDIA_TYPE, opening=opening, line=log_event, heartbeat=b":\n\n")
_EXAMPLE = log_event(
    Frame(type="LOG", topic=TOPIC, body=encoded("LOG", LOG, at=MOMENT), at=MOMENT, subject=f"5f2b9c0d-{LOG.line}")
)


def begun(run: str, number: int | None) -> bytes:
    """What comes first: as on the feed, and the place behind which the stream begins, where it does not begin with lines from before."""
    place = b"" if number is None else b"id: %s-%d\n" % (run.encode(), number)
    return opening(None).removesuffix(b"\n") + place + b"\n"


def heartbeat(reader: Reader) -> bytes:
    """What comes when there is nothing to tell: with the place of what was passed over, lest who comes back takes it for lost."""
    passed = reader.passed
    place = b"" if passed is None else b"id: %s-%d\n" % (reader.journal.run.encode(), passed)
    return place + FORM.heartbeat


class LogSource:
    """The lines of a journal as frames, for one client."""

    topics = frozenset({TOPIC})
    ending: Ending | None = None

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def __aenter__(self) -> Self:
        """Nothing is to be begun: the reader stands where it was made."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ending = Ending.LEFT

    async def take(self) -> list[Frame]:
        """The next lines, at least one. Cancellation: nothing is lost."""
        run = self._reader.journal.run
        return [Frame.of_passing(passing(heard, run=run)) for heard in await self._reader.take()]

    def statistics(self, *, now: datetime) -> SubscriptionStatistics:
        """What waits for it waits in the journal, for all."""
        waiting = self._reader.waiting()
        return SubscriptionStatistics(
            seq=0,
            sent=self._reader.given,
            coalesced=0,
            dropped=self._reader.lost,
            lag_messages=self._reader.behind,
            lag_bytes=0,
            lag_s=0.0 if waiting is None else max(0.0, (now - waiting.line.at).total_seconds()),
        )


@endpoint(
    blueprint,
    "GET",
    "/logs",
    tag="Live",
    role=Role.ADMIN,
    answers={
        200: Answer(
            meaning=f"Lines as they are written, for example:\n\n{_EXAMPLE.decode()}",
            content=(MEDIA_TYPE,),
        )
    },
    query=LogQuery,
    has_head=False,
)
async def live_logs(query: LogQuery) -> Response:
    """The log of this process as Server-Sent Events, for administrators.

    Messages of type LOG, the same as those of the topic `logs` on the live feed, and GOODBYE. `id:` is a line's place; who comes back with it as
    `Last-Event-ID` goes on behind it, or, where the service was started again, with the first line that is kept of its new run. `dropped` says how
    many lines right before were lost to you because you were too slow. Some warnings and errors are kept longer than the rest. A comment comes every 15 s.
    """
    here = services()
    reader = _reader(here.journal, query)
    source = LogSource(reader)
    connection = present(FORM)
    connection.log = source
    return endless(
        StreamBody(
            here,
            connection,
            source,
            FORM,
            door=own_door(),
            opening=begun(here.journal.run, reader.place),
            heartbeat=partial(heartbeat, reader),
        )
    )


def _reader(journal: Journal, query: LogQuery) -> Reader:
    wants = wanted(Level[query.level.upper()], query.logger)
    if place := _PLACE.fullmatch(request.headers.get("Last-Event-ID", "")):
        number = int(place[2])
        is_ours = place[1] == journal.run and number <= journal.newest
        return Reader(journal, seen=number if is_ours else 0, wants=wants)
    return Reader.of_last(journal, query.tail, wants=wants)


def wanted(level: Level, logger: str | None) -> Wants:
    """Whether a line is grave enough, and of a logger or of one below it."""
    below = None if logger is None else f"{logger}."

    def is_wanted(line: LogLine) -> bool:
        return line.level >= level and (below is None or line.logger == logger or line.logger.startswith(below))

    return is_wanted
