"""What is read for the metrics."""

from web.readings import readings


async def test_the_cache_the_room_and_the_stages_are_read(served) -> None:
    await served.client.get("/api/v1/tracks")
    await served.client.get("/api/v1/tracks")
    found = {family.name: family for family in await readings(served.services)}

    assert {one["outcome"]: value for one, value in found["rookery_cache_questions_total"].samples} == {
        "hit": 1.0,
        "miss": 1.0,
        "joined": 0.0,
    }
    assert {one["stage"] for one, _ in found["rookery_stage_rate"].samples} >= {"watcher"}
    assert found["rookery_requests_turned_away_total"].samples == (({}, 0.0),)
    assert "rookery_redis_up" not in found
