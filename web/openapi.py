"""The OpenAPI 3.1 document, made from the declarations of the very routes that answer (web/endpoints.py)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from quart import Quart

from actors.model.user import Role
from web.credentials import COOKIE, KEY_HEADER
from web.encoding import JSON
from web.endpoints import Answer, Declaration, declaration_of
from web.errors import CODES, PROBLEM_JSON, Problem

REQUEST_HEADERS: Mapping[str, str] = {
    "If-Match": "Entity tag of what you saw; the change happens only if it still is that.",
    "If-None-Match": "Entity tags that you have; 304 if one of them still is right.",
    "If-Modified-Since": "304 if nothing changed since.",
    "If-Range": "Entity tag or date: the range counts only if it still is right.",
    "Range": "Up to ten ranges of bytes; several come as multipart/byteranges.",
    "Idempotency-Key": "Any text of yours, 1–255 visible ASCII characters: the same request with it again within 24 hours gets the "
    "same answer and does nothing more. Refusals are not kept.",
    "Last-Event-ID": "Number of the last event seen; the stream goes on with the next. Wins over `since`.",
}
"""Request headers that operations name in `asks`."""

RESPONSE_HEADERS: Mapping[str, str] = {
    "X-Request-ID": "The request's id: yours if you sent a usable one.",
    "Server-Timing": "Milliseconds spent, in all and in parts.",
    "ETag": "Entity tag of what this answer says; weak where bytes beside it, such as `cacheInfo`, may differ.",
    "Last-Modified": "When it last changed.",
    "Location": "Address of what was made or is being done.",
    "Content-Range": "Which bytes these are.",
    "Accept-Ranges": "`bytes`: ranges may be asked for.",
    "Content-Disposition": "The name to save it under.",
    "RateLimit": "What is left of each quota (`r`), and in how many seconds it is whole again (`t`); not on this machine itself.",
    "RateLimit-Policy": "The quotas: so many requests (`q`) in so many seconds (`w`). Draft 09 of the IETF.",
    "traceparent": "The trace that the request belongs to, yours if you sent one, and our part in it (W3C Trace Context).",
    "Retry-After": "Seconds to wait before the next try.",
    "Allow": "Methods that this path has.",
    "Set-Cookie": "The page's session: HttpOnly, SameSite=Strict, and Secure where the page came by https.",
    "WWW-Authenticate": '`Bearer`; with `error="invalid_token"` when something was shown that lets nobody in.',
}
"""Response headers that operations name in their answers."""

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

TAGS = ("Tracks", "Library", "Live", "People", "Supervision", "Service")
"""In the order of the documentation; others follow."""

_EVERYWHERE = ("X-Request-ID", "Server-Timing", "RateLimit", "RateLimit-Policy", "traceparent")
_ALWAYS_POSSIBLE = (
    *("BAD_REQUEST", "URI_TOO_LONG", "VALIDATION_ERROR", "HEADERS_TOO_LARGE"),
    *("RATE_LIMITED", "INTERNAL", "UNAVAILABLE", "OVERLOADED", "TIMEOUT"),
)
_WITH_BODY = ("MALFORMED_JSON", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT")
_WITH_FORM = ("PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "REQUEST_TIMEOUT")
_ON_WRITES = ("FORBIDDEN",)
_HEADERS_OF_STATUS = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}
_REFS = "#/components/schemas/{name}"


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
    paths: dict[str, dict[str, Any]] = {}
    for one in listed:
        item = paths.setdefault(one.path, {})
        item[one.method.lower()] = _operation(one, schemas)
        if one.has_head:
            item["head"] = _head(item["get"])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rookery", "version": version, "description": description, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({one.tag for one in listed}, key=_tag_order)],
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": {name: _header(text) for name, text in RESPONSE_HEADERS.items()},
            "securitySchemes": {name: dict(scheme) for name, scheme in SECURITY_SCHEMES.items()},
        },
    }


def _tag_order(tag: str) -> tuple[int, str]:
    return (TAGS.index(tag) if tag in TAGS else len(TAGS), tag)


def _schemas(operations: tuple[Declaration, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    types: dict[Any, None] = {Problem: None}
    for one in operations:
        types.update((answer.model, None) for answer in one.answers.values() if answer.model is not None)
        types.update((field.type, None) for field in msgspec.structs.fields(one.query))
        if one.body is not None:
            types[one.body] = None
        if one.form is not None:
            types.update((field.type, None) for field in msgspec.structs.fields(one.form))
    schemas, components = msgspec.json.schema_components(tuple(types), ref_template=_REFS)
    return dict(zip(types, schemas, strict=True)), components


def _operation(one: Declaration, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": one.name, "tags": [one.tag], "summary": one.summary}
    if described := _described(one):
        operation["description"] = described
    operation["security"] = [] if one.role is None else [{name: []} for name in SECURITY_SCHEMES]
    if parameters := [*_places(one), *_query(one, schemas), *_asked(one)]:
        operation["parameters"] = parameters
    if one.body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schemas[one.body]}}}
    if one.form is not None:
        content = {"multipart/form-data": {"schema": _form(one.form, schemas)}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = {
        **{str(status): _good(answer, schemas) for status, answer in one.answers.items()},
        **_problems(one, schemas),
    }
    return operation


def _described(one: Declaration) -> str:
    needs = f"Needs the role `{one.role}`." if one.role is not None else ""
    return " ".join(filter(None, [one.description, needs]))


def _form(form: type[msgspec.Struct], schemas: Mapping[Any, Any]) -> dict[str, Any]:
    fields = {field.encode_name: _without_null(schemas[field.type]) for field in msgspec.structs.fields(form)}
    file = {"type": "string", "format": "binary", "description": "The file, behind the other fields."}
    return {
        "type": "object",
        "properties": {**fields, "file": file},
        "required": ["file"],
        "additionalProperties": False,
    }


def _head(get: Mapping[str, Any]) -> dict[str, Any]:
    responses = {
        status: {key: part for key, part in response.items() if key != "content"}
        for status, response in get["responses"].items()
        if status != "206"
    }
    name = get["operationId"]
    summary = f"{get['summary']}: only the head"
    return {**get, "operationId": f"head{name[0].upper()}{name[1:]}", "summary": summary, "responses": responses}


def _places(one: Declaration) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query(one: Declaration, schemas: Mapping[Any, Any]) -> list[dict[str, Any]]:
    listed = []
    for field in msgspec.structs.fields(one.query):
        schema = _without_null(schemas[field.type])
        description = schema.pop("description", None)
        if field.default not in (msgspec.NODEFAULT, None):
            schema["default"] = msgspec.to_builtins(field.default)
        parameter: dict[str, Any] = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": schema,
        }
        if description:
            parameter["description"] = description
        listed.append(parameter)
    return listed


def _asked(one: Declaration) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "header",
            "required": _is_demanded(name, one),
            "schema": {"type": "string"},
            "description": REQUEST_HEADERS[name],
        }
        for name in one.asks
    ]


def _is_demanded(header: str, one: Declaration) -> bool:
    return header == "If-Match" and "PRECONDITION_REQUIRED" in one.problems


def _good(answer: Answer, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.meaning, "headers": _headers((*_EVERYWHERE, *answer.headers))}
    content: dict[str, Any] = {kind: {} for kind in answer.content}
    if answer.model is not None:
        content[JSON] = {"schema": schemas[answer.model]}
        if answer.example is not None:
            content[JSON]["example"] = msgspec.to_builtins(answer.example)
    if content:
        response["content"] = content
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
            "content": {PROBLEM_JSON: {"schema": schemas[Problem]}},
        }
        for status, listed in sorted(by_status.items())
    }


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    # A parameter is left out, never null.
    choices = [dict(choice) for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return choices[0] if len(choices) == 1 else dict(schema)
