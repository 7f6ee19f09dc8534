"""What people say of tracks in place of their files."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from quart import Blueprint, Response

from actors.messages import EditTrack
from actors.model.edits import EDITABLE
from actors.model.track import Track
from actors.model.view import OwnTrackView, TagsView, own_track_view, tags_view
from web.auth import caller
from web.conditions import conditional
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.exchange import timed
from web.named import named_track, no_track, track_tag
from web.openapi import examples
from web.orders import demanded_version, ordered
from web.services import services

blueprint = Blueprint("edits", __name__, url_prefix="/api/v1/tracks")

Line = Annotated[str, Meta(max_length=10_000)] | UnsetType | None
Names = Annotated[tuple[Annotated[str, Meta(max_length=1_000)], ...], Meta(max_length=32)] | UnsetType | None
Number = Annotated[int, Meta(ge=1, le=100_000)] | UnsetType | None

_DATE = r"^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$(?!\n)"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class TrackEdits(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts in place of the file's tags. Null: what the file says. An empty text or list: none, whatever it says.

    A date brings its year along, unless `year` is given too.
    """

    title: Line = UNSET
    """Null: as the file says. Empty: none."""
    artists: Names = UNSET
    """Performers, in order; null: as the file says."""
    album_artists: Names = UNSET
    """Whose album it is; null: as the file says."""
    album: Line = UNSET
    """Null: as the file says. Empty: none."""
    genres: Names = UNSET
    """In order; null: as the file says."""
    composers: Names = UNSET
    """In order; null: as the file says."""
    date: Annotated[str, Meta(pattern=_DATE, max_length=10)] | UnsetType | None = UNSET
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`; empty: none; null: as the file says."""
    year: Annotated[int, Meta(ge=1, le=9999)] | UnsetType | None = UNSET
    """1–9999; null: of the date, or as the file says."""
    track_number: Number = UNSET
    """Place on its disc, from 1; null: as the file says."""
    track_total: Number = UNSET
    """Tracks of the disc; null: as the file says."""
    disc_number: Number = UNSET
    """Which disc, from 1; null: as the file says."""
    disc_total: Number = UNSET
    """Discs of the album; null: as the file says."""
    isrc: Annotated[str, Meta(pattern=r"^([A-Z]{2}[A-Z0-9]{3}[0-9]{7})?$(?!\n)", max_length=12)] | UnsetType | None = (
        UNSET
    )
    """International Standard Recording Code, without dashes; empty: none; null: as the file says."""
    musicbrainz_recording_id: Annotated[str, Meta(pattern=rf"^({_UUID})?$(?!\n)", max_length=36)] | UnsetType | None = (
        UNSET
    )
    """A UUID in lower case; empty: none; null: as the file says."""
    comment: Line = UNSET
    """Null: as the file says. Empty: none."""

    def said(self) -> dict[str, Any]:
        """The fields that were given, JSON-ready."""
        given = {name: getattr(self, name) for name in EDITABLE}
        return {name: value for name, value in given.items() if value is not UNSET}


class MetadataView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What counts, what the file says, and which fields people edited."""

    tags: TagsView
    """What counts."""
    file: TagsView
    """What the file says."""
    edited: tuple[str, ...]
    """Names in `tags` that people edited."""


_METADATA = MetadataView(tags=examples.TRACK.tags, file=examples.TRACK.tags, edited=())
_CHANGED = {
    200: Answer(meaning="The track as it is now.", model=OwnTrackView, headers=("ETag",), example=examples.TRACK)
}
_REFUSALS = ("TRACK_NOT_FOUND", "PRECONDITION_REQUIRED", "PRECONDITION_FAILED")


@endpoint(
    blueprint,
    "GET",
    "/<track_id>/metadata",
    tag="Tracks",
    answers={
        200: Answer(meaning="Both halves of its tags.", model=MetadataView, headers=("ETag",), example=_METADATA),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("TRACK_NOT_FOUND", "PRECONDITION_FAILED"),
)
async def find_metadata(track_id: str) -> Response:
    """What counts of a track's tags, and what its file says. The entity tag is the track's."""
    track = await named_track(track_id)
    with timed("db"):
        found = await services().store.edits.find(track.id)
    if found is None:
        raise no_track()
    view = MetadataView(
        tags=tags_view(found.tags), file=tags_view(found.file_tags), edited=own_track_view(track).edited
    )
    return conditional(track_tag(track), lambda: answer(view))


@endpoint(
    blueprint,
    "PUT",
    "/<track_id>",
    tag="Tracks",
    body=TrackEdits,
    example={"title": "Blue Heron (live)", "artists": ["Ada Vale"], "date": "1999-03-14", "comment": None},
    answers=_CHANGED,
    asks=("If-Match",),
    problems=_REFUSALS,
)
async def replace_metadata(track_id: str, body: TrackEdits) -> Response:
    """Replace all that people said of a track's tags. What is not given is what the file says. No file is written."""
    return await _changed(track_id, body, is_whole=True)


@endpoint(
    blueprint,
    "PATCH",
    "/<track_id>",
    tag="Tracks",
    body=TrackEdits,
    example={"title": "Blue Heron (live)", "artists": ["Ada Vale"], "date": "1999-03-14", "comment": None},
    answers=_CHANGED,
    asks=("If-Match",),
    problems=_REFUSALS,
)
async def change_metadata(track_id: str, body: TrackEdits) -> Response:
    """Change some of a track's tags, as a JSON merge patch. What is not given stays. No file is written.

    Edits stay whatever becomes of the file: rescans, moves, new tags.
    """
    return await _changed(track_id, body, is_whole=False)


async def _changed(track_id: str, body: TrackEdits, *, is_whole: bool) -> Response:
    before = await named_track(track_id)
    version = demanded_version(before)
    after: Track = await ordered(
        EditTrack(
            track_id=before.id, version=version, change=body.said(), is_whole=is_whole, person_id=caller().user_id
        )
    )
    return answer(own_track_view(after), headers={"ETag": track_tag(after), "Cache-Control": "private, no-cache"})
