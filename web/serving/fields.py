"""The head of an HTTP/2 request: from its fields to a value, or refused. Pure; h2 has read the frames and the pseudo fields' order."""

from urllib.parse import unquote_to_bytes

from web.serving.refused import RefusedError
from web.serving.request import HOST, MOST_FIELDS, NAME, REFUSED_METHODS, TARGET_BYTES, VALUE, Request, length_of

Fields = list[tuple[bytes, bytes]]

TARGET = frozenset(range(0x21, 0x7F))
"""Bytes of which an address is made."""


def asked(fields: Fields, *, has_body: bool) -> Request:
    """What a stream asks for, as the same over HTTP/1.1 would be.

    Args:
        fields: in their order, names in lower case, as h2 gives them.
        has_body: whether the stream goes on behind them.

    Raises:
        RefusedError: with the status that the same gets over HTTP/1.1.
    """
    if len(fields) > MOST_FIELDS:
        raise RefusedError(431, f"A head has at most {MOST_FIELDS} fields")
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    method, target = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
    if not NAME.fullmatch(method):
        raise RefusedError(400, "The method is malformed")
    if method in REFUSED_METHODS:
        raise RefusedError(405, f"This server knows no {method.decode()}")
    if len(target) > TARGET_BYTES:
        raise RefusedError(414, f"An address has at most {TARGET_BYTES} bytes")
    if not TARGET.issuperset(target) or not (target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")):
        raise RefusedError(400, "The target must be a path that begins with /")
    headers = [(name, value) for name, value in fields if not name.startswith(b":") and name != b"host"]
    for name, value in headers:
        if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise RefusedError(400, "A header is malformed")
    length_of([value for name, value in headers if name == b"content-length"])  # its frames tell how long it really is
    raw_path, _, query = target.partition(b"?")
    return Request(
        method=method.decode(),
        path=unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        raw_path=raw_path,
        query=query,
        is_1_0=False,
        headers=[(b"host", _host(fields, pseudo)), *_whole_cookie(headers)],
        length=None if has_body else 0,
        keeps_alive=True,
        waits_to_go_on=has_body and (b"expect", b"100-continue") in headers,
        is_socket=False,
    )


def _host(fields: Fields, pseudo: dict[bytes, bytes]) -> bytes:
    """Whom it asks: the authority, with which a Host must agree (RFC 9113, 8.3.1)."""
    named = [value.lower() for name, value in fields if name in {b":authority", b"host"}]
    # h2 lets one authority through at most.
    if len(set(named)) != 1 or len(named) > 1 + (b":authority" in pseudo):
        raise RefusedError(400, "A request names one host")
    host = pseudo.get(b":authority") or named.pop()
    if not host or not HOST.fullmatch(host):
        raise RefusedError(400, "The host is malformed")
    return host


def _whole_cookie(headers: Fields) -> Fields:
    """A cookie may come in crumbs, which applications do not expect (RFC 9113, 8.2.3)."""
    crumbs = [value for name, value in headers if name == b"cookie"]
    if len(crumbs) < 2:
        return headers
    return [*(pair for pair in headers if pair[0] != b"cookie"), (b"cookie", b"; ".join(crumbs))]
