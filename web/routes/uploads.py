"""Uploading recordings."""

import hashlib
from typing import Annotated, Literal

import attrs
import msgspec
import trio
from quart import Blueprint, Response, request

from actors import filing
from actors.config import MINUTES, SECONDS
from actors.errors import FileGoneError, UnreadableError
from actors.messages import ShelveUpload
from actors.model.change import Content
from actors.model.probe import Probe
from actors.model.root import Root
from actors.model.track import Presence, Stage, Track
from actors.model.view import OwnTrackView, own_track_view
from web.auth import caller
from web.delivery.files import from_disk
from web.encoding import answer
from web.endpoints import Answer, endpoint
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange, timed
from web.limits import fielded, undivided
from web.named import track_tag
from web.openapi import examples
from web.orders import ordered
from web.repeats import HEADER, PROBLEMS, Repeat, repeat
from web.services import services
from web.upload.destination import usable_folder, usable_name, usable_root
from web.upload.incoming import Incoming, incoming
from web.upload.multipart import Multipart

blueprint = Blueprint("uploads", __name__, url_prefix="/api/v1")

MOST_UPLOADS = 64
"""At once; further ones are told to come again."""
SHELVE_LIMIT_S = 2 * MINUTES
"""Beside the time that reading the file may take."""
DISK_LIMIT_S = 10 * SECONDS

_lookers = trio.CapacityLimiter(8)
_places = trio.CapacityLimiter(MOST_UPLOADS)


class UploadForm(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a recording goes. These fields come before the file, which is named `file`."""

    root_id: (
        Annotated[
            str,
            msgspec.Meta(
                min_length=1, max_length=128, description="Into which root; the first usable one if not said."
            ),
        ]
        | None
    ) = None
    folder: Annotated[
        str, msgspec.Meta(max_length=4000, description="Path below the root, with slashes; made if it is not there.")
    ] = ""
    on_conflict: Annotated[
        Literal["rename", "fail"],
        msgspec.Meta(description="What becomes of a name that is taken: another one beside it, or 409."),
    ] = "rename"


@attrs.frozen(kw_only=True)
class _Place:
    """Where a recording goes."""

    root: Root
    folder: bytes
    name: bytes
    may_rename: bool


_PLACE = ("ETag", "Location")


@endpoint(
    blueprint,
    "POST",
    "/tracks",
    tag="Tracks",
    form=UploadForm,
    example={"folder": "Ada Vale/Wetlands", "file": "The bytes of the file."},
    limit_s=float("inf"),
    answers={
        200: Answer(
            meaning="The catalogue had this recording already, and no file was added.",
            model=OwnTrackView,
            headers=_PLACE,
            example=examples.TRACK,
        ),
        201: Answer(
            meaning="It lies in its folder and in the catalogue.",
            model=OwnTrackView,
            headers=_PLACE,
            example=examples.TRACK,
        ),
    },
    asks=(HEADER,),
    problems=("CONFLICT", "INSUFFICIENT_STORAGE", "OVERLOADED", *PROBLEMS),
)
async def add_track() -> Response:
    """Upload a recording into a watched folder.

    The file is read before it is put in its place: what is no recording is refused by 415 or, where it is damaged, by 422, and
    nothing of it stays. Which recording it is, its sound alone decides. One whose track lies in the trash is refused by 409.
    """
    try:
        _places.acquire_on_behalf_of_nowait(permit := object())
    except trio.WouldBlock:
        raise ProblemError("OVERLOADED", "Too many uploads at once", headers={"Retry-After": "10"}) from None
    try:
        async with repeat() as one:
            return await _received(one)
    finally:
        _places.release_on_behalf_of(permit)


async def _received(one: Repeat) -> Response:
    body = Multipart.of(request, limit_bytes=services().config.upload_limit_bytes)
    exchange().step_aside()
    fields, sent_name = await body.head()
    form = fielded(fields, UploadForm)
    if one.is_answered:
        digest = hashlib.sha256()
        while data := await body.piece():
            digest.update(data)
        await body.end()
        return one.again(_fingerprint(form, sent_name, digest.digest()))
    place = await _place(form, sent_name)
    async with incoming(place.root.path, expected_bytes=request.content_length or 0) as file:
        while data := await body.piece():
            await file.write(data)
        await body.end()
        fingerprint = _fingerprint(form, sent_name, await file.finish())
        # From here on it is done as a whole, whether or not the client still waits.
        with undivided(services().config.probe_limit_s + SHELVE_LIMIT_S):
            response = await _shelved(file, place)
            await one.keep(fingerprint, response)
            return response


def _fingerprint(form: UploadForm, sent_name: str, digest: bytes) -> bytes:
    return hashlib.sha256(msgspec.json.encode([form, sent_name, digest.hex()])).digest()


async def _place(form: UploadForm, sent_name: str) -> _Place:
    name = usable_name(sent_name)
    with timed("db"):
        roots = await services().store.roots.list_()

    def look() -> tuple[Root, bytes]:
        root = usable_root(roots, form.root_id)
        return root, usable_folder(root.path, form.folder)

    try:
        root, folder = await from_disk(look, limiter=_lookers, limit_s=DISK_LIMIT_S)
    except TimeoutError:
        raise ProblemError("UNAVAILABLE", "The disk does not answer", headers={"Retry-After": "10"}) from None
    except OSError as error:
        raise ProblemError("CONFLICT", f"The folder cannot be used: {error.strerror}") from error
    return _Place(root=root, folder=folder, name=name, may_rename=form.on_conflict == "rename")


async def _shelved(file: Incoming, place: _Place) -> Response:
    probe = await _probed(file.path)
    known = await _known(probe.audio_hash)
    if known is not None and known.presence is Presence.PRESENT:
        return _told(known, status=200)
    path = await file.settle(place.folder, place.name, may_rename=place.may_rename)
    try:
        reading = await from_disk(filing.read, place.root.id, path, limiter=_lookers, limit_s=DISK_LIMIT_S)
        content = Content(stage=Stage.PENDING, probe=probe)
        track: Track = await ordered(ShelveUpload(reading=reading, content=content, person_id=caller().user_id))
    except BaseException:
        # Not catalogued, so not there; a look that has found it meanwhile notices that it went.
        with trio.move_on_after(DISK_LIMIT_S, shield=True):
            await from_disk(filing.discard, path, limiter=_lookers, limit_s=DISK_LIMIT_S)
        raise
    return _told(track, status=200 if known is not None else 201)


async def _probed(path: bytes) -> Probe:
    try:
        with timed("read"):
            return await services().executor.probe(path)
    except FileGoneError as error:
        raise ProblemError(
            "UNAVAILABLE", "The file went away before it was read", headers={"Retry-After": "10"}
        ) from error
    except UnreadableError as error:
        if error.kind == "no_audio":
            raise ProblemError(
                "UNSUPPORTED_MEDIA_TYPE", "The file is no recording", details={"kind": error.kind}
            ) from error
        message = f"The file cannot be read as a recording ({error.kind})"
        raise invalid(FieldError(field="file", message=message)) from error


async def _known(audio_hash: str) -> Track | None:
    """The track that has this sound already."""
    store = services().store
    with timed("db"):
        holder = (await store.tracks.known([], [audio_hash])).by_hash.get(audio_hash)
        if holder is None:
            return None
        track = await store.tracks.find(holder.track_id, person_id=caller().user_id)
    if track is None:
        details = {"trackId": holder.track_id, "trash": f"/api/v1/trash/{holder.track_id}"}
        raise ProblemError("CONFLICT", "This recording lies in the trash; restore it there", details=details)
    return track


def _told(track: Track, *, status: int) -> Response:
    place = {"Location": f"/api/v1/tracks/{track.id}", "ETag": track_tag(track)}
    return answer(own_track_view(track), status=status, headers=place)
