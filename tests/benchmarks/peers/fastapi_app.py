"""The rival: lists, searches, single tracks, many by their ids, ratings and edits, as a FastAPI developer would write them with
asyncpg and pydantic.

The statements are those of Rookery's store, so that the same indexes are used: what is compared is all that stands around them.
Run by uvicorn with uvloop and httptools; the database from `DATABASE_URL`. Nobody is asked who they are, nothing is limited, logged
or kept.
"""

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi import Query as InQuery
from fastapi_models import Edits, Got, Meta, Mine, NewRating, Page, Query, Track, Wanted
from fastapi_rows import mine, track

from actors.model.event import NewEvent
from actors.store import edits, events, ratings
from actors.store.codec import set_codecs
from actors.store.filters import Range, TrackFilter
from actors.store.found import found_by
from actors.store.listing import list_of, place
from actors.store.meaning import Meaning
from actors.store.pages import FEW, Listing, Rows, reading
from actors.store.rows import JOINED
from actors.store.tracks import TRACKS
from web.paging import Cursor, opened, sealed

PERSON = "local"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the pool."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10, init=set_codecs) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


async def connected() -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool."""
    async with app.state.pool.acquire() as connection:
        yield connection


Connection = Annotated[asyncpg.Connection, Depends(connected)]


async def loaded(connection: asyncpg.Connection, ids: list[str]) -> list[Track]:
    """Tracks in the order of their ids."""
    rows = {}
    places = defaultdict(list)
    for row in await connection.fetch(TRACKS, ids, PERSON, False):
        rows[row["id"]] = row
        if row[f"{JOINED}path"] is not None:
            places[row["id"]].append(row)
    return [track(rows[track_id], places[track_id]) for track_id in ids if track_id in rows]


@app.get("/api/v1/tracks")
async def list_tracks(query: Annotated[Query, InQuery()], connection: Connection) -> Page:
    """A page of the list."""
    asked = opened(query.cursor) if query.cursor else None
    sort = asked.sort if asked else query.sort or ("addedAt" if query.q is None else "relevance")
    order = asked.order if asked else query.order
    page = None if asked else query.page or 1
    wanted = TrackFilter(
        text=query.q,
        genres=tuple(query.genre),
        codec=query.codec,
        year=Range(query.min_year, query.max_year),
        bpm=Range(query.min_bpm, query.max_bpm),
    )

    async def listed(meaning: Meaning | None, after: tuple[str, str] | None) -> Rows:
        found = list_of(sort, wanted, meaning, is_descending=order == "desc", person_id=PERSON)
        listing = Listing(connection, found.parts, found.whole, query.page_size, FEW)
        if page is not None:
            return await listing.numbered(page)
        return await listing.following(None if after is None else place(after, found.parts))

    async with reading(connection):
        rows = await found_by(connection, wanted.text, (asked.value, asked.id) if asked else None, listed)
        data = await loaded(connection, list(rows.ids))
    cursor = None
    if rows.after is not None:
        cursor = sealed(
            Cursor(
                form=2, path="/api/v1/tracks", sort=sort, order=order, filters={}, value=rows.after[0], id=rows.after[1]
            )
        )
    pages = None if rows.total is None else max(1, -(-rows.total // query.page_size))
    meta = Meta(
        total=rows.total,
        is_total_exact=rows.is_exact,
        page=page,
        page_size=query.page_size,
        total_pages=pages,
        has_next_page=cursor is not None,
        has_previous_page=asked is not None or (page or 1) > 1,
        next_cursor=cursor,
    )
    return Page(data=data, meta=meta)


@app.get("/api/v1/tracks/{track_id}")
async def find_track(track_id: str, connection: Connection) -> Track:
    """One track."""
    found = await loaded(connection, [track_id])
    if not found:
        raise HTTPException(404)
    return found[0]


@app.post("/api/v1/tracks/batch-get")
async def batch_get(wanted: Wanted, connection: Connection) -> Got:
    """Many tracks."""
    found = await loaded(connection, list(dict.fromkeys(wanted.track_ids)))
    there = {one.id for one in found}
    return Got(successful=found, errors=[track_id for track_id in wanted.track_ids if track_id not in there])


@app.put("/api/v1/tracks/{track_id}/rating")
async def rate(track_id: str, given: NewRating, connection: Connection) -> Mine:
    """Rate a track."""
    async with connection.transaction():
        if not await connection.fetchval(ratings.PUT, PERSON, track_id, given.rating):
            raise HTTPException(404)
        return mine(await connection.fetchrow(ratings.MINE, PERSON, track_id))


@app.patch("/api/v1/tracks/{track_id}")
async def change(track_id: str, given: Edits, connection: Connection, if_match: Annotated[str, Header()]) -> Track:
    """Change tags, with the event that tells of it."""
    async with connection.transaction():
        row = await connection.fetchrow(edits.HOLD, track_id)
        if row is None or row["is_removed"]:
            raise HTTPException(404)
        if if_match != f'"{row["version"]}"':
            raise HTTPException(412)
        await connection.execute(edits.PUT, track_id, {**row["edits"], **given.model_dump(exclude_unset=True)})
        (changed,) = await loaded(connection, [track_id])
        payload = {"track": changed.model_dump(mode="json", by_alias=True, exclude={"mine"})}
        await events.append(connection, [NewEvent(type="TRACK_UPDATED", payload=payload)])
    return changed


@app.get("/livez")
async def live() -> dict[str, str]:
    """Nothing but an answer."""
    return {"status": "ok"}
