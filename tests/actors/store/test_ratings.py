"""Stars, kept for each person apart."""

from actors.model.mine import NOTHING, Mine


async def add_person(store, name):
    sql = "INSERT INTO person (id, name, role) VALUES ($1, $1, 'listener') ON CONFLICT DO NOTHING"
    await store.pool.write(lambda connection: connection.execute(sql, name))
    return name


async def add_track(store, track_id, title="A"):
    sql = "INSERT INTO track (id, stage, file_name) VALUES ($1, 'pending', $2)"
    await store.pool.write(lambda connection: connection.execute(sql, track_id, title))
    return track_id


async def test_a_new_rating_takes_the_place_of_the_one_before(fresh_store):
    track = await add_track(fresh_store, "t")

    assert await fresh_store.ratings.put("local", track, 2) == Mine(rating=2)
    assert await fresh_store.ratings.put("local", track, 5) == Mine(rating=5)
    assert await fresh_store.ratings.find("local", track) == Mine(rating=5)
    assert await fresh_store.ratings.remove("local", track) == NOTHING
    assert await fresh_store.ratings.remove("local", track) == NOTHING


async def test_each_person_has_their_own(fresh_store):
    track, other = await add_track(fresh_store, "t"), await add_person(fresh_store, "ada")
    await fresh_store.ratings.put("local", track, 2)
    await fresh_store.ratings.put(other, track, 4)

    assert (await fresh_store.tracks.find(track, person_id=other)).mine == Mine(rating=4)
    assert (await fresh_store.tracks.find(track, person_id="local")).mine == Mine(rating=2)
    assert (await fresh_store.tracks.find(track, person_id="nobody")).mine == NOTHING
    assert (await fresh_store.tracks.find(track)).mine is None


async def test_a_list_brings_what_the_asker_keeps(fresh_store):
    for number in range(3):
        await fresh_store.ratings.put("local", await add_track(fresh_store, f"t{number}"), number + 1)
    page = await fresh_store.tracks.list_(sort="addedAt", person_id="local")

    assert sorted(track.mine.rating for track in page.items) == [1, 2, 3]


async def test_what_is_in_the_trash_or_unknown_cannot_be_rated(fresh_store):
    track = await add_track(fresh_store, "t")
    sql = "UPDATE track SET removed_at = now() WHERE id = $1"
    await fresh_store.pool.write(lambda connection: connection.execute(sql, track))

    assert await fresh_store.ratings.put("local", track, 3) is None
    assert await fresh_store.ratings.put("local", "unknown", 3) is None
    assert await fresh_store.ratings.put("local", "no\0id", 3) is None
    assert await fresh_store.ratings.find("local", track) is None
    assert await fresh_store.ratings.find("local", "no\0id") is None
