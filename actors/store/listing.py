"""Lists of tracks as SQL: sorts, the parts that a sorted list consists of, and where a page begins. Builds text, asks nothing.

A page by cursor is found through the index of its sort whatever the size of the table: `(key, id) > (last key, last id)`.
A list is a sequence of parts, each with a key to sort by. Tracks without a value for the sort come last, in both directions,
ordered by id: one comparison cannot span values and NULL without reading everything before. What is found by a text is
ordered by relevance in parts too: better ones first, each by title.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from actors.errors import InvalidError
from actors.store.codec import storable
from actors.store.filters import Query, TrackFilter, filtered, stretch
from actors.store.meaning import Meaning


@attrs.frozen
class Sort:
    """One order of the list: a column with an index `(column, id)`, and how its values become text and come back."""

    column: str
    type: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    is_total: bool = False
    """Every track has a value."""
    table: str = "track"
    """Where the column stands: in the track, or in a table of what each person keeps, with an index `(person, column, track)`."""


TEXT = ("text", str, str)
TIME = ("timestamptz", datetime.isoformat, datetime.fromisoformat)
NUMBER = ("float8", repr, float)
COUNT = ("bigint", str, int)

TITLE = Sort("track.title_key", *TEXT, is_total=True)
SORTS: Mapping[str, Sort] = {
    "title": TITLE,
    "artist": Sort("track.artist_key", *TEXT),
    "album": Sort("track.album_key", *TEXT),
    "addedAt": Sort("track.added_at", *TIME, is_total=True),
    "changedAt": Sort("track.changed_at", *TIME, is_total=True),
    "duration": Sort("track.duration_s", *NUMBER),
    "year": Sort("track.year", *COUNT),
    "bpm": Sort("track.bpm", *NUMBER),
    "key": Sort("track.camelot", *COUNT),
    "loudness": Sort("track.loudness_lufs", *NUMBER),
    "size": Sort("track.size_bytes", *COUNT, is_total=True),
    "rating": Sort("rating.stars", *COUNT, table="rating"),
    "plays": Sort("listened.plays", *COUNT, table="listened"),
    "lastPlayedAt": Sort("listened.last_played_at", *TIME, table="listened"),
}
"""By the name that requests use; the last ones are of the one who asks."""
RELEVANCE = "relevance"
"""The order of what is found by a text: best first, or with the other direction last."""
RANDOM = "random"
"""One shuffled order, which every seed begins elsewhere: that of the ids, which are random."""
SORT_NAMES = (RELEVANCE, RANDOM, *SORTS)


@attrs.frozen(kw_only=True)
class Part:
    """One part of a list: which tracks, and the key that sorts them; without one they are sorted by id alone."""

    chosen: Query
    """What the list wants of them."""
    along: Query
    """Which stretch of the order they are; an index of the order leads to its beginning."""
    key: Sort | None
    is_descending: bool

    @property
    def query(self) -> Query:
        """All that they must be."""
        return self.chosen & self.along

    @property
    def source(self) -> str:
        """Where its tracks come from."""
        table = "track" if self.key is None else self.key.table
        return table if table == "track" else f"{table} JOIN track ON track.id = {table}.track_id"

    @property
    def value(self) -> str:
        """The key as an expression."""
        return "NULL::text" if self.key is None else self.key.column

    @property
    def track_id(self) -> str:
        """The id as an expression, from the table whose index sorts it."""
        return "track.id" if self.key is None or self.key.table == "track" else f"{self.key.table}.track_id"

    def order(self, value: str, track_id: str) -> str:
        """The ORDER BY of two expressions for key and id."""
        way = "DESC" if self.is_descending else "ASC"
        return f"{track_id} {way}" if self.key is None else f"{value} {way}, {track_id} {way}"

    def behind(self, query: Query, place: "Place", value: str, track_id: str) -> None:
        """Add to a query that key and id, as expressions, stand behind a place."""
        sign = "<" if self.is_descending else ">"
        if self.key is None:
            query.add(f"{track_id} {sign} {{}}::text", place.track_id)
        else:
            query.add(f"({value}, {track_id}) {sign} ({{}}::{self.key.type}, {{}}::text)", place.value, place.track_id)


@attrs.frozen(kw_only=True)
class Place:
    """Behind which track a page begins: in which part it stands, and its key there."""

    part: int
    value: Any
    track_id: str


@attrs.frozen(kw_only=True)
class List:
    """A sorted list: all that it holds, and its parts in order."""

    whole: Query
    parts: tuple[Part, ...]


def list_of(
    sort: str,
    wanted: TrackFilter,
    meaning: Meaning | None,
    *,
    is_descending: bool,
    person_id: str | None = None,
    seed: str = "",
) -> List:
    """A list of tracks.

    Args:
        sort: a name of `SORT_NAMES`.
        wanted: which tracks.
        meaning: of its text, if it has one.
        is_descending: largest, or best, first.
        person_id: who asks.
        seed: of the order `random`.

    Raises:
        InvalidError: there is no such sort, or nothing that could be relevant.
    """
    query = filtered(wanted, person_id)
    whole = query.copy()
    if meaning is not None:
        _found(whole, meaning)
    if sort == RELEVANCE:
        if meaning is None:
            raise InvalidError("sort", f"{RELEVANCE} orders what is found by a text; there is none")
        tiers = _tiers(query, meaning, is_descending=not is_descending)
        return List(whole=whole, parts=tuple(tiers if is_descending else reversed(tiers)))
    if sort == RANDOM:
        return List(whole=whole, parts=_shuffled(whole, seed, is_descending=is_descending))
    key = sort_of(sort)
    # A range of what sorts is one stretch of the order: the way along the index begins where it does.
    valued, without = stretch(wanted, key.column), Query()
    if key.is_total:
        only = Part(chosen=whole, along=valued, key=key, is_descending=is_descending)
        return List(whole=whole, parts=(only,))
    if key.table == "track":
        valued.add(f"{key.column} IS NOT NULL")
        without.add(f"{key.column} IS NULL")
    else:
        valued.add(f"{key.table}.person_id = {{}}::text", person_id)
        there = f"SELECT FROM {key.table} WHERE track_id = track.id AND person_id = {{}}::text"
        without.add(f"NOT EXISTS ({there})", person_id)
    parts = (
        Part(chosen=whole, along=valued, key=key, is_descending=is_descending),
        Part(chosen=whole, along=without, key=None, is_descending=is_descending),
    )
    return List(whole=whole, parts=parts)


def _shuffled(query: Query, seed: str, *, is_descending: bool) -> tuple[Part, ...]:
    beginning = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    behind, before = Query(), Query()
    behind.add("track.id >= {}::text", beginning)
    before.add("track.id < {}::text", beginning)
    stretches = (before, behind) if is_descending else (behind, before)
    return tuple(Part(chosen=query, along=one, key=None, is_descending=is_descending) for one in stretches)


def sort_of(name: str) -> Sort:
    """The sort of a name.

    Raises:
        InvalidError: there is none of that name.
    """
    try:
        return SORTS[name]
    except KeyError:
        raise InvalidError("sort", f"unknown sort {name!r}; there are {', '.join(SORT_NAMES)}") from None


FOUND = "track.words @@ {}::text::tsquery"
TITLED = "track.title_key = {}::text"
CALLED = "(track.artist_key = {}::text OR track.album_key = {}::text)"
WHOLE = f"({TITLED} OR {CALLED})"


def _found(query: Query, meaning: Meaning) -> None:
    """Restrict a query to what is found."""
    if meaning.anywhere is None:
        query.add(WHOLE, *3 * (meaning.key,), is_selective=True)
    else:
        query.add(FOUND, meaning.anywhere, is_selective=True)


def _tiers(query: Query, meaning: Meaning, *, is_descending: bool) -> list[Part]:
    """What is found, better ones first, none twice: titled exactly so; of an artist or album called so; with every word in
    title or artists; the same with the last word only begun; anywhere. Each by title.
    """
    key = meaning.key
    titled, called = Query(), query.copy()
    titled.add(TITLED, key)
    called.add(CALLED, key, key, is_selective=True)
    called.add(f"NOT {TITLED}", key)
    others = []
    before: str | None = None
    for asked in (meaning.in_names, meaning.begun_in_names, meaning.anywhere):
        if asked is None or asked == before:
            continue
        tier = query.copy()
        tier.add(FOUND, asked, is_selective=True)
        tier.add(f"{WHOLE} IS NOT TRUE", *3 * (key,))
        if before is not None:
            tier.add(f"NOT {FOUND}", before)
        others.append(tier)
        before = asked
    best = Part(chosen=query, along=titled, key=None, is_descending=is_descending)
    return [
        best,
        *(Part(chosen=one, along=Query(), key=TITLE, is_descending=is_descending) for one in (called, *others)),
    ]


def cursor(number: int, part: Part, value: Any, track_id: str) -> tuple[str, str]:
    """What `Page.after` holds: the last track's part and key there, and its id."""
    return f"{number}=" + ("" if part.key is None else part.key.write(value)), track_id


def place(after: tuple[str, str], parts: tuple[Part, ...]) -> Place:
    """Where a cursor stands in a list.

    Raises:
        InvalidError: it is not one of this list.
    """
    text, track_id = after
    number, sign, value = storable(text).partition("=")
    if not sign or not number.isascii() or not number.isdecimal() or len(number) > 2 or int(number) >= len(parts):
        raise _foreign()
    key = parts[int(number)].key
    return Place(part=int(number), value=None if key is None else _read(key, value), track_id=storable(track_id))


def _read(sort: Sort, text: str) -> Any:
    try:
        value = sort.read(text)
    except ValueError:
        raise _foreign() from None
    is_bare = isinstance(value, datetime) and value.tzinfo is None
    is_huge = isinstance(value, int) and not -(2**63) <= value < 2**63
    if is_bare or is_huge:
        raise _foreign()
    return value


def _foreign() -> InvalidError:
    return InvalidError("cursor", "this cursor does not belong to this list")
