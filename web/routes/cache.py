"""The query cache: what became of the questions, emptying it, and filling it again."""

from typing import Annotated

import msgspec
import trio
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.model.user import Role
from web.cache.figures import CacheFigures, figures
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.errors import ProblemError, refusal_of
from web.services import services

blueprint = Blueprint("cache", __name__, url_prefix="/api/v1/cache")

WARM_LIMIT_S = 20 * SECONDS
"""What has not been asked again by then is left."""


class Cleared(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How many answers were dropped."""

    cleared: int
    """How many answers were thrown away."""


class Warming(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many questions to ask again, those first that came most often."""

    most: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    """How many answers at most."""


class Warmed(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What became of the questions that were asked again."""

    computed: int
    """Had to be answered anew."""
    kept: int
    """Were still right."""
    failed: int
    """Answers that could not be computed."""
    left: int
    """Were not asked for want of time."""


_FIGURES = CacheFigures(
    shelf="memory",
    entries=12,
    size_bytes=482_113,
    limit_bytes=67_108_864,
    hits=940,
    misses=60,
    joined=7,
    hit_rate=0.94,
    evictions=0,
    troubles=0,
)


@endpoint(
    blueprint,
    "GET",
    "/stats",
    tag="Service",
    answers={200: Answer(meaning="The figures.", model=CacheFigures, example=_FIGURES)},
)
async def read_cache_stats() -> Response:
    """What became of the questions since the start of this process."""
    return answer(figures(services().cache.statistics()))


@endpoint(
    blueprint,
    "POST",
    "/clear",
    tag="Service",
    role=Role.ADMIN,
    answers={200: Answer(meaning="It is empty.", model=Cleared, example=Cleared(cleared=12))},
)
async def clear_cache() -> Response:
    """Drop every kept answer. Nothing is ever stale in it; this is for measuring, and for peace of mind."""
    count = await services().cache.clear()
    if count is None:
        raise ProblemError("UNAVAILABLE", "Redis does not answer", headers={"Retry-After": "5"})
    return answer(Cleared(cleared=count))


@endpoint(
    blueprint,
    "POST",
    "/warm",
    tag="Service",
    role=Role.ADMIN,
    body=Warming,
    example={"most": 5},
    answers={
        200: Answer(
            meaning="They were asked again.", model=Warmed, example=Warmed(computed=31, kept=19, failed=0, left=0)
        )
    },
)
async def warm_cache(body: Warming) -> Response:
    """Ask again what is asked most often, so that the next to ask need not wait."""
    repeats = services().cache.most_asked(body.most)
    computed = kept = failed = 0
    with trio.move_on_after(WARM_LIMIT_S):
        for repeat in repeats:
            try:
                was_computed = await repeat()
            except Exception as error:  # noqa: BLE001 — one question's failure is told by its count; refusal_of logs what is ours
                refusal_of(error)
                failed += 1
            else:
                computed += was_computed
                kept += not was_computed
    left = len(repeats) - computed - kept - failed
    return answer(Warmed(computed=computed, kept=kept, failed=failed, left=left))
