"""An answer that is given again says what it would say if the application were called."""

from functools import partial

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.errors import DatabaseAwayError
from actors.model.key import TOKEN_PREFIX, digest, fresh_secret
from actors.model.user import Role
from actors.store.pool import Pool
from actors.store.users import UserChange
from tests.web.pair import COLD, PLACE, TRACK, Asked, Pair, answer, changes, paired, requests
from web.serving.again import Known


class Counting(Known):
    """Says how often something was found."""

    found = 0

    def find(self, head, place):
        again = super().find(head, place)
        self.found += again is not None
        return again


@pytest.fixture
async def pair(peopled, served_over, fresh_store, tmp_path):
    async with paired(peopled, served_over, fresh_store, tmp_path / "music") as one:
        yield attrs.evolve(one, known=Counting())


async def test_every_answer_is_that_of_the_application(pair) -> None:
    token = trio.lowlevel.current_trio_token()

    async def follow(several) -> None:
        for asked in several:
            await pair.same(asked)

    good = st.builds(
        Asked,
        path=st.sampled_from(["/livez", "/api/v1/tracks", "/api/v1/search", "/api/v1/library/genres"]),
        query=st.sampled_from([b"", b"", b"q=rook"]),
        who=st.sampled_from(Role),
        tag=st.sampled_from([None, None, "the last"]),
        change=changes,
    )
    # A few requests, each of which comes again: one is given again at its third time at the earliest.
    sequences = st.lists(st.one_of(good, good, requests), min_size=1, max_size=3).flatmap(
        lambda few: st.lists(st.sampled_from(few), min_size=8, max_size=15)
    )

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(sequences)
    def search(several) -> None:
        trio.from_thread.run(partial(follow, several), trio_token=token)

    await trio.to_thread.run_sync(search)

    hits = pair.hot.services.cache.statistics().hits
    assert hits == pair.cold.services.cache.statistics().hits
    assert pair.known.found  # 40 to 180 in most runs
    assert pair.hot.services.metrics.open._value.get() == 0


@pytest.mark.parametrize("path", ["/livez", "/api/v1/tracks", "/api/v1/library/genres", "/api/v1/library/stats"])
@pytest.mark.parametrize("tag", [None, "the last"])
async def test_what_is_asked_again_is_given_again_until_it_changes(pair, path, tag) -> None:
    for _ in range(2):
        await pair.same(Asked(path=path))
    for number in range(4):
        await pair.same(Asked(path=path, tag=tag))
        assert pair.known.found >= number
    found = pair.known.found
    await pair.same(Asked(change="add", path=path, tag=tag))

    assert pair.known.found == found + 1
    for _ in range(3):
        await pair.same(Asked(path=path, tag=tag))


async def test_one_who_was_shut_out_gets_nothing_again(pair, fresh_store) -> None:
    pair.tokens["guest"] = fresh_secret(TOKEN_PREFIX)
    token = await fresh_store.tokens.add(pair.tokens["listener id"], digest(pair.tokens["guest"]), lifetime_s=3600)
    asked = Asked(path="/api/v1/tracks", who="guest")
    for _ in range(3):
        assert (await pair.same(asked)).status == 200
    assert pair.known.found
    await fresh_store.tokens.remove(token.id)

    assert (await pair.same(asked)).status == 401


async def test_one_whose_role_changed_gets_nothing_of_before(pair, fresh_store) -> None:
    asked = Asked(path="/api/v1/tracks")
    for _ in range(3):
        await pair.same(asked)
    await fresh_store.users.change(pair.tokens["listener id"], UserChange(role=Role.EDITOR))

    told = await pair.same(asked)
    assert b'"hitCache":false' in told.body


async def test_what_is_of_one_request_alone_is_never_given_again(pair) -> None:
    for header in (b"traceparent", b"x-request-id"):
        asked = Asked(path="/livez", more=[(header, b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")])
        for _ in range(3):
            await pair.same(asked)
    assert len(pair.known) == 0


async def test_a_refusal_is_never_given_again(pair) -> None:
    for asked in (
        Asked(path="/api/v1/tracks", more=[(b"if-match", b'"x"')]),
        Asked(path="/api/v1/tracks", query=b"page=0"),
        Asked(path="/api/v1/tracks", who="nothing"),
        Asked(path="/api/v1/tracks", more=[(b"host", b"elsewhere.example")]),
    ):
        for _ in range(3):
            assert (await pair.same(asked)).status >= 400
    assert len(pair.known) == 0


async def test_without_the_database_it_says_so(pair, monkeypatch) -> None:
    async def away(*_):
        raise DatabaseAwayError("it is away")

    asked = Asked(path="/api/v1/tracks")
    for _ in range(3):
        await pair.same(asked)
    monkeypatch.setattr(Pool, "read", away)
    assert (await pair.same(asked)).status == 503
    monkeypatch.undo()
    assert (await pair.same(asked)).status == 200


async def test_what_another_head_had_made_anew_comes_with_its_own_tag(pair) -> None:
    asked, other = Asked(path="/api/v1/tracks"), Asked(path="/api/v1/tracks", more=[(b"accept", b"*/*")])
    for _ in range(3):
        before = await pair.same(asked)
    for one in (other, attrs.evolve(other, change="add"), asked):
        after = await pair.same(one)

    assert before.etag != after.etag
    assert pair.known.found >= 2


@pytest.mark.parametrize("options", [{}, {"no_auth": True}], ids=["of a user", "of an address"])
async def test_the_limits_are_the_same(peopled, served_over, fresh_store, options) -> None:
    options |= {"rate_read": 3, "requests_at_once": 1}
    async with served_over(fresh_store, **options) as hot, served_over(fresh_store, **options) as cold:
        cold.app.asgi_app._inside._table = COLD
        pair = Pair(hot=hot, cold=cold, shelf=None, tokens=peopled.tokens, known=Counting())
        asked = Asked(path="/api/v1/library/genres", who="nothing" if "no_auth" in options else Role.LISTENER)
        statuses = [(await pair.same(asked)).status for _ in range(6)]

    assert statuses == [200, 200, 200, 429, 429, 429]
    assert pair.known.found


async def test_who_waits_with_others_is_told_the_same(pair) -> None:
    asked = Asked(path="/api/v1/tracks")
    for _ in range(2):
        await pair.same(asked)
    told = []

    async def ask() -> None:
        told.append(await answer(pair.hot.app, asked, pair.headers(asked), known=pair.known))

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(ask)

    assert [one.body for one in told] == [told[0].body] * 50
    assert pair.known.found >= 50
    assert await pair.known.find(repr(("GET", asked.path, b"", pair.headers(asked))).encode(), PLACE)() is not None


async def test_a_track_is_never_given_again(pair) -> None:
    for _ in range(3):
        await pair.same(Asked(path=f"/api/v1/tracks/{TRACK}"))
    assert len(pair.known) == 0
