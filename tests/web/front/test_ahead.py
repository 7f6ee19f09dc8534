"""What is answered ahead of the framework is answered as the framework would answer it."""

import gc
from functools import partial

import pytest
import trio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from actors.errors import DatabaseAwayError
from actors.model.user import Role
from actors.store.pool import Pool
from actors.store.tracks import Tracks
from tests.web.pair import COLD, TRACK, Asked, Pair, answer, methods, paired, paths, requests
from web.endpoints import declaration_of
from web.front.ahead import Table


@pytest.fixture
async def pair(peopled, served_over, fresh_store, tmp_path):
    async with paired(peopled, served_over, fresh_store, tmp_path / "music") as one:
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
        given.append(await answer(one.app, asked, pair.headers(asked), leaves=leaves))

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
    await answer(pair.hot.app, asked, pair.headers(asked))
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await answer(pair.hot.app, asked, pair.headers(asked))
        left = gc.collect()
    finally:
        gc.enable()

    assert left < 20
