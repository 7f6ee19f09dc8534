"""What is told of the query cache, emptying it and warming it."""

import pytest

from actors.model.track import Tags


async def test_figures_follow_what_is_asked(served, shelf) -> None:
    await shelf.put("a.mp3")
    for _ in range(4):
        await served.client.get("/api/v1/tracks")

    told = (await served.client.get("/api/v1/cache/stats")).json()

    assert (told["shelf"], told["hits"], told["misses"], told["entries"]) == ("memory", 3, 1, 1)
    assert told["hitRate"] == 0.75
    assert 0 < told["sizeBytes"] <= told["limitBytes"]


async def test_a_cleared_one_holds_nothing(served) -> None:
    await served.client.get("/api/v1/tracks")

    assert (await served.client.post("/api/v1/cache/clear")).json() == {"cleared": 1}
    assert (await served.client.get("/api/v1/tracks")).json()["cacheInfo"]["hitCache"] is False


async def test_a_warmed_one_answers_at_once(served, shelf) -> None:
    for query in ("?q=rook", "?q=rook", "?q=crow", ""):
        await served.client.get(f"/api/v1/tracks{query}")
    await shelf.put("a.mp3", tags=Tags(title="Rook"))

    told = (await served.client.post("/api/v1/cache/warm", json={"most": 2})).json()

    assert told == {"computed": 2, "kept": 0, "failed": 0, "left": 0}
    assert (await served.client.get("/api/v1/tracks?q=rook")).json()["cacheInfo"]["hitCache"] is True
    assert len((await served.client.get("/api/v1/tracks?q=rook")).json()["data"]) >= 1
    told = (await served.client.post("/api/v1/cache/warm", json={})).json()
    assert told == {"computed": 1, "kept": 2, "failed": 0, "left": 0}


async def test_questions_that_cannot_be_answered_are_not_a_failure_of_warming(served) -> None:
    await served.client.get("/api/v1/tracks?cursor=x")

    told = (await served.client.post("/api/v1/cache/warm", json={})).json()
    assert told == {"computed": 0, "kept": 0, "failed": 1, "left": 0}


@pytest.mark.parametrize("body", [{"most": 0}, {"most": 201}, {"most": "2"}, {"more": 1}, {"most": None}])
async def test_bad_orders_are_refused(served, refused, body) -> None:
    refused(await served.client.post("/api/v1/cache/warm", json=body), 422, "VALIDATION_ERROR")
