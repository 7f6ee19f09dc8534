"""The picture of a track."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.errors import UnreadableError
from actors.work.stream import PlacesTakenError
from actors.work.worker import WorkerStartError
from web.conditions import conditional
from web.delivery.files import OpenFile
from web.delivery.located import located
from web.encoding import entity_tag, raw_answer
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.exchange import timed
from web.named import named_track
from web.services import services

blueprint = Blueprint("artwork", __name__, url_prefix="/api/v1")

_CACHED = {"Cache-Control": "private, max-age=60, must-revalidate"}
_BUSY_S = "5"
_KIND = "image/jpeg"


class ArtworkQuery(msgspec.Struct, rename="camel", kw_only=True):
    """How large."""

    size: Annotated[int, msgspec.Meta(ge=16, le=1200, description="Pixels of the longer side, at most.")] = 600


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>/artwork",
    tag="Tracks",
    query=ArtworkQuery,
    answers={
        200: Answer(meaning="The picture.", content=(_KIND,), headers=("ETag", "Last-Modified")),
        304: Answer(meaning="You have it already.", headers=("ETag", "Last-Modified")),
    },
    asks=("If-None-Match", "If-Modified-Since"),
    problems=("TRACK_NOT_FOUND", "NOT_FOUND", "PRECONDITION_FAILED", "UNPLAYABLE", "OVERLOADED"),
)
async def show_artwork(track_id: str, query: ArtworkQuery) -> Response:
    """The front cover out of the recording, or its first picture, as a JPEG; never enlarged."""
    track = await named_track(track_id)
    if not track.tags.has_picture:
        raise _no_picture()
    location, file = await located(track)
    try:
        etag = entity_tag("artwork", *file.state, query.size)
        response = conditional(
            etag, lambda: raw_answer(b"", content_type=_KIND, headers=_CACHED), modified=file.modified
        )
        if response.status_code == 200:
            with timed("picture"):
                response.set_data(await _picture(file, location.path, query.size))
    finally:
        file.close()
    return response


async def _picture(file: OpenFile, path: bytes, size_px: int) -> bytes:
    try:
        async with services().pictures.open("picture", path=path, descriptor=file.descriptor, order=size_px) as stream:
            return b"".join([data async for data in stream])
    except PlacesTakenError as error:
        raise ProblemError("OVERLOADED", str(error), headers={"Retry-After": _BUSY_S}) from None
    except WorkerStartError as error:
        raise ProblemError("UNAVAILABLE", str(error), headers={"Retry-After": _BUSY_S}) from None
    except UnreadableError as error:
        if error.kind == "no_picture":
            raise _no_picture() from None
        raise ProblemError("UNPLAYABLE", error.message, details={"kind": error.kind}) from None


def _no_picture() -> ProblemError:
    return ProblemError("NOT_FOUND", "This recording holds no picture")
