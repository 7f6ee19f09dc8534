"""Pages of a list of tracks, read. What is little is gathered whole and sorted; what is much is met soon along the index of
the order.

The planner's own choice between the two is a guess, and a wrong one reads the whole table. So its estimate of how much there is
decides, and the way along the index has an end: who has not met a page by then gathers after all.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import attrs
import msgspec

from actors.store.filters import REACHABLE, Query
from actors.store.listing import Part, Place, cursor

FEW = 8_000
"""More than so many of a million are soon met along the index of the order."""
LITTLE = 1_000
"""So many are gathered without thinking about it."""
STEPS = 12_000
"""So many tracks are looked at along an index, at most."""
COUNTED = 2_500
"""Longer lists are not counted but estimated, unless they hold everything, or the catalogue is small."""
SMALL = 50_000
"""Tracks of a catalogue in which every list is counted."""

# Statements differ too much by their arguments for a common plan.
SET_OUT = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
  set_config('work_mem', '32MB', true), set_config('enable_seqscan', 'off', true)
"""
EVERYTHING = "SELECT tracks FROM tally WHERE noun = 'all'"
ALONG_INDEXES = "SELECT set_config('enable_indexscan', $1, true), set_config('enable_indexonlyscan', $1, true)"


@asynccontextmanager
async def reading(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A moment of the catalogue that stays the same for several statements, planned each for its own arguments."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(SET_OUT)
        yield


@attrs.frozen(kw_only=True)
class Rows:
    """Ids of one page; `total` counts the list, where that was asked for."""

    ids: tuple[str, ...]
    after: tuple[str, str] | None
    total: int | None = None
    is_exact: bool = True
    """Whether `total` was counted, not estimated."""


@attrs.frozen(kw_only=True)
class Gathered:
    """A statement that gives each track of a list with its part and its value there."""

    sql: str
    arguments: tuple[Any, ...]


def gathered(whole: Query, parts: tuple[Part, ...]) -> Gathered:
    """The statement for a list whose parts are all of the track itself."""
    value = next((part.value for part in parts if part.key is not None), "NULL::text")
    arguments = list(whole.arguments)
    cases = []
    for number, part in enumerate(parts[:-1]):
        where = part.query.where_from(len(arguments) + 1).removeprefix("WHERE ")
        cases.append(f"WHEN {where} THEN {number}")
        arguments += part.query.arguments
    case = f"CASE {' '.join(cases)} ELSE {len(parts) - 1} END" if cases else "0"
    sql = f"SELECT track.id, {case} AS part, {value} AS value FROM track {whole.where}"  # noqa: S608  # conditions are constants
    return Gathered(sql=sql, arguments=tuple(arguments))


@attrs.define
class Listing:
    """One list, inside `reading`."""

    connection: asyncpg.Connection
    parts: tuple[Part, ...]
    whole: Query
    """What all parts together hold."""
    page_size: int
    few: int = FEW
    _sizes: dict[int, int] = attrs.field(factory=dict)
    """By part: how many tracks it has, where that came to be known."""

    async def following(self, place: Place | None) -> Rows:
        """The page behind a place, or the first."""
        if await self._is_little(self.page_size + 1):
            return self._page((await self._gathered_whole(self.page_size + 1, 0, place))[0])
        first = 0 if place is None else place.part
        rows: list[tuple[int, asyncpg.Record]] = []
        for number in range(first, len(self.parts)):
            behind = place if place is not None and place.part == number else None
            limit = self.page_size + 1 - len(rows)
            rows += [(number, row) for row in await self._rows(number, limit, behind=behind)]
            if len(rows) > self.page_size:
                break
        return self._page(rows)

    async def numbered(self, page: int) -> Rows:
        """The page of a number from 1, with the total."""
        skipped = (page - 1) * self.page_size
        if await self._is_little(skipped + self.page_size + 1):
            rows, total = await self._gathered_whole(self.page_size + 1, skipped, None)
            return attrs.evolve(self._page(rows), total=total)
        rows = []
        for number in range(len(self.parts)):
            found = await self._rows(number, self.page_size + 1 - len(rows), offset=skipped)
            rows += [(number, row) for row in found]
            if len(rows) > self.page_size:
                break
            if not found and skipped:
                skipped -= min(skipped, await self._size(number))
            elif found:
                skipped = 0
        total, is_exact = await self._total()
        return attrs.evolve(self._page(rows), total=total, is_exact=is_exact)

    async def _is_little(self, wanted: int) -> bool:
        """Whether the whole list is best gathered at once, all its parts together, for its first so many rows."""
        has_own = any(part.source != "track" for part in self.parts)
        if has_own or not self.whole.is_selective:
            return False
        keyed = [part for part in self.parts if part.key is not None]
        return await self._is_gathered_sooner(self.whole, wanted, keyed[0] if len(keyed) == 1 else None)

    async def _is_gathered_sooner(self, query: Query, wanted: int, part: Part | None) -> bool:
        """Whether gathering all that passes means looking at fewer tracks than meeting so many of it along the order of a
        part, were it spread evenly there. Without a part, `few` decides alone.
        """
        source = "track" if part is None else part.source
        size = await self._estimate(query, source)
        if part is None or size <= LITTLE or size > self.few:
            return size <= self.few
        stretch = await self._estimate(Query([REACHABLE], []) & part.along, source)
        return size <= wanted * stretch / size

    async def _gathered_whole(
        self, limit: int, offset: int, behind: Place | None
    ) -> tuple[list[tuple[int, asyncpg.Record]], int]:
        """The rows of all parts, which the indexes of the conditions lead to, sorted; and how many there are."""
        whole = gathered(self.whole, self.parts)
        page = Query()
        if behind is not None:
            after_part = Query()
            self.parts[behind.part].behind(after_part, behind, "value", "id")
            condition = " AND ".join(after_part.conditions)
            page.add(
                f"(part > {{}}::int OR part = {{}}::int AND {condition})",
                behind.part,
                behind.part,
                *after_part.arguments,
            )
        # All parts have one direction; those without a key hold no two values of the sort.
        keyed = next((part for part in self.parts if part.key is not None), self.parts[0])
        order = f"part, {keyed.order('value', 'id')}"
        sql = (
            f"WITH gathered AS MATERIALIZED ({whole.sql}),"  # noqa: S608  # constants
            f" page AS (SELECT * FROM gathered {page.where_from(len(whole.arguments) + 1)}"
            f" ORDER BY {order} LIMIT {limit} OFFSET {offset})"
            " SELECT page.*, size FROM (SELECT count(*) AS size FROM gathered) AS counted LEFT JOIN page ON true"
            f" ORDER BY {order}"
        )
        rows = await self._by_conditions(sql, (*whole.arguments, *page.arguments))
        return [(row["part"], row) for row in rows if row["id"] is not None], rows[0]["size"]

    async def _by_conditions(self, sql: str, arguments: tuple[Any, ...]) -> list[asyncpg.Record]:
        # Not the index of an order, along which nearly everything would be passed by.
        await self.connection.fetchval(ALONG_INDEXES, "off")
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *arguments)
        await self.connection.fetchval(ALONG_INDEXES, "on")
        return rows

    def _page(self, rows: list[tuple[int, asyncpg.Record]]) -> Rows:
        shown = rows[: self.page_size]
        after = None
        if len(rows) > self.page_size:
            number, last = shown[-1]
            after = cursor(number, self.parts[number], last["value"], last["id"])
        return Rows(ids=tuple(row["id"] for _, row in shown), after=after)

    async def _rows(
        self, number: int, limit: int, *, offset: int = 0, behind: Place | None = None
    ) -> list[asyncpg.Record]:
        part = self.parts[number]
        if not part.query.is_selective:
            return await self._along(part, limit, offset, behind)
        if number not in self._sizes and not await self._is_gathered_sooner(part.query, offset + limit, part):
            met = await self._along(part, limit, offset, behind, steps=STEPS)
            if len(met) == limit:
                return met
        return await self._gathered(number, limit, offset, behind)

    async def _along(
        self, part: Part, limit: int, offset: int, behind: Place | None, *, steps: int | None = None
    ) -> list[asyncpg.Record]:
        """What is met along the index of the order; all of it, or what lies within so many steps from its beginning."""
        stretch = Query([REACHABLE], []) & part.along
        if behind is not None:
            part.behind(stretch, behind, part.value, part.track_id)
        if steps is None or part.source != "track":
            asked = stretch & part.chosen
            source, where = part.source, asked.where
        else:
            asked = stretch & part.chosen
            order = part.order(part.value, part.track_id)
            source = f"(SELECT * FROM track {stretch.where} ORDER BY {order} LIMIT {steps}) AS track"  # noqa: S608  # constants
            where = part.chosen.where_from(len(stretch.arguments) + 1)
        sql = (
            f"SELECT track.id, {part.value} AS value FROM {source} {where}"  # noqa: S608  # conditions are constants
            f" ORDER BY {part.order(part.value, part.track_id)} LIMIT {limit} OFFSET {offset}"
        )
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *asked.arguments)
        return rows

    async def _gathered(self, number: int, limit: int, offset: int, behind: Place | None) -> list[asyncpg.Record]:
        """What the indexes of the conditions lead to, sorted."""
        part = self.parts[number]
        query = part.query
        page = Query()
        if behind is not None:
            part.behind(page, behind, "value", "id")
        sql = (
            f"WITH gathered AS MATERIALIZED (SELECT track.id, {part.value} AS value FROM {part.source} {query.where}),"  # noqa: S608  # constants
            f" page AS (SELECT * FROM gathered {page.where_from(len(query.arguments) + 1)}"
            f" ORDER BY {part.order('value', 'id')} LIMIT {limit} OFFSET {offset})"
            " SELECT page.*, size FROM (SELECT count(*) AS size FROM gathered) AS counted LEFT JOIN page ON true"
            f" ORDER BY {part.order('value', 'id')}"
        )
        rows = await self._by_conditions(sql, (*query.arguments, *page.arguments))
        self._sizes[number] = rows[0]["size"]
        return [row for row in rows if row["id"] is not None]

    async def _size(self, number: int) -> int:
        if number not in self._sizes:
            part = self.parts[number]
            sql = f"SELECT count(*) FROM {part.source} {part.query.where}"  # noqa: S608  # conditions are constants
            self._sizes[number] = await self.connection.fetchval(sql, *part.query.arguments)
        return self._sizes[number]

    async def _estimate(self, query: Query, source: str = "track") -> int:
        """How many tracks pass, as the planner believes."""
        plan = await self.connection.fetchval(
            f"EXPLAIN (FORMAT JSON) SELECT FROM {source} {query.where}", *query.arguments
        )
        estimate: int = msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"]
        return estimate

    async def _total(self) -> tuple[int, bool]:
        """How many tracks the list has, and whether they were counted."""
        if len(self._sizes) == len(self.parts):
            return sum(self._sizes.values()), True
        everything: int = await self.connection.fetchval(EVERYTHING) or 0
        if self.whole.conditions == [REACHABLE]:
            return everything, True
        most = everything if everything <= SMALL else COUNTED
        estimate = await self._estimate(self.whole)
        if estimate > most:
            return estimate, False
        sql = f"SELECT count(*) FROM (SELECT FROM track {self.whole.where} LIMIT {most + 1}) AS counted"  # noqa: S608  # constants
        total: int = await self.connection.fetchval(sql, *self.whole.arguments)
        return (total, True) if total <= most else (max(total, estimate), False)
