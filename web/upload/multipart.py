"""One multipart/form-data body on its way in: some fields, then one file, in constant memory."""

from collections import deque
from collections.abc import AsyncIterator

import attrs
from multipart import MultipartError, MultipartSegment, PushMultipartParser
from quart import Request

from actors.config import KIB
from web.errors import FieldError, ProblemError, invalid

KIND = "multipart/form-data"
MOST_PARTS = 20
FIELD_LIMIT_BYTES = 16 * KIB
HEAD_LIMIT_BYTES = 8 * KIB
"""One line of the head of a part."""
OVERHEAD_BYTES = 64 * KIB
"""What a body may hold beside its file."""


@attrs.define(eq=False)
class Multipart:
    """Reads the body of one request, in this order: `head`, `piece` until it is empty, `end`."""

    _body: AsyncIterator[bytes]
    _parser: PushMultipartParser
    _limit_bytes: int
    _events: deque[MultipartSegment | bytes | None] = attrs.field(factory=deque)
    """What the parser found and nobody took: the head of a part, bytes of its value, None at its end."""
    _came_bytes: int = 0
    _file_bytes: int = 0
    _is_file_over: bool = False

    @classmethod
    def of(cls, request: Request, *, limit_bytes: int) -> "Multipart":
        """The body of a request, whose file may have so many bytes.

        Raises:
            ProblemError: UNSUPPORTED_MEDIA_TYPE when it is of another kind, PAYLOAD_TOO_LARGE when it says that it is.
        """
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != KIND or not 0 < len(boundary) <= 70 or not boundary.isascii():
            raise ProblemError("UNSUPPORTED_MEDIA_TYPE", f"Send the body as {KIND}", headers={"Accept": KIND})
        if (request.content_length or 0) > limit_bytes + OVERHEAD_BYTES:
            raise _too_large(limit_bytes)
        return cls(aiter(request.body), parser(boundary), limit_bytes)

    async def head(self) -> tuple[dict[str, str], str]:
        """The fields before the file, and the name that the file was sent with.

        Raises:
            ProblemError: BAD_REQUEST for a broken body, VALIDATION_ERROR for a field or a file that cannot be.
        """
        fields: dict[str, str] = {}
        while (part := await self._next_part()) is not None:
            name = part.name
            if part.filename is not None:
                if name != "file":
                    raise invalid(FieldError(field=name, message="The file is to be sent as `file`"))
                return fields, part.filename
            if name in fields:
                raise invalid(FieldError(field=name, message="Given more than once"))
            fields[name] = await self._value(name)
        raise invalid(FieldError(field="file", message="Required; send it last, behind the other fields"))

    async def piece(self) -> bytes:
        """The next bytes of the file, empty at its end.

        Raises:
            ProblemError: PAYLOAD_TOO_LARGE, BAD_REQUEST.
        """
        if self._is_file_over:
            return b""
        data = await self._next_data()
        self._is_file_over = not data
        self._file_bytes += len(data)
        if self._file_bytes > self._limit_bytes:
            raise _too_large(self._limit_bytes)
        return data

    async def end(self) -> None:
        """Make sure that the body is whole and nothing follows the file.

        Raises:
            ProblemError: BAD_REQUEST, VALIDATION_ERROR.
        """
        part = await self._next_part()
        if part is not None:
            raise invalid(FieldError(field=part.name, message="Nothing may follow the file"))

    async def _value(self, name: str) -> str:
        value = bytearray()
        while data := await self._next_data():
            value += data
            if len(value) > FIELD_LIMIT_BYTES:
                raise invalid(FieldError(field=name, message="Too long"))
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise invalid(FieldError(field=name, message="Must be UTF-8")) from None

    async def _next_part(self) -> MultipartSegment | None:
        """The head of the next part; None at the end of the body."""
        while not self._events:
            if not await self._is_fed():
                return None
        part = self._events.popleft()
        assert isinstance(part, MultipartSegment)
        return part

    async def _next_data(self) -> bytes:
        """Some of the present part's value; empty at its end."""
        while not self._events:
            if not await self._is_fed():
                raise _broken()
        data = self._events.popleft()
        assert not isinstance(data, MultipartSegment)
        return data or b""

    async def _is_fed(self) -> bool:
        """Take the next piece of the body; False when it is over."""
        try:
            piece = await anext(self._body)
        except StopAsyncIteration:
            piece = b""
        self._came_bytes += len(piece)
        if self._came_bytes > self._limit_bytes + OVERHEAD_BYTES:
            raise _too_large(self._limit_bytes)
        try:
            self._events.extend(
                bytes(event) if isinstance(event, bytearray) else event for event in self._parser.parse(piece)
            )
        except (MultipartError, UnicodeError) as error:
            raise _broken() from error
        return bool(piece)


def parser(boundary: str) -> PushMultipartParser:
    """What cuts a body into its parts, with limits."""
    return PushMultipartParser(boundary, max_header_size=HEAD_LIMIT_BYTES, max_segment_count=MOST_PARTS)


def _broken() -> ProblemError:
    return ProblemError("BAD_REQUEST", f"The body is no whole {KIND}")


def _too_large(limit_bytes: int) -> ProblemError:
    return ProblemError(
        "PAYLOAD_TOO_LARGE", f"A file may have at most {limit_bytes} bytes", details={"limitBytes": limit_bytes}
    )
