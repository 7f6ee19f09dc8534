"""`/api/v1/events.ndjson`: the live feed, one JSON message a line."""

from quart import Blueprint, Response

from actors.feed import Frame
from web.connections import Kind
from web.endpoints import Answer, endpoint
from web.live.stream import Form, StreamQuery, streamed

blueprint = Blueprint("live_lines", __name__, url_prefix="/api/v1")

MEDIA_TYPE = "application/x-ndjson"


def json_line(frame: Frame) -> bytes:
    """One message and its line break."""
    return frame.body + b"\n"


FORM = Form(kind=Kind.NDJSON, media_type=MEDIA_TYPE, opening=lambda _: b"\n", line=json_line, heartbeat=b"\n")


@endpoint(
    blueprint,
    "GET",
    "/events.ndjson",
    tag="Live",
    answers={
        200: Answer(
            meaning="One message a line, as they happen; empty lines are heartbeats.",
            content=(MEDIA_TYPE,),
            headers=("Last-Event-ID",),
        )
    },
    query=StreamQuery,
    asks=("Last-Event-ID",),
    has_head=False,
    problems=("FORBIDDEN",),
)
async def live_lines(query: StreamQuery) -> Response:
    """The live feed as lines of JSON.

    The same messages as on `/api/v1/events` and `/ws`, one a line. `since` (or `Last-Event-ID`) is the last number
    seen; without it the header `Last-Event-ID` says behind which one the stream begins. An empty line comes every 15 s, and first of all.
    """
    return await streamed(query, FORM)
