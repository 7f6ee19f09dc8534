"""What is answered ahead of the framework is answered as the framework would answer it."""

import gc
import re
from collections import Counter
from functools import partial

import attrs
import pytest
import structlog.testing
import trio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from actors.errors import DatabaseAwayError
from actors.model.key import TOKEN_PREFIX, digest, fresh_secret
from actors.model.track import Tags
from actors.model.user import Role
from actors.store.pool import Pool
from actors.store.tracks import Tracks
from web.ahead import Table
from web.endpoints import declaration_of
from web.limits import JSON_LIMIT_BYTES

TRACK = "the-track"
TIMED = {"/health", "/api/v1/info"}
"""They tell since when the service runs, in more digits or less."""
COLD = Table(plain={}, placed=())
"""Everything goes the way of the framework."""
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


async def answer(app, asked: Asked, headers, *, leaves: trio.Event | None = None) -> Answered | None:
    """Ask an application as a server does; None where nothing was answered, because the client left."""
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
        "extensions": {},
    }
    with trio.fail_after(20):
        await app.asgi_app(scope, receive, send)
    if not messages:
        return None
    start, *parts = messages
    told = [(name.decode().lower(), CHANGING.sub(b"#", value).decode()) for name, value in start["headers"]]
    return Answered(
        status=start["status"],
        headers=Counter(
            (name, "#" if name == "content-length" and asked.path in TIMED else value)
            for name, value in told
            if name not in OF_ONE_EXCHANGE
        ),
        body=CHANGING.sub(b"#", b"".join(part.get("body", b"") for part in parts)),
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

    async def same(self, asked: Asked) -> Answered | None:
        """Ask both; their answers and what they log must be the same."""
        await self._change(asked.change)
        for one in (self.hot, self.cold):
            one.services.access.change()
        found = []
        for one in (self.hot, self.cold):
            with structlog.testing.capture_logs() as logged:
                given = await answer(one.app, asked, self._headers(asked))
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

    def _headers(self, asked: Asked):
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


@pytest.fixture
async def pair(peopled, served_over, fresh_store, tmp_path):
    from tests.web.conftest import Shelf

    folder = tmp_path / "music"
    folder.mkdir()
    shelf = Shelf(store=fresh_store, root=await fresh_store.roots.add(bytes(folder)), folder=folder)
    await shelf.put("a.mp3", tags=Tags(title="Rook"), peaks=bytes(range(200)), track_id=TRACK)
    tokens = {**peopled.tokens, "unknown": fresh_secret(TOKEN_PREFIX), "revoked": fresh_secret(TOKEN_PREFIX)}
    listener = peopled.users[Role.LISTENER]
    revoked = await fresh_store.tokens.add(listener.id, digest(tokens["revoked"]), lifetime_s=3600)
    tokens["listener id"] = listener.id
    options = {"cors_origins": ("https://friend.example",), "proxies": ("192.0.2.7",)}
    async with served_over(fresh_store, **options) as hot, served_over(fresh_store, **options) as cold:
        cold.app.asgi_app._inside._table = COLD
        one = Pair(hot=hot, cold=cold, shelf=shelf, tokens=tokens)
        # It was good once, so that it is remembered.
        assert (await one.same(Asked(path="/api/v1/info", who="revoked"))).status == 200
        await fresh_store.tokens.remove(revoked.id)
        yield one


async def test_every_answer_is_that_of_the_framework(pair) -> None:
    token = trio.lowlevel.current_trio_token()

    async def follow(several) -> None:
        for asked in several:
            await pair.same(asked)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(requests, min_size=1, max_size=8))
    def search(several) -> None:
        trio.from_thread.run(partial(follow, several), trio_token=token)

    await trio.to_thread.run_sync(search)

    hits = pair.hot.services.cache.statistics().hits
    assert hits == pair.cold.services.cache.statistics().hits
    counted = [
        {
            (sample.name, *sample.labels.items()): sample.value
            for family in one.services.metrics.collected(())
            for sample in family.samples
            if "_seconds_" not in sample.name or sample.name.endswith("_count")
            if not sample.name.endswith(("_created", "_bytes_total"))
        }
        for one in (pair.hot, pair.cold)
    ]
    assert counted[0] == counted[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/tracks", f"/api/v1/tracks/{TRACK}", f"/api/v1/tracks/{TRACK}/waveform.json", "/api/v1/library/genres"],
)
async def test_who_has_it_already_gets_nothing_until_it_changes(pair, method, path) -> None:
    for who in Role:
        first = await pair.same(Asked(method=method, path=path, who=who))
        again = await pair.same(Asked(method=method, path=path, who=who, tag="the last"))
        assert (first.status, again.status, again.body) == (200, 304, b"")
    changed = {"/api/v1/tracks", f"/api/v1/tracks/{TRACK}"}
    later = await pair.same(Asked(change="rate", path=path, who=Role.LISTENER, tag="the last"))
    assert later.status == (200 if path in changed else 304)


async def test_one_who_was_shut_out_gets_nothing_that_is_kept(pair) -> None:
    for path in ("/api/v1/tracks", "/api/v1/library/genres", "/api/v1/info"):
        assert (await pair.same(Asked(path=path))).status == 200
        for who in ("revoked", "unknown", "nothing", "no key"):
            assert (await pair.same(Asked(path=path, who=who))).status == 401


async def test_nobody_gets_the_kept_answer_of_another(pair) -> None:
    await pair.same(Asked(change="rate", path="/api/v1/tracks", who=Role.LISTENER))
    seen = [(await pair.same(Asked(path="/api/v1/tracks", who=who))).body for who in Role]

    assert [b'"rating":null' in body for body in seen] == [who is not Role.LISTENER for who in Role]


async def test_without_the_database_it_says_so(pair, monkeypatch) -> None:
    async def away(*_):
        raise DatabaseAwayError("it is away")

    await pair.same(Asked(path="/api/v1/tracks"))
    monkeypatch.setattr(Pool, "read", away)
    for path in ("/api/v1/tracks", "/readyz", "/health"):
        assert (await pair.same(Asked(path=path))).status == 503


async def test_the_limits_are_the_same(peopled, served_over, fresh_store) -> None:
    options = {"rate_read": 2, "requests_at_once": 1}
    async with served_over(fresh_store, **options) as hot, served_over(fresh_store, **options) as cold:
        cold.app.asgi_app._inside._table = COLD
        pair = Pair(hot=hot, cold=cold, shelf=None, tokens=peopled.tokens)
        statuses = [(await pair.same(Asked(path="/api/v1/info"))).status for _ in range(4)]

    assert statuses == [200, 200, 429, 429]


@pytest.mark.parametrize("way", ["hot", "cold"])
async def test_the_work_for_one_who_left_ends(pair, monkeypatch, way) -> None:
    one, begun, ended = getattr(pair, way), trio.Event(), []

    async def endless(*_, **__):
        begun.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.append(True)

    monkeypatch.setattr(Tracks, "list_", endless)
    given = []

    async def ask() -> None:
        asked = Asked(path="/api/v1/tracks")
        given.append(await answer(one.app, asked, pair._headers(asked), leaves=leaves))

    leaves = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await begun.wait()
        leaves.set()

    assert (given, ended) == ([None], [True])
    monkeypatch.undo()
    assert (await pair.same(Asked(path="/api/v1/tracks"))).status == 200


async def test_the_hot_ways_are_those_of_the_framework(peopled) -> None:
    app = peopled.served.app
    table, adapter = Table.of(app), app.url_map.bind("localhost")
    pieces = st.sampled_from(["a", "/", "\n", ".", "me", "search", "é", "%", "<", "batch-get"])
    texts = st.lists(pieces, max_size=4).map("".join)
    ways = st.one_of(
        paths,
        texts.map(lambda text: f"/api/v1/tracks/{text}"),
        texts.map(lambda text: f"/api/v1/tracks/{text}/waveform.json"),
    )

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(ways, methods)
    @example("/api/v1/tracks/me", "GET")
    @example("/api/v1/tracks/me\n", "GET")
    @example("/api/v1/tracks/a\n", "GET")
    def search(path, method) -> None:
        try:
            endpoint, places = adapter.match(path, method)
        except HTTPException:
            expected = None
        else:
            operation = app.view_functions[endpoint]
            declaration = declaration_of(operation)
            expected = (operation, places) if declaration is not None and declaration.is_hot else None
        assert table.find(method, path) == expected

    search()


async def test_what_is_hot_has_ready_bytes_and_changes_nothing(peopled) -> None:
    views = map(declaration_of, peopled.served.app.view_functions.values())
    hot = {one.path for one in views if one is not None and one.is_hot}

    assert {"/livez", "/api/v1/tracks", "/api/v1/tracks/search", "/api/v1/tracks/{trackId}/waveform.png"} <= hot
    assert not {path for path in hot if "audio" in path or "events" in path}


@pytest.mark.parametrize("path", ["/livez", "/api/v1/tracks", f"/api/v1/tracks/{TRACK}"])
async def test_an_answer_leaves_nothing_to_be_collected(pair, path) -> None:
    asked = Asked(path=path)
    await answer(pair.hot.app, asked, pair._headers(asked))
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await answer(pair.hot.app, asked, pair._headers(asked))
        left = gc.collect()
    finally:
        gc.enable()

    assert left < 20
