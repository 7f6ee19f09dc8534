"""What a request asks for is read for the one who asks."""

from actors.model.track import Tags


async def test_every_seed_begins_elsewhere_in_one_shuffled_order(served, shelf) -> None:
    for number in range(6):
        await shelf.put(f"{number}.mp3", tags=Tags(title="Shuffled"))

    async def order(seed: str) -> list[str]:
        query = {"q": "shuffled", "sort": "random", "order": "asc", "seed": seed, "pageSize": 4}
        first = (await served.client.get("/api/v1/tracks", params=query)).json()
        rest = (await served.client.get("/api/v1/tracks", params={"cursor": first["meta"]["nextCursor"]})).json()
        return [track["id"] for track in (*first["data"], *rest["data"])]

    orders = [await order(str(seed)) for seed in range(8)]
    assert all(sorted(one) == sorted(orders[0]) for one in orders)
    assert len({tuple(one) for one in orders}) > 1
    assert orders[3] == await order("3")
