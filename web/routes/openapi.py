"""The description of this interface: for programs as OpenAPI 3.1, for people as a page that needs no other server."""

from pathlib import Path
from typing import Any

import attrs
import jinja2
import msgspec
import trio
from quart import Blueprint, Response, current_app

from web.conditions import conditional
from web.encoding import JSON, content_tag, json_bytes, raw_answer
from web.endpoints import Answer, Declaration, endpoint
from web.errors import CODES
from web.live.asyncapi import SAID, asyncapi
from web.live.payloads import TOLD
from web.openapi.document import declarations, document
from web.openapi.shapes import WITHOUT_NUL
from web.services import services

blueprint = Blueprint("openapi", __name__)

HTML = "text/html; charset=utf-8"

_writing = trio.Lock()
"""The documents take longer to write than the loop may be held up, and are written once."""
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parents[1] / "templates"), autoescape=True, undefined=jinja2.Undefined
)

DESCRIPTION = """\
JSON in camelCase, times in RFC 3339 UTC, durations in seconds, ids opaque texts. HEAD is answered wherever GET is, streams excepted.
Say who asks by `Authorization: Bearer …`, `X-API-Key: …` or the page's cookie, one of them; a header wins over the cookie. On loopback, as long as
there are no accounts, nothing is needed. Roles: listener < editor < admin.
No text that is sent may hold the character NUL; what is not known, in a body or an address, is refused.
Every refusal is `application/problem+json` with a stable `code`. Every answer carries `X-Request-ID`.
"""


@endpoint(
    blueprint,
    "GET",
    "/openapi.json",
    tag="Service",
    is_open=True,
    answers={
        200: Answer(
            meaning="The OpenAPI document.", model=dict[str, Any], headers=("ETag",), example={"openapi": "3.1.0"}
        ),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def read_openapi() -> Response:
    """This interface, as an OpenAPI 3.1 document."""
    return _unchanging((await _kept()).openapi, JSON)


@endpoint(
    blueprint,
    "GET",
    "/asyncapi.json",
    tag="Service",
    is_open=True,
    answers={
        200: Answer(
            meaning="The AsyncAPI document.", model=dict[str, Any], headers=("ETag",), example={"asyncapi": "3.0.0"}
        ),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def read_asyncapi() -> Response:
    """The live socket and the streams, as an AsyncAPI 3 document."""
    return _unchanging((await _kept()).asyncapi, JSON)


@endpoint(
    blueprint,
    "GET",
    "/docs",
    tag="Service",
    is_open=True,
    answers={
        200: Answer(meaning="The page.", content=("text/html",), headers=("ETag",)),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def read_docs() -> Response:
    """This interface, as a page to read."""
    return _unchanging((await _kept()).page, HTML)


@endpoint(
    blueprint,
    "GET",
    "/docs/live",
    tag="Service",
    is_open=True,
    answers={
        200: Answer(meaning="The page.", content=("text/html",), headers=("ETag",)),
        304: Answer(meaning="You have it already.", headers=("ETag",)),
    },
    asks=("If-None-Match",),
    problems=("PRECONDITION_FAILED",),
)
async def read_live_docs() -> Response:
    """The live socket and the streams, as a page to read."""
    return _unchanging((await _kept()).live_page, HTML)


@attrs.frozen(kw_only=True)
class _Kept:
    """What is served as long as the app lives."""

    openapi: bytes
    asyncapi: bytes
    page: bytes
    live_page: bytes


async def _kept() -> _Kept:
    async with _writing:
        kept = current_app.extensions.get("openapi")
        if kept is None:
            operations, version = declarations(current_app), services().version
            kept = await trio.to_thread.run_sync(_written, operations, version)
            current_app.extensions["openapi"] = kept
    assert isinstance(kept, _Kept)
    return kept


def _written(operations: tuple[Declaration, ...], version: str) -> _Kept:
    encoded = json_bytes(document(operations, version=version, description=DESCRIPTION))
    live = json_bytes(asyncapi(version=version))
    return _Kept(openapi=encoded, asyncapi=live, page=_page("docs.html", encoded), live_page=_page("live.html", live))


def _page(template: str, encoded: bytes) -> bytes:
    described = msgspec.json.decode(encoded)
    schemas = described["components"]["schemas"]

    def shape_of(schema: dict[str, Any]) -> Any:
        return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    page = _templates.get_template(template).render(
        document=described,
        codes=CODES,
        example=_example,
        shape_of=shape_of,
        without_nul=WITHOUT_NUL,
        told=tuple(TOLD),
        said=tuple(SAID),
    )
    return page.encode()


def _unchanging(body: bytes, content_type: str) -> Response:
    return conditional(content_tag(body), lambda: raw_answer(body, content_type=content_type))


def _example(value: Any) -> str:
    return msgspec.json.format(json_bytes(value), indent=2).decode()
