"""Which tracks a list holds, as SQL conditions. Builds text, asks nothing."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs

from actors.model.kind import Kind
from actors.model.track import Presence, Stage
from actors.store.codec import storable

Value = TypeVar("Value")


@attrs.frozen
class Range(Generic[Value]):
    """What lies between two values, both included; None leaves that end open. What has no value lies in none."""

    least: Value | None = None
    most: Value | None = None

    def __bool__(self) -> bool:
        """Whether it restricts at all."""
        return self.least is not None or self.most is not None


@attrs.frozen(kw_only=True)
class TrackFilter:
    """Which tracks a list holds; what is None or empty does not restrict. Names are compared without case and accents."""

    presence: Presence | None = None
    stage: Stage | None = None
    kind: Kind | None = None
    codec: str | None = None
    root_id: str | None = None
    """One of its locations lies there."""
    artists: tuple[str, ...] = ()
    """At least one of its artists is one of these."""
    genres: tuple[str, ...] = ()
    album: str | None = None
    camelot: tuple[int, ...] = ()
    """Its key is one of these: twice the hour on the Camelot wheel, and one more for major."""
    text: str | None = None
    """Is searched for; see `Meaning`."""
    duration_s: Range[float] = Range()
    added_at: Range[datetime] = Range()
    year: Range[int] = Range()
    bpm: Range[float] = Range()
    loudness_lufs: Range[float] = Range()
    rating: Range[int] = Range()
    """Stars of the one who asks."""
    plays: Range[int] = Range()
    """How often the one who asks has listened; never is 0."""


@attrs.define
class Query:
    """SQL conditions and their arguments, growing together."""

    conditions: list[str] = attrs.field(factory=list)
    """Each `{}` in them stands for the next argument."""
    arguments: list[Any] = attrs.field(factory=list)
    is_selective: bool = False
    """Whether an index leads to what the conditions leave, so that little of it is found quickly."""

    def add(self, condition: str, *arguments: Any, is_selective: bool = False) -> None:
        """One more condition; each `{}` in it stands for the next argument."""
        self.conditions.append(condition)
        self.arguments.extend(arguments)
        self.is_selective |= is_selective

    def __and__(self, other: "Query") -> "Query":
        """What passes both."""
        return Query(
            self.conditions + other.conditions,
            self.arguments + other.arguments,
            self.is_selective or other.is_selective,
        )

    def copy(self) -> "Query":
        """An independent one that begins with the same."""
        return self & Query()

    @property
    def where(self) -> str:
        """The WHERE clause, or nothing."""
        return self.where_from(1)

    def where_from(self, first: int) -> str:
        """The WHERE clause, its arguments numbered from `first`."""
        if not self.conditions:
            return ""
        numbers = (f"${first + place}" for place in range(len(self.arguments)))
        return f"WHERE {' AND '.join(self.conditions)}".format(*numbers)


REACHABLE = "track.removed_at IS NULL"
"""What holds of every track in a list, and of every entry of the indexes that lists have."""
RANGES = {
    "duration_s": "float8",
    "added_at": "timestamptz",
    "year": "int",
    "bpm": "float8",
    "loudness_lufs": "float8",
}
"""Columns with ranges, by their types."""
USUAL = {Presence.PRESENT, Stage.ANALYZED, Kind.MUSIC}
"""What nearly all tracks are: no index leads to these."""


def filtered(wanted: TrackFilter, person_id: str | None = None) -> Query:
    """The conditions of a filter, all but its text; what lies in the trash passes none.

    Args:
        wanted: the filter.
        person_id: who asks; None has rated and played nothing.
    """
    query = Query()
    query.add(REACHABLE)
    for column in ("presence", "stage", "kind", "codec"):
        value = getattr(wanted, column)
        if value is not None:
            query.add(f"track.{column} = {{}}", storable(value), is_selective=value not in USUAL)
    if wanted.root_id is not None:
        query.add(
            "EXISTS (SELECT FROM location WHERE track_id = track.id AND root_id = {}::text)", storable(wanted.root_id)
        )
    for names, sign in ((wanted.artists, "@"), (wanted.genres, "#")):
        if names:
            query.add(f"track.words @@ any_of('{sign}', {{}}::text[])", storable(list(names)), is_selective=True)
    if wanted.album is not None:
        query.add("album_key = sort_key({}::text)", storable(wanted.album), is_selective=True)
    if wanted.camelot:
        query.add("camelot = ANY({}::int[])", list(wanted.camelot), is_selective=True)
    for column, kind in RANGES.items():
        _between(query, f"track.{column}", kind, getattr(wanted, column))
    _own(query, wanted, person_id)
    return query


def stretch(wanted: TrackFilter, column: str) -> Query:
    """What a filter says of one column, such as `track.bpm`: where in the order of that column its tracks stand."""
    query = Query()
    name = column.removeprefix("track.")
    if name in RANGES:
        _between(query, column, RANGES[name], getattr(wanted, name))
    return query


def _between(query: Query, expression: str, kind: str, wanted: Range[Any]) -> None:
    if wanted.least is not None:
        query.add(f"{expression} >= {{}}::{kind}", wanted.least, is_selective=True)
    if wanted.most is not None:
        query.add(f"{expression} <= {{}}::{kind}", wanted.most, is_selective=True)


def _own(query: Query, wanted: TrackFilter, person_id: str | None) -> None:
    """What is the asker's own, as conditions."""
    if wanted.rating:
        query.add(
            "track.id IN (SELECT track_id FROM rating WHERE person_id = {}::text AND stars BETWEEN {}::int AND {}::int)",
            *(person_id, wanted.rating.least or 0, 9 if wanted.rating.most is None else wanted.rating.most),
        )
    if wanted.plays:
        least, most = wanted.plays.least or 0, wanted.plays.most
        ends = (person_id, least, 2**31 - 1 if most is None else most)
        if least > 0:
            heard = "SELECT track_id FROM listened WHERE person_id = {}::text AND plays BETWEEN {}::int AND {}::int"
            query.add(f"track.id IN ({heard})", *ends)
        elif most is not None:
            query.add(
                "NOT EXISTS (SELECT FROM listened WHERE track_id = track.id AND person_id = {}::text AND plays > {}::int)",
                *(person_id, most),
            )
