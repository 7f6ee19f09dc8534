"""Idempotency-Key, on requests that create plays."""

import pytest
import trio

KEY = {"Idempotency-Key": "my-key"}


@pytest.fixture
async def place(shelf) -> str:
    return f"/api/v1/tracks/{await shelf.put('a.mp3')}/plays"


async def test_the_same_request_again_gets_the_same_answer_and_does_nothing_more(served, place) -> None:
    first = await served.client.post(place, json={"listened": 1.5}, headers=KEY)
    await served.client.post(place, json={"listened": 1.5})
    again = await served.client.post(
        place, content=b'{ "listened": 1.5 }', headers={**KEY, "Content-Type": "application/json"}
    )

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (await served.client.post(place, json={})).json()["plays"] == 3


async def test_two_keys_are_refused(served, place, refused) -> None:
    told = refused(
        await served.client.post(place, json={}, headers=[*KEY.items(), *KEY.items()]), 422, "VALIDATION_ERROR"
    )
    assert [error["field"] for error in told["errors"]] == ["Idempotency-Key"]


async def test_an_answer_outlives_the_process(served, served_over, place) -> None:
    first = await served.client.post(place, json={"listened": 1.5}, headers=KEY)
    async with served_over(served.store) as other:
        again = await other.client.post(place, json={"listened": 1.5}, headers=KEY)

    assert (again.status_code, again.content) == (201, first.content)


async def test_another_request_under_the_same_key_is_refused(served, place, refused) -> None:
    await served.client.post(place, json={"listened": 1.5}, headers=KEY)

    refused(await served.client.post(place, json={"listened": 2.5}, headers=KEY), 422, "IDEMPOTENCY_MISMATCH")
    assert (await served.client.post(place, json={})).json()["plays"] == 2


async def test_other_paths_and_keys_are_other_requests(served, shelf, place) -> None:
    other = f"/api/v1/tracks/{await shelf.put('b.mp3')}/plays"
    await served.client.post(place, json={}, headers=KEY)
    assert (await served.client.post(other, json={}, headers=KEY)).json()["plays"] == 1
    assert (await served.client.post(place, json={}, headers={"Idempotency-Key": "other"})).json()["plays"] == 2


async def test_while_the_first_is_worked_on_the_second_is_refused(served, place, refused) -> None:
    claim = await served.store.repeats.begin("local", f"POST {place}", "my-key", lease_s=60)
    refused(await served.client.post(place, json={}, headers=KEY), 409, "CONFLICT")
    await served.store.repeats.release(claim)

    assert (await served.client.post(place, json={}, headers=KEY)).status_code == 201


async def test_a_first_that_died_half_way_hinders_nobody(served, place) -> None:
    await served.store.repeats.begin("local", f"POST {place}", "my-key", lease_s=0)

    assert (await served.client.post(place, json={}, headers=KEY)).json()["plays"] == 1


async def test_a_refusal_is_not_kept(served, shelf, refused) -> None:
    place = "/api/v1/tracks/to-come/plays"
    refused(await served.client.post(place, json={}, headers=KEY), 404, "TRACK_NOT_FOUND")
    refused(await served.client.post(place, json={"listened": -1}, headers=KEY), 422, "VALIDATION_ERROR")
    await shelf.put("a.mp3", track_id="to-come")

    assert (await served.client.post(place, json={}, headers=KEY)).status_code == 201


async def test_the_same_request_at_once_counts_once(served, place) -> None:
    statuses = []

    async def send() -> None:
        statuses.append((await served.client.post(place, json={}, headers=KEY)).status_code)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(send)

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert (await served.client.post(place, json={})).json()["plays"] == 2


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "ü".encode()], ids=["empty", "space", "long", "no ascii"])
async def test_keys_that_cannot_be_used_are_named(served, place, refused, key) -> None:
    told = refused(await served.client.post(place, json={}, headers={"Idempotency-Key": key}), 422, "VALIDATION_ERROR")

    assert told["errors"][0]["field"] == "Idempotency-Key"
