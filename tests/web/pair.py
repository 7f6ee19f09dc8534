"""The same application twice over one catalogue: as it is, and with nothing that is meant to be quick. Both must say the same."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import structlog.testing
import trio
from hypothesis import strategies as st

from actors.model.key import TOKEN_PREFIX, digest, fresh_secret
from actors.model.track import Tags
from actors.model.user import Role
from web.front.ahead import Table
from web.limits import JSON_LIMIT_BYTES
from web.serving.again import EXTENSION, Known, Place
from web.serving.response import lines

TRACK = "the-track"
TIMED = {"/health", "/api/v1/info"}
"""They tell since when the service runs, in more digits or less."""
COLD = Table(plain={}, placed=())
"""Everything goes the way of the framework."""
PLACE = Place("192.0.2.7", ("127.0.0.1", 80), "http")
OF_ONE_EXCHANGE = {"x-request-id", "traceparent"}
CHANGING = re.compile(
    rb'"(requestId|timestamp|generatedAt|expiresAt|startedAt)":"[^"]*"|"uptime":[0-9.]+|(?<=;[rt]=)[0-9]+|(?<=dur=)[0-9.]+'
)
"""What differs from one moment to the next, in bodies and headers."""

paths = st.sampled_from(
    [
        "/livez",
        "/readyz",
        "/health",
        "/metrics/",
        "/nope",
        "/api/v1/info",
        "/api/v1/tracks",
        "/api/v1/tracks/",
        "/api/v1//tracks",
        "/api/v1/tracks/search",
        "/api/v1/tracks/batch-get",
        "/api/v1/search",
        "/api/v1/memories",
        "/api/v1/library/stats",
        "/api/v1/library/genres",
        f"/api/v1/tracks/{TRACK}",
        f"/api/v1/tracks/{TRACK}/",
        f"/api/v1/tracks/{TRACK}/waveform.json",
        f"/api/v1/tracks/{TRACK}/waveform.svg",
        f"/api/v1/tracks/{TRACK}/waveform.png",
        f"/api/v1/tracks/{TRACK}/waveform_json",
        f"/api/v1/tracks/{TRACK}/rating",
    ]
)
queries = st.sampled_from(
    [
        *(b"", b"?", b"pageSize=1&page=1", b"page=1&pageSize=1", b"pageSize=1&pageSize=1", b"page=0", b"q=rook", b"q=", b"q=%ff"),
        *(b"q=rook&seed=1", b"sort=title&order=asc", b"cursor=x", b"points=3", b"width=10&height=2", b"width=0", b"q=%00", b"a"),
    ]
)  # fmt: skip
bodies = st.sampled_from(
    [
        *(b"", b"{}", b"[]", b"{", b'{"query":"rook"}', b'{"a":1,"a":2}', b'{"trackIds":["the-track","x"]}', b'{"trackIds":[]}'),
        *(b'{"query":"rook","sort":"nope"}', b'{"pagination":{"page":1}}', b'"' + b"x" * JSON_LIMIT_BYTES + b'"'),
    ]
)  # fmt: skip
tags = st.sampled_from([None, "*", '"x"', 'W/"x"', "the last", "the last, strongly", '"x", the last', "nonsense"])
extra = st.lists(
    st.sampled_from(
        [
            (b"if-match", b"*"),
            (b"if-match", b'"x"'),
            (b"origin", b"https://friend.example"),
            (b"origin", b"https://foe.example"),
            (b"host", b"elsewhere.example"),
            (b"content-type", b"application/json"),
            (b"content-type", b"Application/Merge-Patch+JSON; charset=utf-8"),
            (b"content-type", b"text/plain"),
            (b"content-type", b"multipart/form-data; boundary=x"),
            (b"x-forwarded-for", b"192.0.2.9"),
            (b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"),
            (b"tracestate", b"a=b"),
            (b"access-control-request-method", b"GET"),
        ]
    ),
    max_size=3,
    unique=True,
)
shown = st.sampled_from([*Role, "revoked", "unknown", "no key", "two", "nothing"])
changes = st.sampled_from(["nothing", "nothing", "add", "rate", "forget"])
methods = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS", "BREW"])


@attrs.frozen(kw_only=True)
class Asked:
    """One request, and what happens to the catalogue before it."""

    change: str = "nothing"
    method: str = "GET"
    path: str
    query: bytes = b""
    who: object = Role.LISTENER
    tag: str | None = None
    more: list = attrs.field(factory=list)
    body: bytes = b""


requests = st.builds(
    Asked, change=changes, method=methods, path=paths, query=queries, who=shown, tag=tags, more=extra, body=bodies
)


@attrs.frozen(kw_only=True)
class Answered:
    """What an application said."""

    status: int
    headers: Counter
    body: bytes
    etag: str | None


async def answer(
    app, asked: Asked, headers, *, leaves: trio.Event | None = None, known: Known | None = None
) -> Answered | None:
    """Ask an application as a server does; None where nothing was answered, because the client left.

    With `known` it is a server that gives answers again.
    """
    head = repr((asked.method, asked.path, asked.query, headers)).encode()
    if known is not None and (again := known.find(head, PLACE)) is not None:
        if (found := await again()) is not None:
            begun, body = found
            line, *told = begun.removesuffix(b"\r\n").split(b"\r\n")
            pairs = [tuple(one.split(b": ", 1)) for one in told]
            assert begun == line + b"\r\n" + lines(pairs)
            return _answered(asked, int(line.split()[1]), pairs, body)
        known.forget(head, PLACE)
    pieces = [asked.body[:7], asked.body[7:]]
    messages = []
    is_over = trio.Event()

    async def receive():
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        await (is_over if leaves is None else leaves).wait()
        return {"type": "http.disconnect"}

    async def send(message):
        messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            is_over.set()

    host = [] if any(name == b"host" for name, _ in headers) else [(b"host", b"localhost")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query,
        "root_path": "",
        "headers": [*host, *headers],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {EXTENSION: known.to_leave(head, PLACE)} if known is not None and _may_come_again(asked) else {},
    }
    with trio.fail_after(20):
        await app.asgi_app(scope, receive, send)
    if not messages:
        return None
    start, *parts = messages
    return _answered(asked, start["status"], start["headers"], b"".join(part.get("body", b"") for part in parts))


def _may_come_again(asked: Asked) -> bool:
    return asked.method == "GET" and not asked.body


def _answered(asked: Asked, status: int, headers, body: bytes) -> Answered:
    told = [(name.decode().lower(), CHANGING.sub(b"#", value).decode()) for name, value in headers]
    return Answered(
        status=status,
        headers=Counter(
            (name, "#" if name == "content-length" and asked.path in TIMED else value)
            for name, value in told
            if name not in OF_ONE_EXCHANGE
        ),
        body=CHANGING.sub(b"#", body),
        etag=dict(told).get("etag"),
    )


@attrs.frozen(kw_only=True)
class Pair:
    """The same twice over one catalogue: as it is, and with nothing answered ahead of the framework."""

    hot: object
    cold: object
    shelf: object
    tokens: dict
    etags: dict = attrs.field(factory=dict)
    known: Known | None = None
    """What the hot one's server was left to give again; None where it cannot."""

    async def same(self, asked: Asked) -> Answered | None:
        """Ask both; their answers and what they log must be the same."""
        await self._change(asked.change)
        for one in (self.hot, self.cold):
            one.services.access.change()
        found = []
        for one in (self.hot, self.cold):
            with structlog.testing.capture_logs() as logged:
                given = await answer(one.app, asked, self.headers(asked), known=self.known if one is self.hot else None)
            for line in logged:
                unlike = {"ms", "request_id", "trace_id"} | ({"bytes"} if asked.path in TIMED else set())
                line.update(dict.fromkeys(line.keys() & unlike, "#"))
            found.append((given, logged))
        if found[0] != found[1]:
            # pytest would look for minutes for what differs in long bodies.
            raise AssertionError(f"{asked!r:.500}:\n{found[0]!r:.2000}\n{found[1]!r:.2000}")
        given = found[0][0]
        if given is not None and given.etag is not None:
            self.etags[asked.path] = given.etag
        return given

    def headers(self, asked: Asked):
        secret = self.tokens.get(asked.who, "")
        headers = list(asked.more)
        match asked.who:
            case "nothing":
                pass
            case "no key":
                headers.append((b"x-api-key", fresh_secret(TOKEN_PREFIX).encode()))
            case "two":
                headers += [(b"authorization", f"Bearer {self.tokens[Role.ADMIN]}".encode()), (b"x-api-key", b"rk_x")]
            case _:
                headers.append((b"authorization", f"Bearer {secret}".encode()))
        if asked.tag is not None:
            last = self.etags.get(asked.path, '"none"')
            text = asked.tag.replace("the last, strongly", last.removeprefix("W/")).replace("the last", last)
            headers.append((b"if-none-match", text.encode()))
        if asked.body and not any(name == b"transfer-encoding" for name, _ in headers):
            headers.append((b"content-length", str(len(asked.body)).encode()))
        return headers

    async def _change(self, what: str) -> None:
        if what == "add":
            await self.shelf.put(f"{fresh_secret('')}.mp3", tags=Tags(title="Rook"))
        elif what == "rate":
            who = self.hot.services.store
            await who.ratings.put(self.tokens["listener id"], TRACK, len(self.etags) % 5 + 1)
        elif what == "forget":
            for one in (self.hot, self.cold):
                await one.services.cache.clear()


@asynccontextmanager
async def paired(peopled, served_over, store, folder) -> AsyncIterator[Pair]:
    """Both over a catalogue with one track, for accounts of every role and a token that was good once."""
    from tests.web.conftest import Shelf

    folder.mkdir()
    shelf = Shelf(store=store, root=await store.roots.add(bytes(folder)), folder=folder)
    await shelf.put("a.mp3", tags=Tags(title="Rook"), peaks=bytes(range(200)), track_id=TRACK)
    tokens = {**peopled.tokens, "unknown": fresh_secret(TOKEN_PREFIX), "revoked": fresh_secret(TOKEN_PREFIX)}
    listener = peopled.users[Role.LISTENER]
    revoked = await store.tokens.add(listener.id, digest(tokens["revoked"]), lifetime_s=3600)
    tokens["listener id"] = listener.id
    options = {"cors_origins": ("https://friend.example",), "proxies": ("192.0.2.7",)}
    async with served_over(store, **options) as hot, served_over(store, **options) as cold:
        cold.app.asgi_app._inside._table = COLD
        one = Pair(hot=hot, cold=cold, shelf=shelf, tokens=tokens)
        # It was good once, so that it is remembered.
        assert (await one.same(Asked(path="/api/v1/info", who="revoked"))).status == 200
        await store.tokens.remove(revoked.id)
        yield one
