"""Lists of tracks as SQL: sorts, filters, and where a page begins. Builds text, asks nothing.

A page by cursor is found through the index of its sort whatever the size of the table: `(key, id) > (last key, last id)`.
Tracks without a value for the sort come last, in both directions, ordered by id; they are a second query on the same index,
because one comparison cannot span values and NULL without reading everything before.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from actors.errors import InvalidError
from actors.model.track import Presence, Stage
from actors.store.codec import storable

VALUE = "="
"""First sign of a cursor's sort value where the track has one; a cursor among tracks without is empty."""


@attrs.frozen
class Sort:
    """One order of the list: a column with an index `(column, id)`, and how its values become text and come back."""

    column: str
    type: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]
    is_total: bool = False
    """Every track has a value."""


TEXT = ("text", str, str)
TIME = ("timestamptz", datetime.isoformat, datetime.fromisoformat)
NUMBER = ("float8", repr, float)

SORTS: Mapping[str, Sort] = {
    "title": Sort("title_key", *TEXT, is_total=True),
    "artist": Sort("artist_key", *TEXT),
    "album": Sort("album_key", *TEXT),
    "addedAt": Sort("added_at", *TIME, is_total=True),
    "changedAt": Sort("changed_at", *TIME, is_total=True),
    "duration": Sort("duration_s", *NUMBER),
    "bpm": Sort("bpm", *NUMBER),
    "loudness": Sort("loudness_lufs", *NUMBER),
    "size": Sort("size_bytes", "bigint", str, int, is_total=True),
}
"""By the name that requests use."""


def sort_of(name: str) -> Sort:
    """The sort of a name.

    Raises:
        InvalidError: there is none of that name.
    """
    try:
        return SORTS[name]
    except KeyError:
        raise InvalidError("sort", f"unknown sort {name!r}; there are {', '.join(SORTS)}") from None


@attrs.frozen(kw_only=True)
class TrackFilter:
    """Which tracks a list holds; what is None does not restrict. Ranges include both ends."""

    presence: Presence | None = None
    stage: Stage | None = None
    text: str | None = None
    """Every word of it occurs in title, artists, album or file name, whatever the case and accents."""
    artist: str | None = None
    """The first artist, whatever the case and accents."""
    album: str | None = None
    """The same for the album."""
    codec: str | None = None
    year: tuple[int | None, int | None] = (None, None)
    bpm: tuple[float | None, float | None] = (None, None)
    loudness_lufs: tuple[float | None, float | None] = (None, None)
    tonic: int | None = None
    is_minor: bool | None = None


@attrs.define
class Query:
    """SQL conditions and their arguments, growing together."""

    conditions: list[str] = attrs.field(factory=list)
    arguments: list[Any] = attrs.field(factory=list)

    def add(self, condition: str, *arguments: Any) -> None:
        """One more condition; each `{}` in it stands for the next argument."""
        first = len(self.arguments) + 1
        self.conditions.append(condition.format(*(f"${first + i}" for i in range(len(arguments)))))
        self.arguments.extend(arguments)

    def copy(self) -> "Query":
        """An independent one that begins with the same."""
        return Query(list(self.conditions), list(self.arguments))

    @property
    def where(self) -> str:
        """The WHERE clause, or nothing."""
        return f"WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def filtered(wanted: TrackFilter) -> Query:
    """The conditions of a filter."""
    query = Query()
    query.add("removed_at IS NULL")
    for column in ("presence", "stage", "codec", "tonic", "is_minor"):
        value = getattr(wanted, column)
        if value is not None:
            query.add(f"{column} = {{}}", value)
    for column in ("artist", "album"):
        value = getattr(wanted, column)
        if value is not None:
            query.add(f"{column}_key = sort_key({{}}::text)", storable(value))
    for column in ("year", "bpm", "loudness_lufs"):
        least, most = getattr(wanted, column)
        if least is not None:
            query.add(f"{column} >= {{}}", least)
        if most is not None:
            query.add(f"{column} <= {{}}", most)
    for word in storable(wanted.text or "").split():
        query.add("strpos(search_text, folded({}::text)) > 0", word)
    return query


def beginning_after(query: Query, sort: Sort, after: tuple[str, str], *, is_descending: bool) -> Query | None:
    """The conditions of what follows a cursor among the tracks that have a value; None when those are all behind it.

    Raises:
        InvalidError: the cursor is not one of this sort.
    """
    value, track_id = after
    if not value:
        return None
    begun = query.copy()
    begun.add(
        f"({sort.column}, id) {'<' if is_descending else '>'} ({{}}::{sort.type}, {{}}::text)",
        _read(sort, value),
        storable(track_id),
    )
    return begun


def _read(sort: Sort, text: str) -> Any:
    refusal = InvalidError("cursor", "this cursor does not belong to this list")
    try:
        value = sort.read(storable(text[len(VALUE) :]))
    except ValueError:
        raise refusal from None
    is_bare = isinstance(value, datetime) and value.tzinfo is None
    is_huge = isinstance(value, int) and not -(2**63) <= value < 2**63
    if not text.startswith(VALUE) or is_bare or is_huge:
        raise refusal
    return value


def cursor(sort: Sort, value: Any, track_id: str) -> tuple[str, str]:
    """What `Page.after` holds: the sort value of the last track and its id."""
    return ("" if value is None else VALUE + sort.write(value)), track_id
