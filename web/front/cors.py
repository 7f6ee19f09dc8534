"""What pages of other, configured sites may see (Fetch standard, CORS protocol). Without a configuration nothing. Pure."""

from collections.abc import Iterable, Mapping

Headers = list[tuple[bytes, bytes]]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED = "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Idempotency-Key, Last-Event-ID, Range, X-API-Key, X-Request-ID, traceparent, tracestate"
EXPOSED = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Last-Modified, Location, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, X-Request-ID, traceparent"
MAX_AGE_S = 600


def origins_of(texts: Iterable[str]) -> frozenset[str]:
    """Configured sites as browsers name them."""
    return frozenset(text.rstrip("/").lower() for text in texts)


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks if it may ask."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def granted(origin: str | None, origins: frozenset[str], *, is_preflight: bool = False) -> Headers:
    """The headers that let a page of a configured site see an answer; `Vary` alone for others, nothing without sites."""
    if not origins:
        return []
    headers: Headers = [(b"vary", b"Origin")]
    if origin is None or origin not in origins:
        return headers
    headers += [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
    ]
    if is_preflight:
        headers += [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", ALLOWED.encode()),
            (b"access-control-max-age", str(MAX_AGE_S).encode()),
        ]
    else:
        headers.append((b"access-control-expose-headers", EXPOSED.encode()))
    return headers
