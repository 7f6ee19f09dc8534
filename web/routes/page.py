"""The page at `/` and the files that it and the documentation load. Small and fixed: read once, answered from memory."""

from pathlib import Path

import attrs
from quart import Blueprint, Response

from web.conditions import conditional
from web.encoding import content_tag, raw_answer
from web.endpoints import Answer, endpoint
from web.errors import ProblemError

blueprint = Blueprint("page", __name__)

_WEB = Path(__file__).parents[1]
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {"Cache-Control": "no-cache"}  # kept by browsers, but asked about each time: no stale page after an update
_ANSWERS = {304: Answer(meaning="You have it already.", headers=("ETag",))}
_ASKS = ("If-None-Match", "If-Match")


@attrs.frozen(kw_only=True)
class _File:
    body: bytes
    kind: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "_File":
        body = path.read_bytes()
        return cls(body=body, kind=_KINDS[path.suffix], etag=content_tag(body))

    def answer(self) -> Response:
        return conditional(self.etag, lambda: raw_answer(self.body, content_type=self.kind, headers=_HEADERS))


_PAGE = _File.read(_WEB / "templates" / "index.html")
_FILES = {path.name: _File.read(path) for path in (_WEB / "static").iterdir() if path.suffix in _KINDS}


@endpoint(
    blueprint,
    "GET",
    "/",
    tag="Service",
    is_open=True,
    answers={200: Answer(meaning="The page.", content=("text/html",), headers=("ETag",)), **_ANSWERS},
    asks=_ASKS,
    problems=("PRECONDITION_FAILED",),
)
async def show_page() -> Response:
    """The page for people: the library, live."""
    return _PAGE.answer()


@endpoint(
    blueprint,
    "GET",
    "/static/<name>",
    tag="Service",
    is_open=True,
    answers={
        200: Answer(meaning="The file.", content=("text/css", "text/javascript", "image/svg+xml"), headers=("ETag",)),
        **_ANSWERS,
    },
    asks=_ASKS,
    problems=("NOT_FOUND", "PRECONDITION_FAILED"),
)
async def show_file(name: str) -> Response:
    """What the pages load."""
    file = _FILES.get(name)
    if file is None:
        raise ProblemError("NOT_FOUND", "There is no such file")
    return file.answer()
