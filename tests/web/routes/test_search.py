"""Searches and batches over HTTP."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import trio

from actors.model.track import Sound, Tags

SEARCH = "/api/v1/tracks/search"
BATCH = "/api/v1/tracks/batch-get"


@pytest.fixture
async def three(shelf) -> list[str]:
    """Three tracks and no other, found by `trio`; the second one is measured."""
    await shelf.store.pool.write(lambda connection: connection.execute("DELETE FROM track"))
    long = Sound(container="flac", codec="flac", duration_s=1300.0, rate_hz=44_100, channels=2)
    return [
        await shelf.put("1.mp3", tags=Tags(title="Trio Älpha", artists=("Zoë",), genres=("Jazz",), year=1990)),
        await shelf.put("2.mp3", tags=Tags(title="Trio", artists=("Ann",), year=2001), peaks=b"\x00\x01"),
        await shelf.put("3.flac", tags=Tags(title="Elsewhere", album="Trio Live"), sound=long),
    ]


async def found(served, three: list[str], **body) -> list[int]:
    response = await served.client.post(SEARCH, json=body)
    assert response.status_code == 200, response.text
    return [three.index(track["id"]) for track in response.json()["data"] if track["id"] in three]


async def test_the_best_comes_first(served, three) -> None:
    assert await found(served, three, query="trio") == [1, 0, 2]
    assert await found(served, three, query="trio", order="asc") == [2, 0, 1]
    assert await found(served, three, query="trio", sort="year", order="asc") == [0, 1, 2]
    assert await found(served, three, query="alpha tri") == [0]
    assert await found(served, three, query="aplha trio") == [0]


@pytest.mark.parametrize(
    "filters,expected",
    [
        ({}, {0, 1, 2}),
        ({"artists": ["ZOE", "nobody"]}, {0}),
        ({"genres": ["jazz"]}, {0}),
        ({"album": "trio LIVE"}, {2}),
        ({"kind": "mix"}, {2}),
        ({"kind": "music", "codec": "mp3"}, {0, 1}),
        ({"key": ["8A"]}, {1}),
        ({"key": ["C", "A minor"]}, {1}),
        ({"bpm": {"min": 120, "max": 120}}, {1}),
        ({"bpm": {"max": 119.9}}, set()),
        ({"loudness": {"min": -14.5}}, {1}),
        ({"year": {"min": 1990, "max": 2000}}, {0}),
        ({"duration": {"min": 61.5}}, {0, 2}),
        ({"stage": "analyzed"}, {1}),
        ({"presence": "missing"}, set()),
        ({"addedAt": {"min": "2020-01-01T00:00:00Z"}}, {0, 1, 2}),
        ({"addedAt": {"max": "0001-01-01T00:00:00+23:59"}}, set()),
        ({"plays": {"max": 0}}, {0, 1, 2}),
        ({"plays": {"min": 1}}, set()),
        ({"rating": {"min": 1}}, set()),
        ({"rootId": "nowhere"}, set()),
    ],
    ids=str,
)
async def test_filters_restrict(served, three, filters: dict, expected: set[int]) -> None:
    assert set(await found(served, three, query="trio", filters=filters)) == expected


async def test_ones_own_stars_filter_and_sort(served, three) -> None:
    for number, stars in ((0, 2), (2, 5)):
        rated = await served.client.put(f"/api/v1/tracks/{three[number]}/rating", json={"rating": stars})
        assert rated.status_code == 200
    assert await found(served, three, query="trio", filters={"rating": {"min": 3}}) == [2]
    assert await found(served, three, query="trio", sort="rating") == [2, 0, 1]


async def test_links_lead_to_the_same_list_by_address(served, three) -> None:
    filters = {
        "duration": {"min": 60.0},
        "key": ["8A", "Am"],
        "artists": ["Ann", "Zoë"],
        "addedAt": {"min": "2020-01-01T00:00:00Z"},
    }
    answer = (await served.client.post(SEARCH, json={"query": "trio", "filters": filters})).json()
    assert [track["id"] for track in answer["data"]] == [three[1]]
    asked = parse_qs(urlsplit(answer["links"]["self"]).query)
    assert (asked["artist"], asked["key"], asked["minDuration"]) == (["Ann", "Zoë"], ["8A", "Am"], ["60.0"])
    again = (await served.client.get(answer["links"]["self"])).json()
    assert [track["id"] for track in again["data"]] == [three[1]]
    assert again["meta"] == answer["meta"]


async def test_cursors_go_on_without_saying_anything_again(served, three) -> None:
    first = (await served.client.post(SEARCH, json={"query": "trio", "pagination": {"pageSize": 2}})).json()
    assert (first["meta"]["total"], first["meta"]["isTotalExact"], first["meta"]["totalPages"]) == (3, True, 2)
    cursor = first["meta"]["nextCursor"]
    rest = (await served.client.post(SEARCH, json={"pagination": {"cursor": cursor}})).json()
    assert [track["id"] for track in rest["data"]] == [three[2]]
    by_address = (await served.client.get("/api/v1/tracks", params={"cursor": cursor})).json()
    assert [track["id"] for track in by_address["data"]] == [three[2]]


async def test_a_cursor_is_of_its_question_alone(served, three, refused) -> None:
    first = (await served.client.post(SEARCH, json={"query": "trio", "pagination": {"pageSize": 1}})).json()
    cursor = first["meta"]["nextCursor"]
    for other in (
        {"query": "other"},
        {"query": "trio", "filters": {"kind": "mix"}},
        {"sort": "title"},
        {"order": "asc"},
    ):
        refused(
            await served.client.post(SEARCH, json={**other, "pagination": {"cursor": cursor}}), 400, "INVALID_CURSOR"
        )
    same = await served.client.post(SEARCH, json={"query": "trio", "pagination": {"cursor": cursor}})
    assert same.status_code == 200
    both = await served.client.post(SEARCH, json={"pagination": {"cursor": cursor, "page": 1}})
    refused(both, 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "body,field",
    [
        ({"query": ""}, "query"),
        ({"query": "x" * 201}, "query"),
        ({"query": "\0"}, "query"),
        ({"query": 1}, "query"),
        ({"nope": 1}, "nope"),
        ({"filters": {"nope": 1}}, "filters.nope"),
        ({"filters": {"bpm": {"least": 1}}}, "filters.bpm.least"),
        ({"filters": {"bpm": 120}}, "filters.bpm"),
        ({"filters": {"key": ["H"]}}, "filters.key[0]"),
        ({"filters": {"rating": {"min": 6}}}, "filters.rating.min"),
        ({"filters": {"kind": "noise"}}, "filters.kind"),
        ({"filters": {"artists": "one"}}, "filters.artists"),
        ({"filters": {"addedAt": {"min": "2020-01-01T00:00:00"}}}, "filters.addedAt.min"),
        ({"filters": {"artists": ["a\0"]}}, "filters.artists"),
        ({"filters": None}, "filters"),
        ({"sort": "mood"}, "sort"),
        ({"sort": "relevance"}, "sort"),
        ({"order": "up"}, "order"),
        ({"pagination": {"page": 0}}, "pagination.page"),
        ({"pagination": {"pageSize": 501}}, "pagination.pageSize"),
        ({"pagination": {"size": 1}}, "pagination.size"),
        ({"includeMetadata": "yes"}, "includeMetadata"),
    ],
    ids=str,
)
async def test_bad_searches_are_refused_by_name(served, refused, body: dict, field: str) -> None:
    told = refused(await served.client.post(SEARCH, json=body), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == [field]


@pytest.mark.parametrize("query", ["'", "\\", "a & b", ":*", "!!!", "😀", "%", "=x", "a:b", " ", "\u202e", "東"])
async def test_any_text_may_be_searched_for(served, query: str) -> None:
    response = await served.client.post(SEARCH, json={"query": query})
    assert response.status_code == 200


async def test_details_are_left_out_unless_wanted(served, three) -> None:
    whole = (await served.client.post(SEARCH, json={"query": "trio"})).json()["data"][0]
    brief = (await served.client.post(SEARCH, json={"query": "trio", "includeMetadata": False})).json()["data"][0]
    assert whole.keys() - brief.keys() == {"tags", "edited", "sound", "features", "failure", "locations"}
    assert brief == {name: value for name, value in whole.items() if name in brief}
    assert whole == (await served.client.get(f"/api/v1/tracks/{three[1]}")).json()


async def test_a_search_is_kept_until_something_changes(served, shelf, three) -> None:
    async def is_hit() -> bool:
        return (await served.client.post(SEARCH, json={"query": "kept"})).json()["cacheInfo"]["hitCache"]

    assert [await is_hit(), await is_hit()] == [False, True]
    await shelf.put("kept.mp3", tags=Tags(title="Kept"))
    assert not await is_hit()


async def test_a_batch_keeps_the_order_and_names_what_there_is_not(served, three) -> None:
    ids = [three[2], "nobody", three[0], three[2], "a'b", three[1]]
    got = (await served.client.post(BATCH, json={"trackIds": ids})).json()
    assert [track["id"] for track in got["successful"]] == [three[2], three[0], three[1]]
    assert [(error["trackId"], error["code"]) for error in got["errors"]] == [
        ("nobody", "TRACK_NOT_FOUND"), ("a'b", "TRACK_NOT_FOUND"),
    ]  # fmt: skip
    assert got["meta"] == {"requested": 6, "successful": 3, "failed": 2}
    assert got["successful"][1]["tags"]["artists"] == ["Zoë"]
    brief = (await served.client.post(BATCH, json={"trackIds": ids, "includeMetadata": False})).json()
    assert "tags" not in brief["successful"][0]


@pytest.mark.parametrize(
    "body,field",
    [
        ({}, "trackIds"),
        ({"trackIds": []}, "trackIds"),
        ({"trackIds": ["x"] * 501}, "trackIds"),
        ({"trackIds": [""]}, "trackIds[0]"),
        ({"trackIds": ["x", 1]}, "trackIds[1]"),
        ({"trackIds": ["\0"]}, "trackIds"),
        ({"trackIds": "x"}, "trackIds"),
        ({"trackIds": ["x"], "ids": []}, "ids"),
    ],
    ids=str,
)
async def test_bad_batches_are_refused_by_name(served, refused, body: dict, field: str) -> None:
    told = refused(await served.client.post(BATCH, json=body), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == [field]
    refused(
        await served.client.post(BATCH, content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "MALFORMED_JSON",
    )


async def test_the_largest_batch_is_answered(served, three) -> None:
    ids = [*three, *(f"no{number}" for number in range(497))]
    got = (await served.client.post(BATCH, json={"trackIds": ids})).json()
    assert got["meta"] == {"requested": 500, "successful": 3, "failed": 497}


HELD = "DO $$ BEGIN LOCK TABLE track IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(60); END $$"
UNTIL = """
DO $$ BEGIN
  WHILE {condition} (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()) LOOP
    PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
  END LOOP;
END $$
"""


@pytest.mark.parametrize("target", ["GET /api/v1/tracks/{id}", "POST /api/v1/tracks/batch-get"])
async def test_who_leaves_before_the_tracks_are_read_takes_the_statement_along(served, three, target) -> None:
    async def until(condition: str) -> None:
        with trio.fail_after(10):
            await served.store.pool.read(lambda connection: connection.execute(UNTIL.format(condition=condition)))

    body = b'{"trackIds": ["%b"]}' % three[0].encode() if target.startswith("POST") else b""
    head = f"{target.format(id=three[0])} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(served.store.pool.write, lambda connection: connection.execute(HELD))
        stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
        with trio.fail_after(10):
            while not await served.store.pool.read(
                lambda connection: connection.fetchval(
                    "SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'track'::regclass)"
                )
            ):
                await trio.lowlevel.checkpoint()
        await stream.send_all(head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await until("NOT EXISTS")

        await stream.aclose()

        await until("EXISTS")
        nursery.cancel_scope.cancel()
