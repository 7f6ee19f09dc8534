"""The library in figures and by its names, over HTTP."""

import pytest

from actors.model.track import Tags

LISTS = pytest.mark.parametrize("noun", ["artists", "albums", "genres"])


@pytest.fixture
async def five(shelf) -> None:
    """Five tracks of three artists, and no other."""
    await shelf.store.pool.write(lambda connection: connection.execute("DELETE FROM track"))
    for number, artist in enumerate(("Zoë", "Zoe", "Ann", "Bob", "Bob")):
        tags = Tags(title=f"T{number}", artists=(artist,), album=f"Of {artist}", genres=("Jazz",), year=1990 + number)
        await shelf.put(f"{number}.mp3", tags=tags, peaks=b"\x00\x01" if number < 2 else None)


async def test_the_figures(served, five) -> None:
    stats = (await served.client.get("/api/v1/library/stats")).json()
    assert (stats["tracks"], stats["artists"], stats["albums"], stats["genres"]) == (5, 3, 3, 1)
    assert stats["duration"] == 2 * 60.25 + 3 * 61.5
    assert {share["value"]: share["tracks"] for share in stats["byStage"]} == {"analyzed": 2, "pending": 3}
    assert [share["value"] for share in stats["byYear"]] == ["1990", "1991", "1992", "1993", "1994"]
    assert [(share["value"], share["tracks"]) for share in stats["byKey"]] == [("8A", 2)]
    assert [(share["value"], share["tracks"]) for share in stats["byBpm"]] == [("120", 2)]
    assert [share["tracks"] for share in stats["addedByDay"]] == [5]


async def test_the_trash_counts_nowhere(served, five) -> None:
    await served.store.pool.write(lambda c: c.execute("UPDATE track SET removed_at = now() WHERE artist = 'Bob'"))
    await served.store.pool.write(lambda c: c.execute("UPDATE feed SET revision = gen_random_uuid()"))
    assert (await served.client.get("/api/v1/library/stats")).json()["tracks"] == 3
    names = (await served.client.get("/api/v1/library/artists")).json()["data"]
    assert [one["name"] for one in names] == ["Ann", "Zoe"]


async def test_names_come_in_pages(served, five) -> None:
    first = (await served.client.get("/api/v1/library/artists?pageSize=2&sort=tracks&order=desc")).json()
    assert [(one["name"], one["tracks"]) for one in first["data"]] == [("Zoe", 2), ("Bob", 2)]
    assert (first["meta"]["total"], first["meta"]["hasNextPage"]) == (3, True)
    rest = (await served.client.get(f"/api/v1/library/artists?cursor={first['meta']['nextCursor']}")).json()
    assert [one["name"] for one in rest["data"]] == ["Ann"]
    assert (await served.client.get(first["links"]["next"])).json()["data"] == rest["data"]
    albums = (await served.client.get("/api/v1/library/albums?q=of zo")).json()["data"]
    assert [(one["name"], one["artist"], one["tracks"]) for one in albums] == [("Of Zoe", "Zoe", 2)]
    genres = (await served.client.get("/api/v1/library/genres?q=JAZZ")).json()["data"]
    assert [(one["name"], one["tracks"]) for one in genres] == [("Jazz", 5)]


@LISTS
@pytest.mark.parametrize(
    "query,field",
    [("sort=size", "sort"), ("order=up", "order"), ("q=", "q"), ("q=%00", "q"), ("page=0", "page"), ("pageSize=501", "pageSize"),
     ("nope=1", "nope"), ("q=a&q=b", "q")],
)  # fmt: skip
async def test_bad_parameters_are_named(served, refused, noun: str, query: str, field: str) -> None:
    told = refused(await served.client.get(f"/api/v1/library/{noun}?{query}"), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == [field]


@LISTS
async def test_cursors_of_another_list_are_refused(served, five, refused, noun: str) -> None:
    others = [
        (await served.client.get(f"/api/v1/tracks?pageSize=1&sort={sort}")).json()["meta"]["nextCursor"]
        for sort in ("title", "duration")  # names have a duration too
    ]
    for query in ({"cursor": "x"}, *({"cursor": other} for other in others)):
        refused(await served.client.get(f"/api/v1/library/{noun}", params=query), 400, "INVALID_CURSOR")
