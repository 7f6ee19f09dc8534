"""The head of a request: from bytes to a value, or refused. Pure; no socket, no clock.

httptools (llhttp) splits it, all leniency off. What it lets through although RFC 9112 does not, or what opens a way to smuggle one
request inside another, is refused here: whatever h11 refuses, this refuses too.
"""

import re
from urllib.parse import unquote_to_bytes

import attrs
import httptools

from actors.config import KIB
from web.serving.refused import RefusedError

TARGET_BYTES = 8 * KIB
MOST_FIELDS = 100
LONGEST_LENGTH_DIGITS = 15
"""Of a Content-Length: a petabyte."""
END = b"\r\n\r\n"

_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP/1\.([01])")
VALUE = re.compile(rb"[^\x00\s]+(?:[ \t]+[^\x00\s]+)*|")
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%\-]*(?::[0-9]*)?|\[[0-9A-Fa-f:.%A-Za-z]+\](?::[0-9]*)?")
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)([/?].*)?", re.IGNORECASE)
REFUSED_METHODS = frozenset({b"CONNECT", b"TRACE"})


@attrs.frozen(kw_only=True)
class Request:
    """One request without its body; names of headers in lower case."""

    method: str
    path: str
    """Decoded, without the query; what is no UTF-8 becomes U+FFFD."""
    raw_path: bytes
    query: bytes
    is_1_0: bool
    headers: list[tuple[bytes, bytes]]
    length: int | None
    """Bytes of the body; None when it comes in chunks."""
    keeps_alive: bool
    """Whether the peer wants the connection to go on."""
    waits_to_go_on: bool
    """Whether it sends the body only after a 100."""
    is_socket: bool
    """Whether it asks for a WebSocket."""

    @property
    def may_come_again(self) -> bool:
        """Whether the same head may mean the same again, and get the same answer."""
        return self.method == "GET" and self.length == 0 and self.keeps_alive and not self.is_1_0

    @property
    def has_body(self) -> bool:
        """Whether a body follows."""
        return self.length != 0


class _Fields:
    """What httptools calls back; one for each head."""

    __slots__ = ("headers", "target")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.target = b""

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value.strip(b" \t")))


def request(head: bytes) -> Request:
    """Read one head.

    Args:
        head: from the first byte of the request line to the empty line, included.

    Raises:
        RefusedError: it is malformed, ambiguous, too large in a part, or of a kind that is not served.
    """
    line = _LINE.fullmatch(head, 0, head.find(b"\r\n"))
    if line is None:
        raise RefusedError(400, "The request line is malformed")
    method, target, minor = line.groups()
    if len(target) > TARGET_BYTES:
        raise RefusedError(414, f"An address has at most {TARGET_BYTES} bytes")
    # llhttp knows a list of methods, HTTP none: which of them a path has is for the app to say.
    headers = _headers(b"GET" + head[len(method) :])
    found = _Special(headers)
    if method in REFUSED_METHODS:
        raise RefusedError(405, f"{method.decode()} is not served")
    is_1_0 = minor == b"0"
    target = _origin_form(method, target, headers)
    if (not found.hosts and not is_1_0) or len(found.hosts) > 1 or not all(map(HOST.fullmatch, found.hosts)):
        raise RefusedError(400, "There must be one Host header, with a name")
    length = _length(found, is_1_0=is_1_0)
    raw_path, _, query = target.partition(b"?")
    connection = {word.strip().lower() for value in found.connections for word in value.split(b",")}
    upgrades = {word.strip().lower() for value in found.upgrades for word in value.split(b",")}
    asks_upgrade = b"upgrade" in connection and not is_1_0
    return Request(
        method=method.decode(),
        path=unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        raw_path=raw_path,
        query=query,
        is_1_0=is_1_0,
        headers=headers,
        length=length,
        keeps_alive=b"keep-alive" in connection and b"close" not in connection
        if is_1_0
        else b"close" not in connection,
        waits_to_go_on=found.expects and not is_1_0,
        is_socket=asks_upgrade and b"websocket" in upgrades and method == b"GET",
    )


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    # httptools would take the bytes behind the head for a body, or for the next request: it gets the head alone.
    fields = _Fields()
    parser = httptools.HttpRequestParser(fields)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # it has read the whole head
    except httptools.HttpParserError as error:
        raise RefusedError(400, f"The head is malformed: {error}") from None
    if len(fields.headers) > MOST_FIELDS:
        raise RefusedError(431, f"A head has at most {MOST_FIELDS} fields")
    if head.count(b"\r\n") != len(fields.headers) + 2 or head.count(b"\n") != len(fields.headers) + 2:
        raise RefusedError(400, "A line of the head is malformed")
    for name, value in fields.headers:
        if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise RefusedError(400, "A header is malformed")
    return fields.headers


class _Special:
    """The headers that say how a request is framed and what becomes of the connection."""

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.hosts: list[bytes] = []
        self.lengths: list[bytes] = []
        self.codings: list[bytes] = []
        self.connections: list[bytes] = []
        self.upgrades: list[bytes] = []
        self.expects = False
        for name, value in headers:
            match name:
                case b"host":
                    self.hosts.append(value)
                case b"content-length":
                    self.lengths.append(value)
                case b"transfer-encoding":
                    self.codings.append(value)
                case b"connection":
                    self.connections.append(value)
                case b"upgrade":
                    self.upgrades.append(value)
                case b"expect":
                    self.expects = value.lower() == b"100-continue"


def _length(found: _Special, *, is_1_0: bool) -> int | None:
    if found.codings:
        if found.lengths or is_1_0 or len(found.codings) > 1 or found.codings[0].lower() != b"chunked":
            raise RefusedError(400, "The body's length is ambiguous, or its coding is not chunked")
        return None
    return length_of(found.lengths)


def length_of(values: list[bytes]) -> int:
    """The length of a body, of which every Content-Length is given; 0 where there is none.

    Raises:
        RefusedError: there are several, or one that is none.
    """
    if not values:
        return 0
    if len(values) > 1 or not values[0].isdigit() or len(values[0]) > LONGEST_LENGTH_DIGITS:
        raise RefusedError(400, "There may be one Content-Length, with digits alone")
    return int(values[0])


def _origin_form(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The target as path and query; that of an absolute form, whose authority then stands for Host (RFC 9112, 3.2.2)."""
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise RefusedError(400, "The target must be a path that begins with /")
    authority, rest = absolute.groups()
    for place, (name, value) in enumerate(headers):
        if name == b"host" and value.lower() != authority.lower():
            headers[place] = (name, authority)
    rest = rest or b"/"
    return rest if rest.startswith(b"/") else b"/" + rest
