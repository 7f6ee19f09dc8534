"""Pages of a list of tracks, read. What is little is gathered whole and sorted; what is much is met soon along its sort's index.

The planner's own choice between the two is a guess, and a wrong one reads the whole table: so what may be little is looked
for first, bounded, through the indexes of its conditions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import attrs
import msgspec

from actors.store.filters import Query
from actors.store.listing import Part, Place, cursor

FEW = 5_000
"""So many tracks are gathered and sorted about as fast as a page is met among a million of which so many belong to the list."""
COUNTED = 10_000
"""Longer lists are not counted but estimated, unless they hold everything."""

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
        rows: list[tuple[int, asyncpg.Record]] = []
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
        if part.query.is_selective:
            gathered = await self._gathered(number, limit, offset, behind)
            if gathered is not None:
                return gathered
        asked = part.query.copy()
        if behind is not None:
            part.behind(asked, behind, part.value, part.track_id)
        sql = (
            f"SELECT track.id, {part.value} AS value FROM {part.source} {asked.where}"  # noqa: S608  # conditions are constants
            f" ORDER BY {part.order(part.value, part.track_id)} LIMIT {limit} OFFSET {offset}"
        )
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *asked.arguments)
        return rows

    async def _gathered(
        self, number: int, limit: int, offset: int, behind: Place | None
    ) -> list[asyncpg.Record] | None:
        """The rows of a part that has few; None if it has more."""
        part = self.parts[number]
        page = Query([], list(part.query.arguments))
        if behind is not None:
            part.behind(page, behind, "value", "id")
        sql = (
            f"WITH gathered AS MATERIALIZED (SELECT track.id, {part.value} AS value FROM {part.source} {part.query.where}"  # noqa: S608  # constants
            f" LIMIT {self.few + 1}), page AS (SELECT * FROM gathered {page.where}"
            f" ORDER BY {part.order('value', 'id')} LIMIT {limit} OFFSET {offset})"
            " SELECT page.*, size FROM (SELECT count(*) AS size FROM gathered) AS counted LEFT JOIN page ON true"
            f" ORDER BY {part.order('value', 'id')}"
        )
        # The indexes of the conditions alone, not one in whose order nearly everything would be passed by.
        await self.connection.fetchval(ALONG_INDEXES, "off")
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *page.arguments)
        await self.connection.fetchval(ALONG_INDEXES, "on")
        if rows[0]["size"] > self.few:
            return None
        self._sizes[number] = rows[0]["size"]
        return [row for row in rows if row["id"] is not None]

    async def _size(self, number: int) -> int:
        if number not in self._sizes:
            part = self.parts[number]
            sql = f"SELECT count(*) FROM {part.source} {part.query.where}"  # noqa: S608  # conditions are constants
            self._sizes[number] = await self.connection.fetchval(sql, *part.query.arguments)
        return self._sizes[number]

    async def _total(self) -> tuple[int, bool]:
        """How many tracks the list has, and whether they were counted."""
        if len(self._sizes) == len(self.parts):
            return sum(self._sizes.values()), True
        where, arguments = self.whole.where, self.whole.arguments
        if len(self.whole.conditions) == 1:
            return await self.connection.fetchval(EVERYTHING) or 0, True
        bounded = f"SELECT count(*) FROM (SELECT FROM track {where} LIMIT {COUNTED + 1}) AS counted"  # noqa: S608  # constants
        total: int = await self.connection.fetchval(bounded, *arguments)
        if total <= COUNTED:
            return total, True
        plan = await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) SELECT FROM track {where}", *arguments)
        return max(total, msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"]), False
