"""What people note. Every statement names whose: nobody sees or changes what is another's."""

import math
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import attrs

from actors.errors import ConflictError, InvalidError, StaleError
from actors.model.memory import MOST_MEMORIES, Memory, MemoryFilter, Note
from actors.model.page import Page
from actors.store.codec import is_storable, storable
from actors.store.filters import Query
from actors.store.pool import Pool

COLUMNS = """
memory.id, memory.track_id, coalesce(track.title, memory.track_title) AS track_title, memory.position_s, memory.text,
memory.tags, memory.added_at, memory.changed_at, memory.version
"""
SOURCE = "memory LEFT JOIN track ON track.id = memory.track_id"
ONE = f"SELECT {COLUMNS} FROM {SOURCE} WHERE memory.person_id = $1 AND memory.id = $2"  # noqa: S608  # constants
# One after the other for each person, so that the bound holds.
ALONE = "SELECT FROM person WHERE id = $1 FOR UPDATE"
COUNT = "SELECT count(*) FROM memory WHERE person_id = $1"
IS_TRACK = "SELECT EXISTS (SELECT FROM track WHERE id = $1 AND removed_at IS NULL)"
KEYS = "ARRAY(SELECT folded(tag) FROM unnest($6::text[]) AS tag)"
WORDS = "folded(concat_ws(E'\\n', $5::text, array_to_string($6::text[], E'\\n')))"
ADD = f"""
INSERT INTO memory (person_id, id, track_id, position_s, text, tags, tag_keys, search_text)
VALUES ($1, $2, $3, $4, $5, $6, {KEYS}, {WORDS})
"""  # noqa: S608
CHANGE = f"""
UPDATE memory SET track_id = $3, position_s = $4, text = $5, tags = $6, tag_keys = {KEYS}, search_text = {WORDS},
  track_title = CASE WHEN $3::text IS NULL AND track_id IS NULL THEN track_title END,
  changed_at = now(), version = version + 1
WHERE person_id = $1 AND id = $2
"""  # noqa: S608
VERSION = "SELECT track_id, version FROM memory WHERE person_id = $1 AND id = $2 FOR UPDATE"
REMOVE = "DELETE FROM memory WHERE person_id = $1 AND id = $2"

Write = Callable[[Any], str]
SORTS: Mapping[str, tuple[str, str, Write, Callable[[str], Any]]] = {
    "addedAt": ("memory.added_at", "timestamptz", datetime.isoformat, datetime.fromisoformat),
    "changedAt": ("memory.changed_at", "timestamptz", datetime.isoformat, datetime.fromisoformat),
    "position": ("memory.position_key", "float8", repr, float),
}
"""By the name that requests use: column, type, and how values become text and come back."""


@attrs.define(eq=False)
class Memories:
    """Each person's memories. Every method may raise DatabaseError."""

    _pool: Pool

    async def find(self, person_id: str, memory_id: str) -> Memory | None:
        """One memory of a person, or None."""
        if not is_storable(memory_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(ONE, person_id, memory_id))
        return None if row is None else _memory_of(row)

    async def list_(
        self,
        person_id: str,
        wanted: MemoryFilter,
        *,
        sort: str,
        is_descending: bool,
        page: int | None,
        after: tuple[str, str] | None,
        page_size: int,
    ) -> Page[Memory]:
        """One page of a person's memories; by number with the total, or behind a cursor. Ties are broken by id.

        Args:
            person_id: whose.
            wanted: which.
            sort: a name in `SORTS`; by `position`, what is about no moment stands behind all moments.
            is_descending: the largest first.
            page: from 1; None with a cursor.
            after: `Page.after` of the page before; None with a number.
            page_size: how many at most.

        Raises:
            InvalidError: there is no such sort, or the cursor is not one of it.
        """
        if sort not in SORTS:
            raise InvalidError("sort", f"unknown sort {sort!r}; there are {', '.join(SORTS)}")
        column, kind, write, _ = SORTS[sort]
        query = _filtered(person_id, wanted)
        counted = query.copy()
        way = "DESC" if is_descending else "ASC"
        if after is not None:
            sign = "<" if is_descending else ">"
            value, memory_id = _place(sort, after)
            query.add(f"({column}, memory.id) {sign} ({{}}::{kind}, {{}}::text)", value, memory_id)
        sql = (
            f"SELECT {COLUMNS}, {column} AS value FROM {SOURCE} {query.where}"  # noqa: S608  # conditions are constants
            f" ORDER BY {column} {way}, memory.id {way} LIMIT {page_size + 1} OFFSET {((page or 1) - 1) * page_size}"
        )

        async def read(connection: asyncpg.Connection) -> Page[Memory]:
            total = None
            if page is not None:
                total = await connection.fetchval(f"SELECT count(*) FROM memory {counted.where}", *counted.arguments)  # noqa: S608
            rows = await connection.fetch(sql, *query.arguments)
            shown = rows[:page_size]
            following = (write(shown[-1]["value"]), shown[-1]["id"]) if len(rows) > page_size else None
            return Page(items=tuple(map(_memory_of, shown)), total=total, after=following)

        return await self._pool.read(read)

    async def add(self, person_id: str, note: Note) -> Memory:
        """A new memory.

        Raises:
            ConflictError: the person has as many as anybody may.
            InvalidError: there is no such track.
        """
        memory_id = secrets.token_hex(8)

        async def once(connection: asyncpg.Connection) -> Memory:
            await connection.execute(ALONE, person_id)
            if await connection.fetchval(COUNT, person_id) >= MOST_MEMORIES:
                raise ConflictError(f"You have {MOST_MEMORIES} memories, as many as anybody may; remove some first")
            await _check_track(connection, note.track_id)
            await connection.execute(ADD, person_id, memory_id, *_values(note))
            return _memory_of(await connection.fetchrow(ONE, person_id, memory_id))

        return await self._pool.write(once)

    async def change(self, person_id: str, memory_id: str, note: Note, *, version: int | None) -> Memory | None:
        """A memory that says something else; None when there is none.

        Args:
            person_id: whose.
            memory_id: which.
            note: all that it says from now on.
            version: the version that is meant; None for whichever there is.

        Raises:
            StaleError: it has another version; nothing was changed.
            InvalidError: there is no such track, and it was not about it before.
        """

        async def once(connection: asyncpg.Connection) -> Memory | None:
            row = await connection.fetchrow(VERSION, person_id, memory_id)
            if row is None:
                return None
            if version not in {None, row["version"]}:
                raise StaleError(memory_id)
            if note.track_id != row["track_id"]:
                await _check_track(connection, note.track_id)
            await connection.execute(CHANGE, person_id, memory_id, *_values(note))
            return _memory_of(await connection.fetchrow(ONE, person_id, memory_id))

        return await self._pool.write(once) if is_storable(memory_id) else None

    async def remove(self, person_id: str, memory_id: str, *, version: int | None) -> bool:
        """Forget a memory; False when there is none. Raises StaleError, as `change`."""

        async def once(connection: asyncpg.Connection) -> bool:
            row = await connection.fetchrow(VERSION, person_id, memory_id)
            if row is None:
                return False
            if version not in {None, row["version"]}:
                raise StaleError(memory_id)
            await connection.execute(REMOVE, person_id, memory_id)
            return True

        return await self._pool.write(once) if is_storable(memory_id) else False


def _filtered(person_id: str, wanted: MemoryFilter) -> Query:
    query = Query()
    query.add("memory.person_id = {}::text", person_id)
    if wanted.track_id is not None:
        query.add("memory.track_id = {}::text", storable(wanted.track_id))
    if wanted.tag is not None:
        query.add("memory.tag_keys @> ARRAY[folded({}::text)]", storable(wanted.tag))
    if wanted.is_cue is not None:
        query.add(f"memory.position_s IS {'NOT ' if wanted.is_cue else ''}NULL")
    words = storable(wanted.text or "").split()
    for word in words:
        query.add("strpos(memory.search_text, folded({}::text)) > 0", word)
    if wanted.text is not None and not words:
        query.add("false")
    return query


def _place(sort: str, after: tuple[str, str]) -> tuple[Any, str]:
    refusal = InvalidError("cursor", "this cursor does not belong to this list")
    text, memory_id = after
    try:
        value = SORTS[sort][3](storable(text))
    except ValueError:
        raise refusal from None
    is_bare = isinstance(value, datetime) and value.tzinfo is None
    if is_bare or (isinstance(value, float) and math.isnan(value)):
        raise refusal
    return value, storable(memory_id)


async def _check_track(connection: asyncpg.Connection, track_id: str | None) -> None:
    if track_id is not None and not (is_storable(track_id) and await connection.fetchval(IS_TRACK, track_id)):
        raise InvalidError("trackId", "No track has this id")


def _values(note: Note) -> tuple[Any, ...]:
    return note.track_id, note.position_s, storable(note.text), list(map(storable, note.tags))


def _memory_of(row: Mapping[str, Any]) -> Memory:
    return Memory(
        id=row["id"],
        track_id=row["track_id"],
        track_title=row["track_title"],
        position_s=row["position_s"],
        text=row["text"],
        tags=tuple(row["tags"]),
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        version=row["version"],
    )
