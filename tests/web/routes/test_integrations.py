"""What Rookery uses outside of itself."""


async def test_every_service_is_listed(served) -> None:
    told = (await served.client.get("/api/v1/integrations")).json()

    assert [one["name"] for one in told["data"]] == ["database", "redis"]
    assert told["data"][0]["status"] == "ok"
    assert told["meta"]["total"] == 2


async def test_it_comes_in_pages(served, refused) -> None:
    told = (await served.client.get("/api/v1/integrations?page=2&pageSize=1")).json()

    assert [one["name"] for one in told["data"]] == ["redis"]
    refused(await served.client.get("/api/v1/integrations?page=0"), 422, "VALIDATION_ERROR")
