"""`/api/v1/events`: the live feed as Server-Sent Events."""

from quart import Blueprint, Response

from actors.feed import Frame
from web.connections import Kind
from web.endpoints import Answer, endpoint
from web.live.stream import Form, StreamQuery, streamed

blueprint = Blueprint("live_events", __name__, url_prefix="/api/v1")

MEDIA_TYPE = "text/event-stream"
EXAMPLE = """id: 42
event: TRACK_ADDED
data: {"type":"TRACK_ADDED","payload":{"track":{"id":"…"}},"requestId":null,"timestamp":"2026-03-01T12:30:00.123456Z","version":"1.0","seq":42}

"""


def event_lines(frame: Frame) -> bytes:
    """One message: the number with which a browser comes back behind it, if it has one, its type, and the JSON."""
    number = frame.newest if frame.seq is None else frame.seq
    behind = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (behind, frame.type.encode(), frame.body)


def opening(number: int | None) -> bytes:
    """What comes first. A number alone is no event, but a browser that loses the connection before the first one comes back with it."""
    return b"retry: 2000\n: rookery\n%s\n" % (b"" if number is None else b"id: %d\n" % number)


FORM = Form(kind=Kind.SSE, media_type=MEDIA_TYPE, opening=opening, line=event_lines, heartbeat=b":\n\n")


@endpoint(
    blueprint,
    "GET",
    "/events",
    tag="Live",
    answers={
        200: Answer(
            meaning=f"Events as they happen, for example:\n\n{EXAMPLE}",
            content=(MEDIA_TYPE,),
            headers=("Last-Event-ID",),
        )
    },
    query=StreamQuery,
    asks=("Last-Event-ID",),
    has_head=False,
    problems=("FORBIDDEN",),
)
async def live_events(query: StreamQuery) -> Response:
    """The live feed as Server-Sent Events.

    `id:` is the number of the event in the log; a client that comes back with it as `Last-Event-ID` (or `since`) goes
    on with the next one. Without it the stream begins now, and says behind which number. `event:` is the type, `data:` the whole message. A comment
    comes every 15 s. RESYNC says that history is gone: read the catalogue anew; its `id:` is the number to go on behind. GOODBYE says when to come back.
    """
    return await streamed(query, FORM)
