"""Tracks and their locations, read."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Sequence
from functools import partial

import asyncpg
import attrs

from actors.errors import InvalidError
from actors.model.known import Known
from actors.model.page import Page
from actors.model.track import Location, Track
from actors.store.codec import is_storable
from actors.store.filters import TrackFilter, filtered
from actors.store.found import found_by
from actors.store.listing import list_of, place
from actors.store.meaning import Meaning
from actors.store.pages import FEW, Listing, Rows, reading
from actors.store.pool import Pool
from actors.store.rows import (
    JOINED,
    JOINED_COLUMNS,
    LOCATION_COLUMNS,
    TRACK_COLUMNS,
    TRACK_SOURCES,
    holder_of,
    location_of,
    track_of,
)

LARGEST_PAGE = 500
BATCH = 5_000
"""Locations read at once from a big root."""

TRACKS = f"""
SELECT {TRACK_COLUMNS}, {JOINED_COLUMNS} FROM {TRACK_SOURCES} LEFT JOIN location ON location.track_id = track.id
WHERE track.id = ANY($1) AND (removed_at IS NOT NULL) = $3
"""  # noqa: S608  # constants
"""A row for each location, which nearly every track has one of: one statement is cheaper than two."""
OF_ROOT = f"SELECT id, {LOCATION_COLUMNS} FROM location WHERE root_id = $1 AND id > $2 ORDER BY id LIMIT $3"  # noqa: S608
BEST = f"""
SELECT {LOCATION_COLUMNS} FROM location WHERE track_id = $1 AND presence = 'present' ORDER BY path LIMIT 1
"""  # noqa: S608
AT = """
SELECT path, track_id FROM location WHERE sha256(path) IN (SELECT sha256(given) FROM unnest($1::bytea[]) AS given)
"""
HOLDERS = """
SELECT track.id, track.audio_hash, track.removed_at IS NOT NULL AS is_removed,
  array_agg(location.path ORDER BY location.id) FILTER (WHERE path IS NOT NULL) AS paths
FROM track LEFT JOIN location ON location.track_id = track.id
WHERE track.id = ANY($1) OR track.audio_hash = ANY($2)
GROUP BY track.id
"""
PRESENT = "SELECT count(*) FROM location WHERE root_id = $1 AND presence = 'present' AND track_id IS NOT NULL"


async def load(
    connection: asyncpg.Connection, ids: Sequence[str], *, person_id: str | None = None, is_removed: bool = False
) -> list[Track]:
    """Tracks with everything but their waveforms, inside a read or write function, in the order of `ids`.

    Unknown ids are left out, and so are tracks in the trash; with `is_removed` those that are not there.

    Args:
        connection: of the function.
        ids: of tracks.
        person_id: whose `mine` the tracks bring along.
        is_removed: whether the tracks lie in the trash.
    """
    rows: dict[str, asyncpg.Record] = {}
    locations: dict[str, list[Location]] = defaultdict(list)
    for row in await connection.fetch(TRACKS, ids, person_id, is_removed):
        rows[row["id"]] = row
        if row[f"{JOINED}path"] is not None:
            locations[row["id"]].append(location_of(row, prefix=JOINED))
    return [track_of(rows[track_id], locations[track_id]) for track_id in ids if track_id in rows]


async def known(connection: asyncpg.Connection, paths: Collection[bytes], hashes: Collection[str]) -> Known:
    """What the catalogue knows of some paths and audio hashes, inside a read or write function."""
    at = {row["path"]: row["track_id"] for row in await connection.fetch(AT, list(paths))}
    ids = [track_id for track_id in at.values() if track_id is not None]
    holders = {row["id"]: holder_of(row) for row in await connection.fetch(HOLDERS, ids, list(hashes))}
    wanted = frozenset(hashes)
    return Known(
        at={path: None if track_id is None else holders.get(track_id) for path, track_id in at.items()},
        by_hash={one.audio_hash: one for one in holders.values() if one.audio_hash in wanted and one.audio_hash},
    )


@attrs.define(eq=False)
class Tracks:
    """Reads of tracks; what they give has no waveform, see `FeatureStore.peaks`. Every method may raise DatabaseError."""

    _pool: Pool

    async def find(self, track_id: str, *, person_id: str | None = None) -> Track | None:
        """One track, or None; with what a person keeps about it."""
        found = await self.find_many([track_id], person_id=person_id)
        return found[0] if found else None

    async def find_many(self, ids: Sequence[str], *, person_id: str | None = None) -> list[Track]:
        """Those of `ids` that exist, in that order; with what a person keeps about each."""
        clean = [track_id for track_id in ids if is_storable(track_id)]
        return await self._pool.read(lambda connection: load(connection, clean, person_id=person_id))

    async def count(self, wanted: TrackFilter | None = None) -> int:
        """How many tracks there are, or how many pass a filter without text; counted one by one."""
        query = filtered(wanted or TrackFilter())
        sql = f"SELECT count(*) FROM track {query.where}"  # noqa: S608  # conditions are built of constants
        return await self._pool.read(lambda connection: connection.fetchval(sql, *query.arguments))

    async def list_(
        self,
        *,
        sort: str = "title",
        descending: bool = False,
        page: int | None = None,
        after: tuple[str, str] | None = None,
        page_size: int = 50,
        wanted: TrackFilter | None = None,
        person_id: str | None = None,
        seed: str = "",
        few: int = FEW,
    ) -> Page[Track]:
        """One page of a sorted list; ties are broken by id, tracks without a value come last.

        Args:
            sort: a name of `SORT_NAMES`.
            descending: largest, or most relevant, first.
            page: number from 1, with a total; a page past the end is empty.
            after: what `Page.after` of the page before held; without a total, and as fast at the end of the list as at
                its beginning. With neither, the first page by cursor.
            page_size: 1–500.
            wanted: which tracks; all, if not given.
            person_id: who asks: whose ratings and plays count, and whose `mine` the tracks bring along.
            seed: another one begins the order `random` elsewhere.
            few: lists of no more, by estimate, are gathered, longer ones met along an index; the same comes of both.

        Raises:
            InvalidError: an unknown sort, a number out of range, or a cursor that belongs to another sort.
        """
        if not 1 <= page_size <= LARGEST_PAGE:
            raise InvalidError("pageSize", f"must be 1–{LARGEST_PAGE}")
        if page is not None and not 1 <= page <= 2**31:
            raise InvalidError("page", "must be 1 or more")
        if page is not None and after is not None:
            raise InvalidError("cursor", "a page has either a number or a cursor")
        asked = wanted or TrackFilter()

        async def read(connection: asyncpg.Connection) -> Page[Track]:
            async def listed(meaning: Meaning | None, behind: tuple[str, str] | None) -> Rows:
                found = list_of(sort, asked, meaning, is_descending=descending, person_id=person_id, seed=seed)
                listing = Listing(connection, found.parts, found.whole, page_size, few)
                if page is not None:
                    return await listing.numbered(page)
                return await listing.following(None if behind is None else place(behind, found.parts))

            async with reading(connection):
                rows = await found_by(connection, asked.text, after, listed)
                items = await load(connection, rows.ids, person_id=person_id)
            return Page(items=tuple(items), total=rows.total, is_exact=rows.is_exact, after=rows.after)

        return await self._pool.read(read)

    async def known(self, paths: Collection[bytes], hashes: Collection[str]) -> Known:
        """What the catalogue knows of some paths and audio hashes, tracks in the trash included."""
        return await self._pool.read(lambda connection: known(connection, paths, hashes))

    async def locations_of_root(self, root_id: str) -> AsyncGenerator[list[tuple[Location, str | None]], None]:
        """Everything that lies under a root, in batches, each location with its track's id.

        None stands for a file that is no recording. Each batch is a read of its own: what is written meanwhile may or may
        not be seen, what was there before is.
        """
        last = 0
        while True:
            rows = await self._pool.read(partial(_under, root_id=root_id, behind=last))
            if rows:
                yield [(location_of(row), row["track_id"]) for row in rows]
            if len(rows) < BATCH:
                return
            last = rows[-1]["id"]

    async def present_count(self, root_id: str) -> int:
        """How many present locations of tracks a root has."""
        return await self._pool.read(lambda connection: connection.fetchval(PRESENT, root_id))

    async def path_of(self, track_id: str) -> Location | None:
        """Where a track's bytes can be read: its first present location by path, or None."""
        if not is_storable(track_id):
            return None
        row = await self._pool.read(lambda connection: connection.fetchrow(BEST, track_id))
        return None if row is None else location_of(row)


async def _under(connection: asyncpg.Connection, *, root_id: str, behind: int) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(OF_ROOT, root_id, behind, BATCH)
    return rows
