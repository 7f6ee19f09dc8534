"""The waveform of a track: as numbers, as SVG, as PNG."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
import trio
from quart import Blueprint, Response

from actors.model.track import Track
from web.conditions import conditional
from web.encoding import answer, entity_tag, raw_answer
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.exchange import timed
from web.named import wanted_track
from web.openapi import examples
from web.services import services
from web.waveform import FULL_SCALE, Peaks, condensed, peaks, png, svg

blueprint = Blueprint("waveform", __name__, url_prefix="/api/v1")

_CACHED = {"Cache-Control": "private, max-age=60, must-revalidate"}
_draughtsmen = trio.CapacityLimiter(2)


class WaveformQuery(msgspec.Struct, rename="camel", kw_only=True):
    """How fine."""

    points: Annotated[int, msgspec.Meta(ge=1, le=2000, description="How many pairs at most.")] = 2000


class DrawingQuery(msgspec.Struct, rename="camel", kw_only=True):
    """How large, and in which color."""

    width: Annotated[int, msgspec.Meta(ge=1, le=4000, description="Pixels.")] = 1200
    height: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Pixels.")] = 160
    color: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[0-9a-fA-F]{6}$(?!\n)", description="Red, green and blue, two hexadecimal digits each."
        ),
    ] = "4a7bd0"


class Waveform(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The extremes of evenly spread stretches of a recording, full scale ±1.

    `duration` in seconds.
    """

    track_id: str
    duration: float
    """Seconds."""
    points: int
    """How many there are."""
    lowest: tuple[float, ...]
    """Of each stretch the lowest sample, −1 to 1."""
    highest: tuple[float, ...]
    """Of each stretch the highest sample, −1 to 1."""


_WAVEFORM = Waveform(
    track_id=examples.TRACK_ID, duration=214.58, points=3, lowest=(-0.31, -0.92, -0.4), highest=(0.3, 0.95, 0.38)
)


def _answers(answer_: Answer) -> dict[int, Answer]:
    return {200: answer_, 304: Answer(meaning="You have it already.", headers=("ETag",))}


_ASKS = ("If-None-Match",)
_PROBLEMS = ("TRACK_NOT_FOUND", "NOT_FOUND", "PRECONDITION_FAILED")


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>/waveform.json",
    tag="Tracks",
    query=WaveformQuery,
    answers=_answers(Answer(meaning="The waveform as numbers.", model=Waveform, headers=("ETag",), example=_WAVEFORM)),
    asks=_ASKS,
    problems=_PROBLEMS,
    is_hot=True,
)
async def read_waveform(track_id: str, query: WaveformQuery) -> Response:
    """The waveform of a track, as numbers."""

    def build(track: Track, whole: Peaks) -> Response:
        shown = condensed(whole, query.points)
        features = track.features
        return answer(
            Waveform(
                track_id=track.id,
                duration=features.duration_s if features else 0.0,
                points=len(shown),
                lowest=tuple(round(value / FULL_SCALE, 4) for value in shown.lowest),
                highest=tuple(round(value / FULL_SCALE, 4) for value in shown.highest),
            )
        )

    track, stored = await _stored(track_id)
    etag = entity_tag("waveform.json", stored.hex(), query.points)
    return conditional(etag, lambda: build(track, peaks(stored)))


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>/waveform.svg",
    tag="Tracks",
    query=DrawingQuery,
    answers=_answers(Answer(meaning="The waveform as a drawing.", content=("image/svg+xml",), headers=("ETag",))),
    asks=_ASKS,
    problems=_PROBLEMS,
    is_hot=True,
)
async def draw_waveform(track_id: str, query: DrawingQuery) -> Response:
    """The waveform of a track, as a drawing of any size."""

    async def draw(whole: Peaks) -> bytes:
        return svg(whole, width=query.width, height=query.height, color=query.color)

    return await _drawn(track_id, query, "image/svg+xml", draw)


@endpoint(
    blueprint,
    "GET",
    "/tracks/<track_id>/waveform.png",
    tag="Tracks",
    query=DrawingQuery,
    answers=_answers(Answer(meaning="The waveform as a picture.", content=("image/png",), headers=("ETag",))),
    asks=_ASKS,
    problems=_PROBLEMS,
    is_hot=True,
)
async def paint_waveform(track_id: str, query: DrawingQuery) -> Response:
    """The waveform of a track, as a picture."""

    async def paint(whole: Peaks) -> bytes:
        return await trio.to_thread.run_sync(
            lambda: png(whole, width=query.width, height=query.height, color=query.color), limiter=_draughtsmen
        )

    return await _drawn(track_id, query, "image/png", paint)


async def _drawn(track_id: str, query: DrawingQuery, kind: str, draw: Callable[[Peaks], Awaitable[bytes]]) -> Response:
    _, stored = await _stored(track_id)
    etag = entity_tag(kind, stored.hex(), query.width, query.height, query.color.lower())
    response = conditional(etag, lambda: raw_answer(b"", content_type=kind, headers=_CACHED))
    if response.status_code == 200:
        with timed("draw"):
            response.set_data(await draw(peaks(stored)))
    return response


async def _stored(track_id: str) -> tuple[Track, bytes]:
    track = await wanted_track(track_id)
    with timed("db"):
        stored = await services().store.features.peaks(track.id)
    if stored is None:
        raise ProblemError("NOT_FOUND", "This track has no waveform yet", details={"stage": track.stage})
    return track, stored
