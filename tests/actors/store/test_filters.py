"""A filter gives what a plain look at every track would give, no more and no less."""

import random
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.model.features import Key
from actors.model.kind import Kind
from actors.model.track import Presence, Stage
from actors.store.filters import Query, Range, TrackFilter, filtered
from actors.store.listing import SORT_NAMES
from actors.store.store import Store, open_store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WORDS = ["Blue", "blues", "Train", "Sigur Rós", "AC/DC", "Гроб", "x", "1999", "love", "Löve"]
ARTISTS = ["Zoë", "ZOE", "AC/DC", "a'b\\c", "Émile"]
GENRES = ["Jazz", "Podcast", "Hörbuch"]
MANY = 70


def random_tracks() -> list[dict[str, Any]]:
    """Values of tracks as `add_track` takes them, the same every time."""
    dice = random.Random(11)
    return [
        {
            "id": f"f{number:03}",
            "title": " ".join(dice.choices(WORDS, k=dice.randint(1, 3))),
            "artists": dice.sample(ARTISTS, dice.randint(0, 2)),
            "genres": dice.sample(GENRES, dice.randint(0, 2)),
            "album": dice.choice([None, "One", "ÖNE", "Two Blue"]),
            "year": dice.choice([None, 1990, 1999, 2020]),
            "duration_s": dice.choice([None, 60.5, 1199.9, 1200.0]),
            "codec": dice.choice(["flac", "mp3"]),
            "bpm": dice.choice([None, 119.5, 120.0, 174.0]),
            "loudness_lufs": dice.choice([None, -23.0, -9.5]),
            **dice.choice(
                [{}, {"tonic": 9, "is_minor": True}, {"tonic": 9, "is_minor": False}, {"tonic": 0, "is_minor": False}]
            ),
            "stage": dice.choice(["pending", "analyzed", "failed"]),
            "presence": dice.choice(["present", "present", "missing"]),
            "folder": dice.choice([b"/one", b"/two"]),
            "file_name": f"{number}.flac",
            "added_at": NOON + timedelta(days=dice.randint(0, 3)),
            "stars": dice.choice([None, 1, 3, 5]),
            "plays": dice.choice([0, 0, 1, 7]),
            "is_removed": dice.random() < 0.1,
        }
        for number in range(MANY)
    ]


TRACKS = random_tracks()


def folded(text: str) -> str:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return bare.lower()


def words(track: dict[str, Any]) -> set[str]:
    """Of the few texts that these tests have."""
    texts = [
        track["title"],
        *track["artists"],
        track["album"] or "",
        *track["genres"],
        track["file_name"].partition(".")[0],
    ]
    found = set()
    for chunk in folded(" ".join(texts)).split():
        found |= set(chunk.replace("/", " ").replace("'", " ").replace("\\", " ").split())
        found.add(chunk.replace("/", "").replace("'", "").replace("\\", ""))
    return found


def has(track: dict[str, Any], text: str) -> bool:
    """Whether every word of a text stands in a track, the last one as the beginning of a word."""
    *whole, last = folded(text).replace("/", "").split()
    there = words(track)
    return there.issuperset(whole) and any(word.startswith(last) for word in there)


def lies(value: Any, wanted: Range[Any]) -> bool:
    if not wanted:
        return True
    return value is not None and not (
        (wanted.least is not None and value < wanted.least) or (wanted.most is not None and value > wanted.most)
    )


def kind(track: dict[str, Any]) -> Kind | None:
    if {"podcast", "horbuch"} & {folded(genre) for genre in track["genres"]}:
        return Kind.SPEECH
    if track["duration_s"] is None:
        return None
    return Kind.MIX if track["duration_s"] >= 1200 else Kind.MUSIC


def camelot(track: dict[str, Any]) -> int | None:
    if "tonic" not in track:
        return None
    name = Key(tonic=track["tonic"], is_minor=track["is_minor"], confidence=1.0).camelot
    return 2 * int(name[:-1]) + (name[-1] == "B")


def passes(track: dict[str, Any], wanted: TrackFilter, roots: dict[bytes, str]) -> bool:
    """The meaning of a filter, spelled out."""
    return (
        not track["is_removed"]
        and wanted.presence in {None, track["presence"]}
        and wanted.stage in {None, track["stage"]}
        and wanted.kind in {None, kind(track)}
        # A track of this test without a length has no technical data at all.
        and wanted.codec in {None, track["codec"] if track["duration_s"] else ""}
        and wanted.root_id in {None, roots[track["folder"]]}
        and (not wanted.artists or bool(set(map(folded, wanted.artists)) & set(map(folded, track["artists"]))))
        and (not wanted.genres or bool(set(map(folded, wanted.genres)) & set(map(folded, track["genres"]))))
        and (wanted.album is None or (track["album"] is not None and folded(wanted.album) == folded(track["album"])))
        and (not wanted.camelot or camelot(track) in wanted.camelot)
        and (wanted.text is None or has(track, wanted.text))
        and lies(track["duration_s"], wanted.duration_s)
        and lies(track["stars"], wanted.rating)
        and lies(track["plays"], wanted.plays)
        and all(lies(track.get(name), getattr(wanted, name)) for name in ("added_at", "year", "bpm", "loudness_lufs"))
    )


def ranges(*values: Any) -> st.SearchStrategy[Range[Any]]:
    ends = st.none() | st.sampled_from(values)
    return st.just(Range()) | st.builds(Range, ends, ends)


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.none() | st.sampled_from(values)


FILTERS = st.builds(
    TrackFilter,
    presence=maybe(*Presence),
    stage=maybe(*Stage),
    kind=maybe(*Kind),
    codec=maybe("flac", "wma"),
    root_id=maybe(b"/one", b"/two"),
    artists=st.just(()) | st.lists(st.sampled_from([*ARTISTS, "zoe", "nobody"]), max_size=2).map(tuple),
    genres=st.just(()) | st.lists(st.sampled_from([*GENRES, "JAZZ"]), max_size=2).map(tuple),
    album=maybe("one", "Two Blue", "blue"),
    camelot=st.just(()) | st.lists(st.sampled_from([16, 17, 23]), max_size=2).map(tuple),
    text=maybe("blue", "blu", "a", "g", "love", "train blue", "acdc", "AC/DC", "гро", "sigur r", "1999", "x two b", "jaz", "6"),
    duration_s=ranges(60.5, 1199.9, 1200.0),
    added_at=ranges(*(NOON + timedelta(days=days) for days in range(4))),
    year=ranges(1990, 1995, 2020),
    bpm=ranges(119.5, 120.0, 200.0),
    loudness_lufs=ranges(-23.0, -10.0),
    rating=ranges(1, 2, 5),
    plays=ranges(0, 1, 5),
)  # fmt: skip
CHOICES = st.fixed_dictionaries(
    {
        "wanted": FILTERS,
        "sort": st.sampled_from(SORT_NAMES),
        "descending": st.booleans(),
        "few": st.sampled_from([0, 3, 30_000]),
        "page_size": st.sampled_from([1, 4, 500]),
        "seed": st.sampled_from(["", "x"]),
        "person_id": st.just("local"),
    }
)


async def found(store: Store, choice: dict[str, Any]) -> list[str]:
    """All pages by cursor; those by number must be the same."""
    if choice["wanted"].text is None and choice["sort"] == "relevance":
        choice = choice | {"sort": "title"}
    ids: list[str] = []
    after = None
    while True:
        page = await store.tracks.list_(**choice, after=after)
        ids.extend(track.id for track in page.items)
        after = page.after
        if after is None:
            break
    numbered: list[str] = []
    for number in range(1, len(ids) // choice["page_size"] + 2):
        page = await store.tracks.list_(**choice, page=number)
        assert (page.total, page.is_exact) == (len(ids), True)
        numbered.extend(track.id for track in page.items)
    assert numbered == ids
    return ids


async def keep(store: Store, track: dict[str, Any]) -> None:
    """What the local user keeps about a track; another user keeps something else about all of them."""

    async def write(connection: asyncpg.Connection) -> None:
        await connection.execute(
            "INSERT INTO person (id, name, role) VALUES ('o', 'o', 'listener') ON CONFLICT DO NOTHING"
        )
        for person, stars, plays in (("local", track["stars"], track["plays"]), ("o", 2, 3)):
            if stars is not None:
                await connection.execute("INSERT INTO rating VALUES ($1, $2, $3)", person, track["id"], stars)
            if plays:
                at = NOON + timedelta(hours=plays)
                await connection.execute("INSERT INTO listened VALUES ($1, $2, $3, $4)", person, track["id"], plays, at)
        if track["is_removed"]:
            await connection.execute("UPDATE track SET removed_at = now() WHERE id = $1", track["id"])

    await store.pool.write(write)


@given(st.lists(CHOICES, min_size=8, max_size=8))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_is_what_it_says(database_url, store_config, add_track, choices: list[dict[str, Any]]):
    async def check() -> None:
        async with open_store(store_config, url=database_url) as store:
            if not await store.tracks.count():
                for track in TRACKS:
                    await add_track(store, **track)
                    await keep(store, track)
            roots = {root.path: root.id for root in await store.roots.list_()}
            for choice in choices:
                wanted = choice["wanted"]
                wanted = attrs.evolve(wanted, root_id=wanted.root_id and roots[wanted.root_id])
                expected = {track["id"] for track in TRACKS if passes(track, wanted, roots)}
                if wanted.text is not None and not expected:
                    # What is near is found then.
                    continue
                ids = await found(store, choice | {"wanted": wanted})
                assert (len(ids), set(ids)) == (len(expected), expected), choice

    trio.run(check)


def test_arguments_are_numbered_through():
    query = Query()
    query.add("a = {}", 1)
    query.add("b BETWEEN {} AND {}", 2, 3)
    assert query.where == "WHERE a = $1 AND b BETWEEN $2 AND $3"
    assert query.where_from(5) == "WHERE a = $5 AND b BETWEEN $6 AND $7"
    copy = query.copy()
    copy.add("c = {}", 4, is_selective=True)
    assert query.arguments == [1, 2, 3]
    assert copy.where.endswith("AND c = $4")
    assert (query & copy).arguments == [1, 2, 3, 1, 2, 3, 4]
    assert (query.is_selective, copy.is_selective) == (False, True)


def test_no_filter_leaves_out_the_trash_alone():
    assert filtered(TrackFilter()).where == "WHERE track.removed_at IS NULL"


@pytest.mark.parametrize(
    "wanted,is_selective",
    [
        (TrackFilter(presence=Presence.PRESENT, stage=Stage.ANALYZED, kind=Kind.MUSIC), False),
        (TrackFilter(stage=Stage.FAILED), True),
        (TrackFilter(kind=Kind.SPEECH), True),
        (TrackFilter(year=Range(1990, None)), True),
        (TrackFilter(year=Range()), False),
        (TrackFilter(artists=("Zoë",)), True),
    ],
)
def test_what_most_tracks_are_is_looked_for_along_the_sort(wanted: TrackFilter, *, is_selective: bool):
    assert filtered(wanted).is_selective == is_selective
