"""Plays, counted for each person and track."""

from datetime import UTC, datetime, timedelta

import trio

from actors.model.mine import Mine

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


async def add_track(store, track_id):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ($1, 'pending', 'A')"
    await store.pool.write(lambda connection: connection.execute(sql, track_id))
    return track_id


async def test_plays_are_counted_and_the_last_is_the_latest_whatever_order_they_come_in(fresh_store):
    track = await add_track(fresh_store, "t")
    await fresh_store.plays.add("local", track, at=MOMENT, listened_s=12.5)
    mine = await fresh_store.plays.add("local", track, at=MOMENT - timedelta(days=1), listened_s=None)

    assert mine == Mine(plays=2, last_played_at=MOMENT)
    assert (await fresh_store.tracks.find(track, person_id="local")).mine == mine
    sql = "SELECT at, listened_s FROM play ORDER BY at"
    rows = await fresh_store.pool.read(lambda connection: connection.fetch(sql))
    assert [tuple(row) for row in rows] == [(MOMENT - timedelta(days=1), None), (MOMENT, 12.5)]


async def test_plays_at_the_same_time_are_all_counted(fresh_store):
    track = await add_track(fresh_store, "t")
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(lambda: fresh_store.plays.add("local", track, at=MOMENT, listened_s=1.0))

    assert (await fresh_store.ratings.find("local", track)).plays == 20


async def test_what_is_not_there_cannot_be_played(fresh_store):
    assert await fresh_store.plays.add("local", "unknown", at=MOMENT, listened_s=None) is None
    assert await fresh_store.plays.add("local", "no\0id", at=MOMENT, listened_s=None) is None
