"""Requests that may come twice, on a real catalogue."""

from actors.store.repeats import Claim, Kept

ANSWER = Kept(fingerprint=b"print", status=201, headers=(("Location", "/x"), ("ETag", '"1"')), body=b"{}")


async def begin(store, key="k", person="local", route="POST /x", lease_s=60):
    return await store.repeats.begin(person, route, key, lease_s=lease_s)


async def test_the_first_is_worked_on_the_second_waits_and_the_third_gets_the_answer(fresh_store):
    claim = await begin(fresh_store)
    assert isinstance(claim, Claim)
    assert await begin(fresh_store) is None
    await fresh_store.repeats.keep(claim, ANSWER)

    assert await begin(fresh_store) == ANSWER


async def test_others_and_other_routes_have_keys_of_their_own(fresh_store):
    claims = [
        await begin(fresh_store),
        await begin(fresh_store, person="ada"),
        await begin(fresh_store, route="POST /y"),
        await begin(fresh_store, key="l"),
    ]

    assert all(isinstance(claim, Claim) for claim in claims)


async def test_who_dies_half_way_is_followed_by_the_next(fresh_store):
    dead = await begin(fresh_store, lease_s=0)
    claim = await begin(fresh_store)
    assert isinstance(claim, Claim)
    await fresh_store.repeats.keep(dead, ANSWER)
    assert await begin(fresh_store) is None
    await fresh_store.repeats.renew(claim, lease_s=0)
    assert isinstance(await begin(fresh_store), Claim)


async def test_a_claim_given_back_leaves_nothing_but_an_answer_stays(fresh_store):
    claim = await begin(fresh_store)
    await fresh_store.repeats.release(claim)
    claim = await begin(fresh_store)
    await fresh_store.repeats.keep(claim, ANSWER)
    await fresh_store.repeats.release(claim)

    assert await begin(fresh_store) == ANSWER


async def test_answers_end_after_a_day_and_their_number_is_bounded(fresh_store):
    for number in range(5):
        await fresh_store.repeats.keep(await begin(fresh_store, key=f"k{number}"), ANSWER)
    sql = "UPDATE repeatable SET began_at = now() - interval '24 hours 1 second' WHERE key IN ('k0', 'k1')"
    await fresh_store.pool.write(lambda connection: connection.execute(sql))
    assert isinstance(await begin(fresh_store, key="k0"), Claim)
    assert await fresh_store.repeats.clean() == 1
    assert await fresh_store.repeats.clean(most=2) == 2
    assert await fresh_store.repeats.clean() == 0
