"""Tracks, read: lists that never repeat or skip, and what is known of paths and sounds."""

import random
from typing import Any

import pytest

from actors.errors import InvalidError
from actors.model.known import Holder
from actors.model.track import Presence, Stage
from actors.store.filters import TrackFilter
from actors.store.listing import SORTS
from actors.store.store import Store
from actors.store.tracks import load

MANY = 60
WAYS = pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
EVERY_SORT = pytest.mark.parametrize("sort", [name for name, sort in SORTS.items() if sort.table == "track"])


@pytest.fixture
async def shelf(store: Store, add_track) -> Store:
    """Tracks with many ties and many missing values, the same for the whole module."""
    if await store.tracks.count():
        return store
    dice = random.Random(7)
    for number in range(MANY):
        await add_track(
            store,
            title=dice.choice([None, "Alpha", "alpha", "Älpha", "Beta", "", "Gamma"]),
            artists=dice.choice([[], ["Zoë"], ["Zoe", "Other"], ["Émile"]]),
            album=dice.choice([None, "", "One", "two"]),
            duration_s=dice.choice([None, 1.5, 2.5, 1e9]),
            bpm=dice.choice([None, 120.0, 120.5, 0.1 + 0.2]),
            loudness_lufs=dice.choice([None, -14.0, -9.5]),
            size_bytes=dice.choice([0, 1, 2**40]),
            file_name=f"{number % 5:02}.flac",
            stage=dice.choice(["pending", "analyzed"]),
            presence=dice.choice(["present", "missing"]),
        )
    return store


async def by_cursor(store: Store, size: int, **choice: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await store.tracks.list_(after=after, page_size=size, **choice)
        assert page.total is None
        found.extend(track.id for track in page.items)
        after = page.after
        if after is None:
            return found
        assert len(page.items) == size


async def by_number(store: Store, size: int, **choice: Any) -> list[str]:
    found: list[str] = []
    number = 1
    while True:
        page = await store.tracks.list_(page=number, page_size=size, **choice)
        found.extend(track.id for track in page.items)
        assert (page.after is None) == (len(found) == page.total)
        if not page.items:
            assert len(found) == page.total
            return found
        number += 1


@EVERY_SORT
@WAYS
async def test_pages_by_cursor_and_by_number_are_one_order_of_all_tracks(shelf: Store, sort: str, *, descending: bool):
    column = SORTS[sort].column
    way = "DESC" if descending else "ASC"
    rows = await shelf.pool.read(
        lambda c: c.fetch(f"SELECT id FROM track ORDER BY {column} IS NULL, {column} {way}, id {way}")
    )
    expected = [row["id"] for row in rows]
    assert len(set(expected)) == MANY
    for size in (1, 7, 500):
        assert await by_cursor(shelf, size, sort=sort, descending=descending) == expected
    assert await by_number(shelf, 7, sort=sort, descending=descending) == expected


@EVERY_SORT
async def test_a_filter_restricts_and_keeps_the_order(shelf: Store, sort: str):
    everything = await by_cursor(shelf, 500, sort=sort)
    tracks = {track.id: track for track in await shelf.tracks.find_many(everything)}
    wanted = [i for i in everything if tracks[i].presence is Presence.PRESENT and tracks[i].stage is Stage.ANALYZED]
    choice = {"sort": sort, "wanted": TrackFilter(presence=Presence.PRESENT, stage=Stage.ANALYZED)}
    assert await by_cursor(shelf, 4, **choice) == wanted
    assert await by_number(shelf, 4, **choice) == wanted


async def test_case_and_accents_do_not_matter_for_the_order(fresh_store: Store, add_track):
    titles = ["zebra", "Éclair", "apple", "eclipse", "Ångström", "Banana", "ecru"]
    for title in titles:
        await add_track(fresh_store, title=title)
    page = await fresh_store.tracks.list_(sort="title")
    assert [track.title for track in page.items] == [
        "Ångström",
        "apple",
        "Banana",
        "Éclair",
        "eclipse",
        "ecru",
        "zebra",
    ]


async def test_a_track_without_a_title_is_sorted_by_what_is_shown(fresh_store: Store, add_track):
    for title, file_name in (("b", "x.mp3"), (None, "a.b.mp3"), ("", ".hidden"), (None, "c")):
        await add_track(fresh_store, title=title, file_name=file_name)
    rows = await fresh_store.pool.read(lambda c: c.fetch("SELECT title FROM track ORDER BY title_key, id"))
    assert [row["title"] for row in rows] == [".hidden", "a.b", "b", "c"]


async def test_endless_titles_are_listed_and_never_repeated(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store, title="x" * 10_000) for _ in range(5)]
    assert await by_cursor(fresh_store, 2, sort="title") == ids


async def test_what_is_added_meanwhile_makes_no_page_repeat(fresh_store: Store, add_track):
    ids = [await add_track(fresh_store, title=f"t{number:02}") for number in range(0, 20, 2)]
    page = await fresh_store.tracks.list_(sort="title", page_size=5)
    await add_track(fresh_store, title="t01")
    late = await add_track(fresh_store, title="t11")
    rest = await fresh_store.tracks.list_(sort="title", page_size=50, after=page.after)
    assert [track.id for track in rest.items] == [ids[5], late, *ids[6:]]


async def test_a_page_past_the_end_is_empty(shelf: Store):
    page = await shelf.tracks.list_(page=1_000_000)
    assert (page.items, page.total, page.after) == ((), MANY, None)


@pytest.mark.parametrize(
    "choice,field",
    [
        ({"sort": "mood"}, "sort"),
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": 2**70}, "page"),
        ({"page_size": 0}, "pageSize"),
        ({"page_size": 501}, "pageSize"),
        ({"page": 1, "after": ("0=x", "y")}, "cursor"),
        ({"sort": "bpm", "after": ("0=x", "y")}, "cursor"),
        ({"sort": "bpm", "after": ("120", "y")}, "cursor"),
    ],
)
async def test_values_out_of_range_are_refused_by_name(store: Store, choice: dict[str, Any], field: str):
    with pytest.raises(InvalidError) as caught:
        await store.tracks.list_(**choice)
    assert caught.value.field == field


async def test_tracks_are_found_in_the_order_asked_for(shelf: Store):
    ids = (await by_cursor(shelf, 500, sort="title"))[:3]
    found = await shelf.tracks.find_many([ids[2], "nobody", ids[0], "\0", "\ud800", ids[1]])
    assert [track.id for track in found] == [ids[2], ids[0], ids[1]]
    assert await shelf.tracks.find("nobody") is None
    assert await shelf.tracks.find("\0") is None
    inside = await shelf.pool.read(lambda c: load(c, ids))
    assert [track.id for track in inside] == ids


async def test_known_tells_paths_and_sounds_apart(fresh_store: Store, add_track):
    one = await add_track(fresh_store, path=b"/music/one")
    two = await add_track(fresh_store, path=b"/music/\xfftwo")
    root = await fresh_store.roots.add(b"/music")
    for path, track_id in ((b"/music/text.txt", None), (b"/music/copy", one)):
        await fresh_store.pool.write(
            lambda c, path=path, track_id=track_id: c.execute(
                "INSERT INTO location (track_id, root_id, path, shown, size_bytes, mtime_ns, device, inode, presence) "
                "VALUES ($1, $2, $3, '', 1, 1, 1, 1, 'missing')",
                *(track_id, root.id, path),
            )
        )
    known = await fresh_store.tracks.known(
        [b"/music/one", b"/music/text.txt", b"/music/new"], [f"hash of {two}", f"hash of {one}", "hash of nothing"]
    )
    first = Holder(track_id=one, audio_hash=f"hash of {one}", paths=(b"/music/one", b"/music/copy"))
    second = Holder(track_id=two, audio_hash=f"hash of {two}", paths=(b"/music/\xfftwo",))
    assert known.at == {b"/music/one": first, b"/music/text.txt": None}
    assert known.by_hash == {f"hash of {one}": first, f"hash of {two}": second}


async def test_known_of_nothing_is_nothing(store: Store):
    known = await store.tracks.known([], [])
    assert (known.at, known.by_hash) == ({}, {})


async def test_a_paths_track_does_not_count_as_asked_for_by_its_sound(fresh_store: Store, add_track):
    await add_track(fresh_store, path=b"/music/one")
    assert (await fresh_store.tracks.known([b"/music/one"], [])).by_hash == {}


async def test_everything_under_a_root_is_read_in_batches(
    fresh_store: Store, add_track, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("actors.store.tracks.BATCH", 4)
    ids = [await add_track(fresh_store) for _ in range(10)]
    await add_track(fresh_store, folder=b"/elsewhere")
    root = await fresh_store.roots.add(b"/music")
    batches = [batch async for batch in fresh_store.tracks.locations_of_root(root.id)]
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert [track_id for batch in batches for _, track_id in batch] == ids
    assert batches[0][0][0].path == b"/music/" + ids[0].encode()
    assert [batch async for batch in fresh_store.tracks.locations_of_root("nobody")] == []


async def test_present_locations_are_counted_by_root(fresh_store: Store, add_track):
    for presence in ("present", "present", "missing", "unverified"):
        await add_track(fresh_store, presence=presence)
    root = await fresh_store.roots.add(b"/music")
    assert await fresh_store.tracks.present_count(root.id) == 2
    assert await fresh_store.tracks.present_count("nobody") == 0


async def test_the_path_of_a_track_is_its_first_present_one(store: Store, add_track):
    here = await add_track(store, path=b"/paths/\xe9")
    gone = await add_track(store, presence="missing")
    found = await store.tracks.path_of(here)
    assert found is not None
    assert found.path == b"/paths/\xe9"
    assert await store.tracks.path_of(gone) is None
    assert await store.tracks.path_of("nobody") is None
    assert await store.tracks.path_of("\0") is None
