"""The bytes of a recording, as they lie on the disk, whole or in ranges."""

import secrets

from quart import Blueprint, Response, request

from actors.model.track import Location, Track
from web.conditions import conditional, range_holds
from web.delivery.converted import AudioQuery, converted, encoding_of
from web.delivery.files import FileBody, OpenFile
from web.delivery.located import located
from web.delivery.media_types import disposition, media_type
from web.delivery.ranges import Span, UnsatisfiableError, spans
from web.encoding import entity_tag
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.named import wanted_track

blueprint = Blueprint("audio", __name__, url_prefix="/api/v1")

_KINDS = ("audio/*", "application/octet-stream")
_HEADERS = ("ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition")


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>/audio",
    tag="Tracks",
    query=AudioQuery,
    answers={
        200: Answer(
            meaning="The whole file, or the converted sound, which has no ranges.", content=_KINDS, headers=_HEADERS
        ),
        206: Answer(
            meaning="The wanted ranges.",
            content=(*_KINDS, "multipart/byteranges"),
            headers=(*_HEADERS, "Content-Range"),
        ),
        304: Answer(meaning="You have it already.", headers=("ETag", "Last-Modified")),
    },
    asks=("Range", "If-Range", "If-None-Match", "If-Modified-Since"),
    problems=(
        *("TRACK_NOT_FOUND", "NOT_FOUND", "PRECONDITION_FAILED", "RANGE_NOT_SATISFIABLE"),
        *("UNPLAYABLE", "OVERLOADED"),
    ),
)
async def play_track(track_id: str, query: AudioQuery) -> Response:
    """The recording itself, byte for byte as it lies on the disk, or converted to another form.

    Ranges are answered in ascending order, overlapping ones as one, so that no answer is longer than the file.

    With `format` the sound is converted while it is sent, in stereo or mono, as fast as it is taken; a client that takes nothing
    for 10 s is dropped. Such an answer has no length and no ranges: to seek, ask again with `start`, which is exact to 50 ms.
    If the conversion fails after its first bytes the connection is broken, so that the answer cannot be taken for a whole.
    """
    track = await wanted_track(track_id)
    encoding = encoding_of(query, track)
    location, file = await located(track)
    if encoding is not None:
        return await converted(file, location.path, encoding, is_download=query.download)
    etag = entity_tag("audio", *file.state)
    response = conditional(etag, lambda: _answer(track, location, file, etag, query), modified=file.modified)
    response.headers["Accept-Ranges"] = "bytes"
    # Long answers are bounded by who reads them, not by a clock.
    response.timeout = None
    return response


def _answer(track: Track, location: Location, file: OpenFile, etag: str, query: AudioQuery) -> Response:
    name = location.shown.rpartition("/")[2]
    kind = media_type(track.sound, name)
    whole = Span(0, file.size)
    try:
        wanted = _wanted(file, etag)
    except UnsatisfiableError:
        raise ProblemError(
            "RANGE_NOT_SATISFIABLE",
            f"The file has {file.size} bytes, and at most ten ranges of it may be asked for",
            headers={"Content-Range": f"bytes */{file.size}", "ETag": etag},
        ) from None
    match wanted:
        case ():
            response = _response(file, [whole] if file.size else [], 200, kind)
        case (span,):
            response = _response(file, [span], 206, kind)
            response.headers["Content-Range"] = span.content_range(file.size)
        case _:
            boundary = secrets.token_hex(16)
            pieces = _parts(wanted, file.size, kind, boundary)
            response = _response(file, pieces, 206, f"multipart/byteranges; boundary={boundary}")
    response.headers["Content-Disposition"] = disposition(name, is_download=query.download)
    return response


def _wanted(file: OpenFile, etag: str) -> tuple[Span, ...]:
    # RFC 9110 gives ranges a meaning for GET alone.
    if request.method != "GET" or not range_holds(request.headers.get("If-Range"), etag=etag, modified=file.modified):
        return ()
    return spans(request.headers.get("Range"), file.size)


def _parts(wanted: tuple[Span, ...], size: int, kind: str, boundary: str) -> list[bytes | Span]:
    pieces: list[bytes | Span] = []
    for span in wanted:
        head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {span.content_range(size)}\r\n\r\n"
        pieces += [head.encode(), span]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode()]


def _response(file: OpenFile, pieces: list[bytes | Span], status: int, kind: str) -> Response:
    body = FileBody(file, pieces)
    if request.method == "HEAD":
        file.close()
        response = Response(b"", status, content_type=kind)
    else:
        response = Response(body, status, content_type=kind)
    response.headers["Content-Length"] = str(body.length)
    return response
