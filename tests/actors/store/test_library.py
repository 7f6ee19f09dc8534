"""What was counted is what there is, whatever happened to the tracks."""

import random
from typing import Any

import asyncpg
import pytest

from actors.errors import InvalidError
from actors.model.library import Amount, Noun
from actors.store.store import Store

AGAIN = """
CREATE TEMP TABLE fresh_tally ON COMMIT DROP AS
SELECT of.noun, of.key, count(*) AS tracks, sum(coalesce(duration_s * 1000, 0)::bigint) AS duration_ms, sum(size_bytes) AS size_bytes
FROM track, tallied(removed_at, stage, presence, kind, codec, year, camelot, bpm, added_at) AS of GROUP BY 1, 2
UNION ALL
SELECT of.noun, of.key, count(*), sum(coalesce(duration_s * 1000, 0)::bigint), sum(size_bytes)
FROM track, headed(removed_at, tags) AS of GROUP BY 1, 2
"""
DIFFERENCE = """
SELECT * FROM (
  SELECT noun, key, tracks, duration_ms, size_bytes FROM tally WHERE tracks <> 0 OR duration_ms <> 0 OR size_bytes <> 0
  UNION ALL SELECT noun, key, tracks, duration_ms, size_bytes FROM heading WHERE tracks <> 0 OR duration_ms <> 0 OR size_bytes <> 0
) AS counted FULL JOIN fresh_tally USING (noun, key)
WHERE (counted.tracks, counted.duration_ms, counted.size_bytes)
  IS DISTINCT FROM (fresh_tally.tracks, fresh_tally.duration_ms, fresh_tally.size_bytes)
"""
CHANGES = (
    "UPDATE track SET stage = 'analyzed', measured_s = 3.25, bpm = 121, tonic = 3, is_minor = true WHERE id = $1",
    "UPDATE track SET stage = 'failed', measured_s = NULL, bpm = NULL, tonic = NULL, is_minor = NULL WHERE id = $1",
    "UPDATE track SET presence = 'missing' WHERE id = $1",
    "UPDATE track SET presence = 'present', size_bytes = size_bytes + 5 WHERE id = $1",
    "UPDATE track SET removed_at = now() WHERE id = $1",
    "UPDATE track SET removed_at = NULL WHERE id = $1",
    "UPDATE track SET claimed_at = now() WHERE id = $1",
    'UPDATE track SET tags = tags || \'{"artists": ["Zoë", "ZOE", "Ann"], "album": "One"}\' WHERE id = $1',
    'UPDATE track SET tags = tags || \'{"artists": [], "album": "", "genres": ["Jazz", ""]}\' WHERE id = $1',
    'UPDATE track SET tags = tags || \'{"album_artists": ["Various"], "year": 1999}\' WHERE id = $1',
    "UPDATE track SET tags = '{}', size_bytes = 7 WHERE id < $1",
    "UPDATE track SET sound = jsonb_build_object('codec', 'opus', 'duration_s', 1300.5) WHERE id > $1",
    "DELETE FROM track WHERE id = $1",
)


async def difference(store: Store) -> list[Any]:
    async def read(connection: asyncpg.Connection) -> list[Any]:
        await connection.execute(AGAIN)
        return await connection.fetch(DIFFERENCE)

    return await store.pool.write(read)


async def test_every_change_is_counted(fresh_store: Store, add_track):
    dice = random.Random(3)
    ids: list[str] = []
    for step in range(150):
        if not ids or dice.random() < 0.25:
            names = {
                "artists": dice.choice([[], ["Zoë"], ["Ann", "Zoë"]]),
                "album": dice.choice([None, "One"]),
                "genres": ["Jazz"],
            }
            ids.append(await add_track(fresh_store, duration_s=dice.choice([None, 2.5]), **names))
        change, track_id = dice.choice(CHANGES), dice.choice(ids)
        await fresh_store.pool.write(lambda c, change=change, track_id=track_id: c.execute(change, track_id))
        if step % 10 == 0:
            assert await difference(fresh_store) == []
    assert await difference(fresh_store) == []


async def test_the_whole_in_figures(fresh_store: Store, add_track):
    assert (await fresh_store.library.figures()).whole == Amount()
    first = {
        "artists": ["Zoë"],
        "album": "One",
        "year": 1999,
        "duration_s": 60.5,
        "size_bytes": 5,
        "bpm": 128.9,
        "tonic": 9,
        "is_minor": True,
    }
    await add_track(fresh_store, **first, genres=["Jazz", "Rock"])
    await add_track(fresh_store, artists=["ZOE", "Ann"], stage="failed", codec="mp3", duration_s=1300.0, size_bytes=7)
    removed = await add_track(fresh_store, artists=["Gone"], duration_s=9.0)
    await fresh_store.pool.write(lambda c: c.execute("UPDATE track SET removed_at = now() WHERE id = $1", removed))
    figures = await fresh_store.library.figures()
    assert figures.whole == Amount(tracks=2, duration_s=1360.5, size_bytes=12)
    one = Amount(tracks=1, duration_s=60.5, size_bytes=5)
    assert figures.parts["year"] == {"1999": one}
    assert figures.parts["bpm"] == {"120": one}
    assert figures.parts["key"] == {"16": one}
    assert figures.parts["kind"].keys() == {"mix", "music"}
    assert figures.parts["codec"].keys() == {"flac", "mp3"}
    assert sum(day.tracks for day in figures.parts["day"].values()) == 2
    assert figures.names == {Noun.ARTIST: 2, Noun.ALBUM: 1, Noun.GENRE: 2}


async def names(store: Store, noun: Noun = Noun.ARTIST, **choice: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await store.library.headings(noun, after=after, page_size=2, **choice)
        found.extend(one.name for one in page.items)
        after = page.after
        if after is None:
            numbered = await store.library.headings(noun, page=1, page_size=500, **choice)
            assert ([one.name for one in numbered.items], numbered.total) == (found, len(found))
            return found


async def test_artists_albums_and_genres_are_listed(fresh_store: Store, add_track):
    for artist, count in (("Émile", 1), ("Zoë Blue", 3), ("ann", 2), ("東京事変", 2), ("!!!", 1)):
        for number in range(count):
            await add_track(fresh_store, artists=[artist], album=f"Album {number}", duration_s=100.0 / count)
    assert await names(fresh_store) == ["!!!", "ann", "Émile", "Zoë Blue", "東京事変"]
    assert await names(fresh_store, sort="tracks", descending=True) == ["Zoë Blue", "東京事変", "ann", "Émile", "!!!"]
    assert (await names(fresh_store, sort="duration"))[0] == "Zoë Blue"
    assert await names(fresh_store, text="zoe") == ["Zoë Blue"]
    assert await names(fresh_store, text="blu") == ["Zoë Blue"]
    assert await names(fresh_store, text="京事") == ["東京事変"]
    assert await names(fresh_store, text="!!") == ["!!!"]
    assert await names(fresh_store, text="nobody") == []
    assert await names(fresh_store, Noun.GENRE) == []
    albums = await fresh_store.library.headings(Noun.ALBUM, text="album 2", page=1)
    assert [(one.name, one.artist, one.amount.tracks) for one in albums.items] == [("Album 2", "Zoë Blue", 1)]


async def test_a_name_is_told_as_it_was_written_last(fresh_store: Store, add_track):
    track_id = await add_track(fresh_store, artists=["zoe"])
    change = 'UPDATE track SET tags = tags || \'{"artists": ["Zoë"]}\' WHERE id = $1'
    await fresh_store.pool.write(lambda c: c.execute(change, track_id))
    assert await names(fresh_store) == ["Zoë"]


@pytest.mark.parametrize(
    "choice", [{"sort": "size"}, {"sort": "tracks", "after": ("x", "y")}, {"sort": "tracks", "after": ("9" * 19, "")}]
)
async def test_what_is_no_order_or_cursor_is_refused(fresh_store: Store, choice: dict[str, Any]):
    with pytest.raises(InvalidError):
        await fresh_store.library.headings(Noun.ARTIST, **choice)
