"""Kept answers are never stale: real servers over one real PostgreSQL, and changes in between."""

import secrets
from functools import partial

import attrs
import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.model.change import AddTrack, Content, LoseLocations, Reading, SetContent
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.model.user import Caller, Role
from actors.redis import Redis
from web.exchange import Exchange, serving
from web.kept import Depends, kept
from web.services import using

SOUND = Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)
TITLES = ("Rook", "Jackdaw", "Räbe")
QUERIES = ("", "?q=rook", "?presence=present&sort=title&order=asc", "?page=1&pageSize=2", "?pageSize=2&page=1")


async def test_the_second_of_two_is_a_hit_with_the_same_tag(served, shelf) -> None:
    await shelf.put("a.mp3", tags=Tags(title="Rook"))
    first = await served.client.get("/api/v1/tracks?q=rook")
    second = await served.client.get("/api/v1/tracks?pageSize=50&q=rook")

    assert (first.json()["cacheInfo"]["hitCache"], second.json()["cacheInfo"]["hitCache"]) == (False, True)
    assert first.json()["data"] == second.json()["data"]
    assert first.headers["etag"] == second.headers["etag"]
    assert second.headers["cache-control"] == "no-cache"


async def test_who_has_it_already_gets_no_body(served, shelf) -> None:
    await shelf.put("a.mp3")
    etag = (await served.client.get("/api/v1/tracks")).headers["etag"]

    again = await served.client.get("/api/v1/tracks", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    await shelf.put("b.mp3")
    assert (await served.client.get("/api/v1/tracks", headers={"If-None-Match": etag})).status_code == 200


async def test_bad_input_is_refused_the_same_and_never_kept(served, refused) -> None:
    for _ in range(2):
        refused(await served.client.get("/api/v1/tracks?page=0"), 422, "VALIDATION_ERROR")
        refused(await served.client.get("/api/v1/tracks?cursor=x"), 400, "INVALID_CURSOR")
    assert served.services.cache.statistics().size.entries == 0


@pytest.mark.parametrize("depends, is_shared", [(Depends.CATALOGUE, True), (Depends.CALLER, False)])
async def test_roles_never_share_and_callers_only_what_is_not_theirs(served, depends, is_shared) -> None:
    made = []

    async def handler():
        made.append(caller)
        return served.app.response_class(b"{}")

    with using(served.services):
        for caller in (
            Caller(user_id="a", name="a", role=Role.LISTENER),
            Caller(user_id="b", name="b", role=Role.LISTENER),
            Caller(user_id="a", name="a", role=Role.ADMIN),
        ):
            with serving(Exchange(request_id="r", method="GET", path="/", caller=caller)):
                await kept("one", depends, {}, handler)

    assert len(made) == (2 if is_shared else 3)


step = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(TITLES), st.none()),
    st.tuples(st.just("retag"), st.integers(0, 5), st.sampled_from(TITLES)),
    st.tuples(st.just("grow"), st.integers(0, 5), st.integers(1, 9)),
    st.tuples(st.just("lose"), st.integers(0, 5), st.none()),
)


@attrs.define
class Author:
    """Changes the catalogue as the cataloger does."""

    shelf: object
    tracks: list = attrs.field(factory=list)

    async def do(self, what, one, other):
        """One change; nothing if there is no such track yet."""
        if what == "add":
            name = b"%s/%s" % (bytes(self.shelf.folder), secrets.token_hex(4).encode())
            content = self._content(secrets.token_hex(32), one)
            self.tracks.append([secrets.token_hex(8), name, content])
            change = AddTrack(track_id=self.tracks[-1][0], reading=self._reading(name, 1), content=content)
        elif one >= len(self.tracks):
            return
        elif what == "lose":
            change = LoseLocations(paths=(self.tracks[one][1],))
        else:
            track = self.tracks[one]
            if what == "retag":
                track[2] = self._content(track[2].probe.audio_hash, other)
            size_bytes = other if what == "grow" else 1
            change = SetContent(track_id=track[0], reading=self._reading(track[1], size_bytes), content=track[2])
        await self.shelf.store.changes.apply([change])

    def _content(self, audio_hash, title):
        return Content(stage=Stage.PENDING, probe=Probe(audio_hash=audio_hash, sound=SOUND, tags=Tags(title=title)))

    def _reading(self, path, size_bytes):
        return Reading(root_id=self.shelf.root.id, path=path, size_bytes=size_bytes, mtime_ns=1, device=1, inode=1)


async def the_truth(one, query):
    """What a server says that keeps nothing."""
    await one.services.cache.clear()
    told = (await one.client.get(f"/api/v1/tracks{query}")).json()
    return told["data"], told["meta"]


async def follow(first, second, fresh, shelf, *, changes, query):
    author = Author(shelf)
    await author.do("add", "Rook", None)
    for change, asked in changes:
        await author.do(*change)
        truth = await the_truth(fresh, query)
        for one in (first, second)[asked:] or (first, first):
            told = (await one.client.get(f"/api/v1/tracks{query}")).json()
            assert (told["data"], told["meta"]) == truth


async def test_no_order_of_changes_and_reads_serves_what_is_no_longer_so(served_over, store, shelf) -> None:
    async with served_over(store) as first, served_over(store) as second, served_over(store) as fresh:
        token = trio.lowlevel.current_trio_token()

        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.lists(st.tuples(step, st.integers(0, 2)), min_size=3, max_size=10), st.sampled_from(QUERIES))
        def search(changes, query):
            trio.from_thread.run(
                partial(follow, first, second, fresh, shelf, changes=changes, query=query), trio_token=token
            )

        await trio.to_thread.run_sync(search)

        hits = sum(one.services.cache.statistics().hits for one in (first, second))
        assert hits > 0


async def test_who_reads_while_others_write_sees_at_least_what_was_there_before(served_over, store, shelf) -> None:
    done = 0

    async def write(author):
        nonlocal done
        for _ in range(40):
            await author.do("add", "Rook", None)
            done += 1

    async def read(one):
        while done < 40:
            before = done
            told = (await one.client.get("/api/v1/tracks?pageSize=1")).json()
            assert told["meta"]["total"] - start >= before

    async with served_over(store) as first, served_over(store) as second:
        start = (await first.client.get("/api/v1/tracks?pageSize=1")).json()["meta"]["total"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(write, Author(shelf))
            for _ in range(3):
                nursery.start_soon(read, first)
                nursery.start_soon(read, second)


async def test_a_rating_is_seen_at_once(served, shelf) -> None:
    track_id = await shelf.put("rated.mp3", tags=Tags(title="Raven"))
    seen = []
    for stars in (None, 3, 5):
        if stars is not None:
            await served.client.put(f"/api/v1/tracks/{track_id}/rating", json={"rating": stars})
        told = (await served.client.get("/api/v1/tracks?q=raven")).json()
        seen.append((told["data"][0]["mine"]["rating"], told["cacheInfo"]["hitCache"]))

    assert seen == [(None, False), (3, False), (5, False)]


@pytest.mark.redis
async def test_several_share_what_they_keep_in_redis_and_do_without_it(served_over, store, shelf, redis_server) -> None:
    async with trio.open_nursery() as nursery:
        redis = Redis(redis_server.url)
        await nursery.start(redis.serve)
        async with served_over(store, redis) as first, served_over(store, redis) as second:
            answers = [(await one.client.get("/api/v1/tracks")).json() for one in (first, second)]
            assert [told["cacheInfo"]["hitCache"] for told in answers] == [False, True]
            await shelf.put("b.mp3")
            again = (await second.client.get("/api/v1/tracks")).json()
            assert again["cacheInfo"]["hitCache"] is False
            assert again["meta"]["total"] == answers[0]["meta"]["total"] + 1

            redis_server.kill()
            for one in (first, second):
                told = await one.client.get("/api/v1/tracks")
                assert (told.status_code, told.json()["cacheInfo"]["hitCache"]) == (200, False)
            assert (await first.client.post("/api/v1/cache/clear")).status_code == 503
        nursery.cancel_scope.cancel()


async def test_kept_answers_are_told_to_those_alone_whom_they_serve_to_the_last_one(peopled) -> None:
    feed, hits = peopled.served.services.feed, peopled.served.services.hits
    ada, bo = (peopled.users[role].id for role in (Role.LISTENER, Role.EDITOR))
    counts = {ada: 0, bo: 0}

    async def listen(user_id, *, task_status):
        async with feed.subscribe(["player"], owner=user_id) as subscription:
            task_status.started()
            while True:
                for frame in await subscription.take():
                    assert (frame.type, frame.seq) == ("CACHE_HIT", None)
                    counts[user_id] += msgspec.json.decode(frame.body)["payload"]["hits"]

    async def ask(role, times):
        for _ in range(times):
            (await peopled.client.get("/api/v1/tracks", headers=peopled.headers(role))).raise_for_status()

    await ask(Role.LISTENER, 2)  # before anybody listens
    async with trio.open_nursery() as nursery:
        for user_id in (ada, bo):
            await nursery.start(listen, user_id)
        async with trio.open_nursery() as asking:
            asking.start_soon(ask, Role.LISTENER, 20)
            asking.start_soon(ask, Role.EDITOR, 5)
            asking.start_soon(ask, Role.ADMIN, 5)  # who does not listen
        hits.tell()
        with trio.fail_after(10):
            while counts != {ada: 20, bo: 4}:
                await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()

    assert feed.statistics().passing == 2


async def test_what_warms_the_cache_serves_nobody(served, shelf) -> None:
    feed, hits = served.services.feed, served.services.hits
    await shelf.put("a.mp3")
    await served.client.get("/api/v1/tracks")
    async with feed.subscribe(["player"], owner="local"):
        (await served.client.post("/api/v1/cache/warm")).raise_for_status()
        with trio.move_on_after(0.01) as waiting:
            await hits.counted()

    assert waiting.cancelled_caught
