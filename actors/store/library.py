"""What the library holds, counted beforehand by the database: figures of the whole, and lists of artists, albums and genres."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import asyncpg
import attrs

from actors.errors import InvalidError
from actors.model.library import Amount, Heading, Noun
from actors.model.page import Page
from actors.store.codec import storable
from actors.store.filters import Query
from actors.store.meaning import SPELLED, tsquery
from actors.store.pool import Pool
from actors.store.words import question

HEADING_SORTS: Mapping[str, str] = {"name": "key", "tracks": "tracks", "duration": "duration_ms"}
"""Columns by the names of the orders."""
DAYS = 30
"""So many days of additions are told."""

TALLY = """
SELECT noun, key, tracks, duration_ms, size_bytes FROM tally
WHERE tracks > 0 AND (noun <> 'day' OR key > to_char(now() AT TIME ZONE 'UTC' - make_interval(days => $1), 'YYYY-MM-DD'))
ORDER BY noun, key
"""
HEADINGS = "SELECT noun, count(*) AS count FROM heading WHERE tracks > 0 GROUP BY noun"


@attrs.frozen(kw_only=True)
class Figures:
    """The whole library in figures: amounts by what they are of, in order of that, and how many names there are."""

    whole: Amount
    parts: Mapping[str, Mapping[str, Amount]]
    """By `stage`, `presence`, `kind`, `codec`, `year`, `key` (see `wheel`), `bpm` (tens) and `day` (of the last days)."""
    names: Mapping[Noun, int]


@attrs.define(eq=False)
class Library:
    """Reads of what was counted. Every method may raise DatabaseError."""

    _pool: Pool

    async def figures(self) -> Figures:
        """The whole library in figures."""

        async def read(connection: asyncpg.Connection) -> Figures:
            parts: dict[str, dict[str, Amount]] = defaultdict(dict)
            for row in await connection.fetch(TALLY, DAYS):
                parts[row["noun"]][row["key"]] = _amount(row)
            whole = parts.pop("all", {}).get("", Amount())
            names = {Noun(row["noun"]): row["count"] for row in await connection.fetch(HEADINGS)}
            return Figures(whole=whole, parts=parts, names={noun: names.get(noun, 0) for noun in Noun})

        return await self._pool.read(read)

    async def headings(
        self,
        noun: Noun,
        *,
        text: str | None = None,
        sort: str = "name",
        descending: bool = False,
        page: int | None = None,
        after: tuple[str, str] | None = None,
        page_size: int = 50,
    ) -> Page[Heading]:
        """One page of artists, albums or genres that have tracks.

        Args:
            noun: of what.
            text: only those with all its words in the name, or in the artist's of an album; the last may be only begun.
            sort: a name of `HEADING_SORTS`; ties are broken by name.
            descending: largest first.
            page: number from 1, with a total.
            after: what `Page.after` of the page before held.
            page_size: how many.

        Raises:
            InvalidError: an unknown sort, or a cursor of another one.
        """
        if sort not in HEADING_SORTS:
            raise InvalidError("sort", f"unknown sort {sort!r}; there are {', '.join(HEADING_SORTS)}")
        column = HEADING_SORTS[sort]

        async def read(connection: asyncpg.Connection) -> Page[Heading]:
            whole = Query()
            whole.add("noun = {} AND tracks > 0", noun.value)
            if text is not None:
                await _restrict(connection, whole, text)
            asked = whole.copy()
            if after is not None:
                _begin(asked, column, after, sign="<" if descending else ">")
            way = "DESC" if descending else "ASC"
            skipped = 0 if page is None else (page - 1) * page_size
            sql = (
                f"SELECT key, name, artist, tracks, duration_ms, size_bytes FROM heading {asked.where}"  # noqa: S608  # constants
                f" ORDER BY {column} {way}, key {way} LIMIT {page_size + 1} OFFSET {skipped}"
            )
            rows = await connection.fetch(sql, *asked.arguments)
            total = None
            if page is not None:
                sql = f"SELECT count(*) FROM heading {whole.where}"  # noqa: S608
                total = await connection.fetchval(sql, *whole.arguments)
            shown = rows[:page_size]
            following = (str(shown[-1][column]), shown[-1]["key"]) if len(rows) > page_size else None
            return Page(items=tuple(map(_heading, shown)), total=total, after=following)

        return await self._pool.read(read)


async def _restrict(connection: asyncpg.Connection, query: Query, text: str) -> None:
    row = await connection.fetchrow(SPELLED, storable(text))
    asked = question(row["spelled"])
    if asked.is_empty:
        query.add("starts_with(key, {}::text)", row["key"])
    else:
        query.add("words @@ {}::text::tsquery", tsquery(asked))


def _begin(query: Query, column: str, after: tuple[str, str], *, sign: str) -> None:
    value, key = map(storable, after)
    if column == "key":
        query.add(f"key {sign} {{}}::text", key)
        return
    if not value.isascii() or not value.isdecimal() or len(value) > 18:
        raise InvalidError("cursor", "this cursor does not belong to this list")
    query.add(f"({column}, key) {sign} ({{}}::bigint, {{}}::text)", int(value), key)


def _heading(row: Mapping[str, Any]) -> Heading:
    return Heading(name=row["name"], artist=row["artist"] or None, amount=_amount(row))


def _amount(row: Mapping[str, Any]) -> Amount:
    return Amount(tracks=row["tracks"], duration_s=row["duration_ms"] / 1000, size_bytes=row["size_bytes"])
