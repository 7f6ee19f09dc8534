"""Headers and places of addresses, as the OpenAPI document tells them: meaning, form and one example of each."""

from collections.abc import Mapping
from typing import Any

import attrs

from web.repeats import HEADER as IDEMPOTENCY_KEY

_TEXT: Mapping[str, Any] = {"type": "string"}
_ID: Mapping[str, Any] = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"}
_TAG_FORM = '(W/)?"[!#-~]*"'
_TAG = '"7f1d0c52a9e34b8810c6d2f4"'


@attrs.frozen
class Told:
    """One header or place: what it means, an example, and the form that it has."""

    meaning: str
    example: str
    schema: Mapping[str, Any] = _TEXT


REQUEST_HEADERS: Mapping[str, Told] = {
    "If-Match": Told(
        "Entity tag of what you saw; the change happens only if it still is that. What you alone keep, such as your rating, does not count. "
        "`*` for whatever is there.",
        "*",
        {"type": "string", "anyOf": [{"const": "*"}, {"pattern": f"^{_TAG_FORM}( *, *{_TAG_FORM})*$"}]},
    ),
    "If-None-Match": Told("Entity tags that you have; 304 if one of them still is right.", _TAG),
    "If-Modified-Since": Told("304 if nothing changed since.", "Sun, 01 Mar 2026 12:30:00 GMT"),
    "If-Range": Told("Entity tag or date: the range counts only if it still is right.", _TAG),
    "Range": Told("Up to ten ranges of bytes; several come as multipart/byteranges.", "bytes=0-1023"),
    IDEMPOTENCY_KEY: Told(
        "Any text of yours: the same request with it again within 24 hours gets the same answer and does nothing more. Refusals are "
        "not kept.",
        "f3b0c442-98fc-4c14-9afb-f4c8996fb924",
        {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$", "minLength": 1, "maxLength": 255},
    ),
    "Last-Event-ID": Told(
        "Number of the last event seen; the stream goes on with the next. Wins over `since`; empty, it says nothing.",
        "42",
        {"type": "string", "pattern": "^([+-]?[0-9]+)?$"},
    ),
}
"""Request headers that operations name in `asks`."""

TRACING: Mapping[str, Told] = {
    "X-Request-ID": Told(
        "The id that this request shall have; one that is not of this form is replaced.",
        "5f2b9c0d7e1a4836",
    ),
    "traceparent": Told(
        "The trace that this request belongs to (W3C Trace Context); what is not of its form is left aside.",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
}
"""Request headers that every operation understands, and none needs."""

RESPONSE_HEADERS: Mapping[str, Told] = {
    "X-Request-ID": Told(
        "The request's id: yours if you sent a usable one.",
        "5f2b9c0d7e1a4836",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
    ),
    "Server-Timing": Told("Milliseconds spent, in all and in parts.", "total;dur=3.2, db;dur=1.9"),
    "ETag": Told(
        "Entity tag of what this answer says, to be taken as a whole; weak where bytes beside it, such as `cacheInfo`, may differ. "
        "One thing's is strong, a kept list's weak.",
        _TAG,
        {"type": "string", "pattern": '^(W/)?"[^"]*"$'},
    ),
    "Last-Modified": Told("When it last changed.", "Sun, 01 Mar 2026 12:30:00 GMT"),
    "Location": Told("Address of what was made or is being done.", "/api/v1/tracks/0197f0b2c4a87c3e"),
    "Content-Range": Told("Which bytes these are.", "bytes 0-1023/23419004"),
    "Accept-Ranges": Told("`bytes`: ranges may be asked for.", "bytes"),
    "Content-Disposition": Told("The name to save it under.", 'inline; filename="03 Blue Heron.flac"'),
    "RateLimit": Told(
        "What is left of each quota (`r`), and in how many seconds it is whole again (`t`); not on this machine itself.",
        '"read";r=2999;t=1',
    ),
    "RateLimit-Policy": Told(
        "The quotas: so many requests (`q`) in so many seconds (`w`). Draft 09 of the IETF.", '"read";q=3000;w=60'
    ),
    "traceparent": Told(
        "The trace that the request belongs to, yours if you sent one, and our part in it (W3C Trace Context).",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
    ),
    "Retry-After": Told("Seconds to wait before the next try.", "5", {"type": "string", "pattern": "^[0-9]+$"}),
    "Last-Event-ID": Told("The number behind which the stream begins, where you named none.", "42"),
    "Allow": Told("Methods that this path has.", "GET, HEAD"),
    "Idempotency-Replayed": Told("`true`: the answer was given before, and nothing was done.", "true"),
    "Set-Cookie": Told(
        "The page's session: HttpOnly, SameSite=Strict, and Secure where the page came by https.",
        "rookery_session=…; HttpOnly; Path=/; SameSite=Strict",
    ),
    "WWW-Authenticate": Told(
        '`Bearer`; with `error="invalid_token"` when something was shown that lets nobody in.', "Bearer"
    ),
}
"""Response headers that operations name in their answers."""

PLACES: Mapping[str, Told] = {
    "trackId": Told("The track's id, as lists and events give it.", "0197f0b2c4a87c3e", _ID),
    "rootId": Told("The root's id, as `/library/roots` gives it.", "5e3b8d1c9a7f2460", _ID),
    "keyId": Told("The key's id, as `/auth/keys` gives it.", "4b7e1d9c2a6f8035", _ID),
    "userId": Told("The account's id, as `/users` gives it.", "8d2f6c1b7a5e9304", _ID),
    "memoryId": Told("The memory's id, as `/memories` gives it.", "3c9e5a7d1b2f4806", _ID),
    "nodePath": Told("Names from the root of the tree down, with slashes between them.", "rookery/pipeline/watcher"),
    "name": Told("The file's name.", "app.css"),
}
"""Places in addresses, by their names."""
