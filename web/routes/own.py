"""What each person keeps about tracks: their rating, and when they listened."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from quart import Blueprint, Response

from actors.model.mine import Mine
from actors.model.time import Time
from actors.model.user import Role
from actors.model.view import MineView, mine_view
from web.auth import caller
from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.errors import FieldError, invalid
from web.exchange import timed
from web.named import named_track, no_track
from web.openapi import examples
from web.services import services

blueprint = Blueprint("own", __name__, url_prefix="/api/v1/tracks")

LONGEST_PLAY_S = 7 * 24 * 3600
CLOCKS_DIFFER = timedelta(minutes=5)
"""A client's clock may be so much ahead of ours."""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

_MINE = mine_view(Mine(rating=4, plays=7, last_played_at=examples.MOMENT))


class NewRating(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How good it is to you."""

    rating: Annotated[int, msgspec.Meta(ge=1, le=5)]
    """1–5 stars."""


class NewPlay(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When somebody began to listen, now if not said, and for how many seconds."""

    at: Time | None = None
    """When you began, between 1970 and now; null for now."""
    listened: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_PLAY_S)] | None = None
    """Seconds that you listened; null if not known."""


@endpoint(
    blueprint,
    "PUT",
    "/<track_id>/rating",
    tag="Tracks",
    role=Role.LISTENER,
    body=NewRating,
    example={"rating": 4},
    answers={200: Answer(meaning="What you keep about the track now.", model=MineView, example=_MINE)},
    problems=("TRACK_NOT_FOUND",),
)
async def rate_track(track_id: str, body: NewRating) -> Response:
    """Rate a track, for yourself; a new rating takes the place of the one before.

    No If-Match is needed: nobody else can have changed it.
    """
    with timed("db"):
        mine = await services().store.ratings.put(caller().user_id, track_id, body.rating)
    return _told(mine)


@endpoint(
    blueprint,
    "DELETE",
    "/<track_id>/rating",
    tag="Tracks",
    role=Role.LISTENER,
    answers={200: Answer(meaning="What you keep about the track now.", model=MineView, example=_MINE)},
    problems=("TRACK_NOT_FOUND",),
)
async def unrate_track(track_id: str) -> Response:
    """Take your rating of a track back; nothing happens if there is none. No If-Match is needed here either."""
    track = await named_track(track_id)
    with timed("db"):
        mine = await services().store.ratings.remove(caller().user_id, track.id)
    return _told(mine)


@endpoint(
    blueprint,
    "POST",
    "/<track_id>/plays",
    tag="Tracks",
    role=Role.LISTENER,
    body=NewPlay,
    example={"at": "2026-03-03T20:15:00Z", "listened": 214.5},
    is_repeatable=True,
    answers={201: Answer(meaning="What you keep about the track now.", model=MineView, example=_MINE)},
    problems=("TRACK_NOT_FOUND",),
)
async def add_play(track_id: str, body: NewPlay) -> Response:
    """Say that you listened to a track; `at` may lie in the past, for players that were offline."""
    at = body.at or now()
    if not _FIRST <= at <= now() + CLOCKS_DIFFER:
        message = "Must lie between 1970 and now"
        raise invalid(FieldError(field="at", message=message, value=at.isoformat()))
    with timed("db"):
        mine = await services().store.plays.add(
            caller().user_id, track_id, at=at.astimezone(UTC), listened_s=body.listened
        )
    return _told(mine, status=201)


def _told(mine: Mine | None, *, status: int = 200) -> Response:
    if mine is None:
        raise no_track()
    return answer(mine_view(mine), status=status)
