"""A recording in another form, converted while it is sent: what may be asked for, and the answer."""

from types import TracebackType
from typing import Annotated, Literal, Self

import msgspec
from quart import Response, request
from quart.wrappers.response import ResponseBody

from actors.errors import UnreadableError
from actors.media.encode import available_forms, encoder_version
from actors.model.delivery import CARRIED_CHARACTERS, FORMS, Encoding
from actors.model.track import Tags, Track, shown_path
from actors.work.stream import PlacesTakenError, Stream
from actors.work.worker import WorkerStartError
from web.conditions import conditional
from web.delivery.files import OpenFile
from web.delivery.media_types import disposition
from web.encoding import entity_tag
from web.errors import FieldError, ProblemError, invalid
from web.exchange import exchange, timed
from web.services import services

FormName = Literal["mp3", "opus", "aac"]

BUSY_S = 5
"""After so many seconds a refused client may try again."""


class AudioQuery(msgspec.Struct, rename="camel", kw_only=True):
    """How a recording is wanted."""

    download: Annotated[bool, msgspec.Meta(description="To be saved under its name instead of played in place.")] = (
        False
    )
    format: (
        Annotated[FormName, msgspec.Meta(description="Converted to this form while it is sent; as it is if not said.")]
        | None
    ) = None
    bit_rate: (
        Annotated[
            int,
            msgspec.Meta(
                ge=min(form.least_bit_rate for form in FORMS.values()),
                le=max(form.most_bit_rate for form in FORMS.values()),
                description="Bits per second of the converted sound: the nearest that the form has. "
                + "; ".join(
                    f"{name}: {', '.join(map(str, form.bit_rates)) or f'{form.least_bit_rate}–{form.most_bit_rate}'}, "
                    f"{form.usual_bit_rate} if not said"
                    for name, form in FORMS.items()
                )
                + ". Without `format` the sound is converted to the first of them.",
            ),
        ]
        | None
    ) = None
    start: (
        Annotated[
            float,
            msgspec.Meta(
                ge=0,
                le=10_000_000,
                description="Seconds into the recording to begin at. Without `format` the sound is converted to the first of its forms.",
            ),
        ]
        | None
    ) = None


def encoding_of(query: AudioQuery, track: Track) -> Encoding | None:
    """The conversion that a request asks for; None when it wants the file as it is.

    Raises:
        ProblemError: VALIDATION_ERROR for a form that this server cannot write, RANGE_NOT_SATISFIABLE for a start behind the end.
    """
    if query.format is None and query.bit_rate is None and query.start is None:
        return None
    known = available_forms()
    name: str = query.format or (known or tuple(FORMS))[0]
    if name not in known:
        message = (
            f"format cannot be {name}, which FFmpeg on this server cannot write; it can: {', '.join(known) or 'none'}"
        )
        raise invalid(FieldError(field="format", message=message, value=query.format))
    duration_s = track.sound.duration_s if track.sound else 0.0
    if query.start and duration_s and query.start >= duration_s:
        raise _past_end(f"The recording ends at {duration_s:.3f} s, before the start that was asked for")
    form = FORMS[name]
    return Encoding(
        form=name,
        bit_rate=form.usual_bit_rate if query.bit_rate is None else form.nearest_bit_rate(query.bit_rate),
        start_s=query.start or 0.0,
        tags=_carried(track.tags, track.title),
    )


async def converted(file: OpenFile, path: bytes, encoding: Encoding, *, is_download: bool) -> Response:
    """The answer to the present GET or HEAD, of a length that nobody knows; a HEAD starts nothing.

    Args:
        file: the recording, open; closed here.
        path: of it, for its name.
        encoding: from `encoding_of`.
        is_download: whether it is to be saved.

    Raises:
        ProblemError: OVERLOADED, UNPLAYABLE, UNAVAILABLE, or RANGE_NOT_SATISFIABLE for a start behind the last sound.

    Cancellation: at once; what was started ends with the exchange.
    """
    form = FORMS[encoding.form]
    etag = entity_tag("converted", encoder_version(), *file.state, repr(encoding))

    def head() -> Response:
        response = Response(b"", 200, content_type=form.media_type)
        name = shown_path(path).rpartition("/")[2]
        stem = name.rpartition(".")[0] or name
        response.headers["Content-Disposition"] = disposition(stem + form.ending, is_download=is_download)
        del response.headers["Content-Length"]
        return response

    try:
        response = conditional(etag, head, modified=file.modified)
        if response.status_code == 200 and request.method == "GET":
            with timed("convert"):
                response.response = _Body(await _begun(file, path, encoding))
    finally:
        file.close()
    response.timeout = None
    return response


async def _begun(file: OpenFile, path: bytes, encoding: Encoding) -> Stream:
    opening = services().streams.open("encode", path=path, descriptor=file.descriptor, order=encoding)
    try:
        return await exchange().leaving.enter_async_context(opening)
    except PlacesTakenError as error:
        raise ProblemError("OVERLOADED", str(error), headers={"Retry-After": str(BUSY_S)}) from None
    except WorkerStartError as error:
        raise ProblemError("UNAVAILABLE", str(error), headers={"Retry-After": str(BUSY_S)}) from None
    except UnreadableError as error:
        if error.kind == "past_end":
            raise _past_end(error.message) from None
        raise ProblemError("UNPLAYABLE", error.message, details={"kind": error.kind}) from None


class _Body(ResponseBody):
    """What the source gives; it is the exchange's, not ours to end."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to do."""

    def __aiter__(self) -> Stream:
        return self._stream


def _past_end(message: str) -> ProblemError:
    return ProblemError("RANGE_NOT_SATISFIABLE", message, details={"field": "start"})


def _carried(tags: Tags, title: str) -> dict[str, str]:
    number = f"{tags.track_number}/{tags.track_total}" if tags.track_number and tags.track_total else tags.track_number
    texts = {
        "title": title,
        "artist": "; ".join(tags.artists),
        "album_artist": "; ".join(tags.album_artists),
        "album": tags.album,
        "genre": "; ".join(tags.genres),
        "date": tags.date,
        "track": number,
    }
    return {key: str(text)[:CARRIED_CHARACTERS] for key, text in texts.items() if text}
