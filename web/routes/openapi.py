"""The description of this interface: for programs as OpenAPI 3.1, for people as a page that needs no other server."""

from typing import Any

import msgspec
import trio
from quart import Blueprint, Response, current_app, render_template

from web.conditions import conditional
from web.encoding import JSON, content_tag, json_bytes, raw_answer
from web.endpoints import Answer, endpoint
from web.errors import CODES
from web.openapi import declarations, document
from web.services import services

blueprint = Blueprint("openapi", __name__)

_writers = trio.CapacityLimiter(1)
"""The document takes longer than the loop may be held up."""

DESCRIPTION = """\
JSON in camelCase, times in RFC 3339 UTC, durations in seconds, ids opaque texts. HEAD is answered wherever GET is, streams excepted.
Say who asks by `Authorization: Bearer …`, `X-API-Key: …` or the page's cookie, one of them; a header wins over the cookie. On loopback, as long as
there are no accounts, nothing is needed. Roles: listener < editor < admin.
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
    return _unchanging(await _encoded(), JSON)


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
    kept = current_app.extensions.get("docs")
    if kept is None:
        # Anybody may ask for it, and it takes long to write.
        described = msgspec.json.decode(await _encoded())
        page = await render_template("docs.html", document=described, codes=CODES, example=_example)
        kept = current_app.extensions["docs"] = page.encode()
    return _unchanging(kept, "text/html; charset=utf-8")


async def _encoded() -> bytes:
    # What is served does not change while the app lives.
    kept = current_app.extensions.get("openapi")
    if kept is None:
        operations, version = declarations(current_app), services().version
        kept = current_app.extensions["openapi"] = await trio.to_thread.run_sync(
            lambda: json_bytes(document(operations, version=version, description=DESCRIPTION)), limiter=_writers
        )
    assert isinstance(kept, bytes)
    return kept


def _unchanging(body: bytes, content_type: str) -> Response:
    return conditional(content_tag(body), lambda: raw_answer(body, content_type=content_type))


def _example(value: Any) -> str:
    return msgspec.json.format(json_bytes(value), indent=2).decode()
