"""Pages: what is found, best first, and what a page costs."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from actors.store import pages
from actors.store.filters import Range, TrackFilter
from actors.store.listing import Part, Place, list_of
from actors.store.meaning import understand
from actors.store.pages import Listing, reading
from actors.store.store import Store

BY_RELEVANCE = {"sort": "relevance", "descending": True}


async def titles(store: Store, text: str, **choice: Any) -> list[str]:
    page = await store.tracks.list_(wanted=TrackFilter(text=text), page=1, **(BY_RELEVANCE | choice))
    assert page.total == len(page.items)
    return [track.title for track in page.items]


async def test_what_is_called_so_comes_first_then_names_then_anything(fresh_store: Store, add_track):
    await add_track(fresh_store, title="elsewhere", album="Love Songs")
    await add_track(fresh_store, title="Lovers")
    await add_track(fresh_store, title="Crazy Love")
    await add_track(fresh_store, title="b", artists=["Love"])
    await add_track(fresh_store, title="LÖVE")
    await add_track(fresh_store, title="other")
    best_first = ["LÖVE", "b", "Crazy Love", "Lovers", "elsewhere"]
    assert await titles(fresh_store, "love") == best_first
    assert await titles(fresh_store, "love", few=0) == best_first
    assert await titles(fresh_store, "love", descending=False) == best_first[::-1]
    assert await titles(fresh_store, "love", sort="title", descending=False) == [
        "b",
        "Crazy Love",
        "elsewhere",
        "LÖVE",
        "Lovers",
    ]


async def test_cursors_go_on_where_a_part_ends(fresh_store: Store, add_track):
    for title in ("Love", "Love", "My Love", "Our Love", "Lovely"):
        await add_track(fresh_store, title=title)
    for few in (0, 30_000):
        for size in (1, 2, 3):
            found: list[str] = []
            after = None
            while True:
                page = await fresh_store.tracks.list_(
                    wanted=TrackFilter(text="love"), page_size=size, after=after, few=few, **BY_RELEVANCE
                )
                found.extend(track.title for track in page.items)
                after = page.after
                if after is None:
                    break
            assert found == ["Love", "Love", "My Love", "Our Love", "Lovely"]


@pytest.mark.parametrize(
    "text,found",
    [
        ("blue", {"one"}),
        ("TRÄIN blue", {"one"}),
        ("coltrane", {"one"}),
        ("guest", {"one"}),
        ("kind of", {"two"}),
        ("bluetrain", set()),
        ("100%", {"three"}),
        ("100% sure", {"three"}),
        ("train miles", set()),
        ("blue miles", {"two"}),
        ("ac/dc", {"four"}),
        ("acdc", {"four"}),
        ("ac dc", {"four"}),
        ("p!nk", {"four"}),
        ("pink", {"four"}),
        ("dont", {"four"}),
        ("гроб", {"five"}),
        ("ГРОБ", {"five"}),
        ("sigur ros", {"five"}),
        ("royksopp", {"five"}),
        ("東京", {"six"}),
        ("京事", {"six"}),
        ("変", {"six"}),
        ("京変", set()),
        ("한국", {"six"}),
        ("coltrain", {"one"}),
        ("coltrane guset", {"one"}),
        ("a", {"four"}),
        ("g", {"one"}),
        ("flac", set()),
        ("\0", set()),
        ("  ", set()),
    ],
)
async def test_texts_are_found(fresh_store: Store, add_track, text: str, found: set[str]):
    known = {
        "one": {"title": "Blue Train", "artists": ["John Coltrane", "Guest"], "file_name": "01.flac"},
        "two": {"title": "So What", "artists": ["Miles"], "album": "Kind of Blu", "file_name": "02.flac"},
        "three": {"title": None, "file_name": "100%_sure.mp3"},
        "four": {"title": "Don't", "artists": ["AC/DC", "P!nk"]},
        "five": {"title": "ГрОб", "artists": ["Sigur Rós", "Røyksopp"]},
        "six": {"title": "東京事変", "artists": ["한국어"]},
    }
    for track_id, values in known.items():
        await add_track(fresh_store, id=track_id, **values)
    page = await fresh_store.tracks.list_(wanted=TrackFilter(text=text))
    assert {track.id for track in page.items} == found


async def test_who_meets_no_page_along_the_order_gathers_after_all(
    fresh_store: Store, add_track, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pages, "STEPS", 3)
    ids = [await add_track(fresh_store, title=f"{number:02}", year=number) for number in range(12)]
    for size in (1, 2, 4):
        choice = {"sort": "title", "few": 0, "page_size": size, "wanted": TrackFilter(year=Range(6, 9))}
        found: list[str] = []
        after = None
        while True:
            page = await fresh_store.tracks.list_(after=after, **choice)
            found.extend(track.id for track in page.items)
            after = page.after
            if after is None:
                break
        assert found == ids[6:10]


async def test_words_of_changed_tags_are_learned_and_old_ones_not_found(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store, title="Before")
    change = 'UPDATE track SET tags = tags || \'{"title": "Afterwards"}\' WHERE id = $1'
    await fresh_store.pool.write(lambda c: c.execute(change, track_id))
    assert await titles(fresh_store, "afterwrads") == ["Afterwards"]
    assert await titles(fresh_store, "before") == []


async def test_long_lists_of_a_big_catalogue_are_estimated_and_say_so(
    fresh_store: Store, add_track, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(5):
        await add_track(fresh_store, title="Same", stage="failed")
    counted = await fresh_store.tracks.list_(page=1, page_size=2, wanted=TrackFilter(text="same"), few=0)
    assert (counted.total, counted.is_exact) == (5, True)
    monkeypatch.setattr(pages, "SMALL", 4)
    monkeypatch.setattr(pages, "COUNTED", 3)
    whole = await fresh_store.tracks.list_(page=1)
    assert (whole.total, whole.is_exact) == (5, True)
    same = await fresh_store.tracks.list_(page=1, page_size=2, wanted=TrackFilter(text="same"), few=0)
    assert same.total is not None
    assert same.total >= 4
    assert not same.is_exact
    gathered = await fresh_store.tracks.list_(page=1, page_size=2, wanted=TrackFilter(text="same"))
    assert (gathered.total, gathered.is_exact) == (5, True)


async def test_ones_own_stars_and_plays_sort_and_the_unknown_comes_last(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store) for _ in range(5)]
    for number, stars in ((0, 3), (2, 5), (3, 3)):
        await fresh_store.ratings.put("local", ids[number], stars)
    for number in (4, 1, 4):
        await fresh_store.plays.add("local", ids[number], at=datetime(2026, 1, 1 + number, tzinfo=UTC), listened_s=None)

    async def order(sort: str, **choice: Any) -> list[int]:
        page = await fresh_store.tracks.list_(sort=sort, **({"person_id": "local"} | choice))
        return [ids.index(track.id) for track in page.items]

    assert await order("rating") == [0, 3, 2, 1, 4]
    assert await order("rating", descending=True) == [2, 3, 0, 4, 1]
    assert await order("plays", descending=True) == [4, 1, 3, 2, 0]
    assert await order("lastPlayedAt") == [1, 4, 0, 2, 3]
    assert await order("rating", person_id="somebody") == [0, 1, 2, 3, 4]
    assert await order("rating", person_id=None) == [0, 1, 2, 3, 4]


class Explained:
    """A connection that adds up how many pages of the database its lists touch."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.pages = 0

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        text = await self.connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments)
        plan = json.loads(text)[0]["Plan"]
        self.pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        return await self.connection.fetch(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return await self.connection.fetchval(sql, *arguments)


FILL = """
INSERT INTO track (id, stage, tags, file_name, bpm, loudness_lufs, size_bytes)
SELECT 'm' || n, CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'analyzed' END,
  jsonb_build_object('title', 'all ' || md5(n::text), 'artists', jsonb_build_array(md5((n % 50)::text)), 'year', n % 40),
  n || '.flac', CASE WHEN n % 2 = 0 THEN 60 + n % 120 END, CASE WHEN n % 3 = 0 THEN -n % 30 END, n % 1000
FROM generate_series(1, 20000) AS n
"""
SORTED = ("title", "artist", "bpm", "loudness", "size", "addedAt", "year")
CHOSEN = (TrackFilter(), TrackFilter(text="all"), TrackFilter(text="777.flac"))
FEW = 300


async def deep(connection: asyncpg.Connection, number: int, part: Part) -> Place | None:
    """The place behind the four thousandth track of a part."""
    sql = f"SELECT {part.value} AS value, id FROM track {part.query.where} ORDER BY {part.order(part.value, 'id')}"
    row = await connection.fetchrow(f"{sql} OFFSET 4000 LIMIT 1", *part.query.arguments)
    return None if row is None else Place(part=number, value=row["value"], track_id=row["id"])


async def test_a_page_by_cursor_costs_the_same_wherever_it_is(fresh_store: Store):
    """Counted in pages of the database, at the beginning, deep among the values, and deep among those without."""
    await fresh_store.pool.write(lambda c: c.execute(FILL))
    await fresh_store.pool.read(lambda c: c.execute("VACUUM ANALYZE track"))

    async def cost(connection: asyncpg.Connection, name: str, wanted: TrackFilter, *, descending: bool) -> list[int]:
        async with reading(connection):
            meaning = None if wanted.text is None else await understand(connection, wanted.text)
            found = list_of(name, wanted, meaning, is_descending=descending)
            costs = []
            for number, part in enumerate(found.parts):
                explained = Explained(connection)
                listing = Listing(explained, found.parts, found.whole, 50, FEW)
                await listing.following(await deep(connection, number, part))
                costs.append(explained.pages)
        return costs

    for name in SORTED:
        for wanted in CHOSEN:
            for descending in (False, True):

                async def look(c: asyncpg.Connection, name=name, wanted=wanted, descending=descending) -> list[int]:
                    return await cost(c, name, wanted, descending=descending)

                costs = await fresh_store.pool.read(look)
                assert max(costs) < 1_000, (name, wanted.text, descending, costs)
