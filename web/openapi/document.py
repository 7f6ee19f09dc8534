"""The OpenAPI 3.1 document, made from the declarations of the very routes that answer (web/endpoints.py)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from quart import Quart

from actors.model.user import Role
from web.credentials import COOKIE, KEY_HEADER
from web.encoding import JSON
from web.endpoints import Answer, Declaration, declaration_of
from web.errors import CODES, PROBLEM_JSON, FieldError, Problem
from web.openapi.headers import RESPONSE_HEADERS, TRACING
from web.openapi.inputs import body_of, header_parameter, parameters_of, told_of
from web.openapi.shapes import shapes
from web.openapi.steps import links

SECURITY_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token that a login gives, or an API key.",
    },
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "An API key."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The page's cookie. By it alone only this server's own page may write: with `Origin`, or `Sec-Fetch-Site: same-origin`.",
    },
}
"""Ways to say who asks; one of them is enough."""

MOMENT = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)

TAGS: Mapping[str, str] = {
    "Tracks": "Recordings: lists, searches, one track, its sound, its waveform, what people say of it, the trash.",
    "Library": "The folders that are watched, and the catalogue as a whole.",
    "Live": "What happens, as it happens. The socket `/ws` and all messages are told in `/asyncapi.json`.",
    "Memories": "What people note of a track, a moment of it, or anything.",
    "Player": "What plays, on all devices of a user alike, and what comes next.",
    "People": "Accounts, logins, API keys and preferences.",
    "Supervision": "The tree of actors that does the work, for administrators.",
    "Service": "Health, numbers and the description of this interface.",
}
"""Every heading of the documentation, in its order."""

_EVERYWHERE = ("X-Request-ID", "Server-Timing", "RateLimit", "RateLimit-Policy", "traceparent")
_ALWAYS_POSSIBLE = (
    *("BAD_REQUEST", "URI_TOO_LONG", "VALIDATION_ERROR", "HEADERS_TOO_LARGE"),
    *("RATE_LIMITED", "INTERNAL", "UNAVAILABLE", "OVERLOADED", "TIMEOUT"),
)
_WITH_BODY = ("MALFORMED_JSON", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT")
_WITH_FORM = ("PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT")
_ON_WRITES = ("FORBIDDEN",)
_HEADERS_OF_STATUS = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}


def declarations(app: Quart) -> tuple[Declaration, ...]:
    """Every declared operation of an app, ordered by path and method."""
    found = {declaration_of(view) for view in app.view_functions.values()}
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.path, one.method)))


def document(operations: Iterable[Declaration], *, version: str, description: str) -> dict[str, Any]:
    """The OpenAPI document of some operations, JSON-ready.

    Args:
        operations: as `declarations` gives them.
        version: of the program.
        description: Markdown; what holds for all operations.
    """
    listed = tuple(operations)
    schemas, components = _schemas(listed)
    followed = links(listed)
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        item = paths.setdefault(one.path, {})
        item[one.method.lower()] = _operation(one, schemas, followed.of(one))
        if one.has_head:
            item["head"] = _head(item["get"])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rookery", "version": version, "description": description, "license": {"name": "MIT"}},
        "servers": [{"url": "/", "description": "The server that this document came from."}],
        "tags": [
            {"name": tag, "description": text} for tag, text in TAGS.items() if any(one.tag == tag for one in listed)
        ],
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": {name: header_parameter(name, told) for name, told in TRACING.items()},
            "headers": {name: told_of(told) for name, told in RESPONSE_HEADERS.items()},
            "examples": {code: _problem(code) for code in CODES},
            "links": followed.components,
            "securitySchemes": {name: dict(scheme) for name, scheme in SECURITY_SCHEMES.items()},
        },
    }


def _schemas(operations: tuple[Declaration, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    types: list[Any] = [Problem]
    for one in operations:
        types += [answer.model for answer in one.answers.values() if answer.model is not None]
        types += [field.type for asked in (one.query, one.form) if asked for field in msgspec.structs.fields(asked)]
    bodies = [one.body for one in operations if one.body is not None]
    return shapes([*types, *bodies], sent=bodies)


def _operation(one: Declaration, schemas: Mapping[Any, Any], followed: Mapping[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": one.name, "tags": [one.tag], "summary": one.summary}
    if described := _described(one):
        operation["description"] = described
    operation["security"] = [] if one.role is None else [{name: []} for name in SECURITY_SCHEMES]
    operation["parameters"] = parameters_of(one, schemas)
    if body := body_of(one, schemas):
        operation["requestBody"] = body
    operation["responses"] = {
        **{str(status): _good(answer, schemas, followed.get(status)) for status, answer in one.answers.items()},
        **_problems(one, schemas),
    }
    return operation


def _described(one: Declaration) -> str:
    needs = f"Needs the role `{one.role}`." if one.role is not None else "Open to everybody."
    return " ".join(filter(None, [one.description, needs]))


def _head(get: Mapping[str, Any]) -> dict[str, Any]:
    responses = {
        status: {key: part for key, part in response.items() if key not in {"content", "links"}}
        for status, response in get["responses"].items()
        if status != "206"
    }
    name = get["operationId"]
    summary = f"{get['summary']}: only the head"
    return {**get, "operationId": f"head{name[0].upper()}{name[1:]}", "summary": summary, "responses": responses}


def _good(answer: Answer, schemas: Mapping[Any, Any], followed: Any) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.meaning, "headers": _headers((*_EVERYWHERE, *answer.headers))}
    content: dict[str, Any] = {kind: {} for kind in answer.content}
    if answer.model is not None:
        content[JSON] = {"schema": schemas[answer.model]}
        if answer.example is not None:
            content[JSON]["example"] = msgspec.to_builtins(answer.example)
    if content:
        response["content"] = content
    if followed:
        response["links"] = followed
    return response


def _problems(one: Declaration, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    codes = [*one.problems, *_ALWAYS_POSSIBLE]
    codes += _WITH_BODY if one.body is not None else ()
    codes += _WITH_FORM if one.form is not None else ()
    codes += ("UNAUTHENTICATED",) if one.role is not None else ()
    codes += _ON_WRITES if one.method != "GET" or one.role not in {None, Role.LISTENER} else ()
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(CODES[code][0], []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {CODES[code][1]}" for code in listed),
            "headers": _headers((*_EVERYWHERE, *_HEADERS_OF_STATUS.get(status, ()))),
            "content": {
                PROBLEM_JSON: {
                    "schema": schemas[Problem],
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in listed},
                }
            },
        }
        for status, listed in sorted(by_status.items())
    }


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem(code: str) -> dict[str, Any]:
    status, title = CODES[code]
    errors = (FieldError(field="pageSize", message="pageSize must be at most 500, not 501", value="501"),)
    told = Problem(
        type=f"/docs#{code}",
        title=title,
        status=status,
        code=code,
        message="Not usable: pageSize" if code == "VALIDATION_ERROR" else title,
        errors=errors if code == "VALIDATION_ERROR" else msgspec.UNSET,
        request_id=RESPONSE_HEADERS["X-Request-ID"].example,
        timestamp=MOMENT,
        path="/api/v1/tracks",
    )
    return {"summary": title, "value": msgspec.to_builtins(told)}
