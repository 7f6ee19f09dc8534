"""Whether the service lives, is ready, and is well."""

from urllib.parse import urlsplit

import trio

from actors.store.bridge import open_bridge
from actors.store.pool import open_pool
from supervision import Backoff, Child, EventKind, Supervisor
from web.routes import health


async def test_a_healthy_service_says_so(served) -> None:
    told = (await served.client.get("/health")).json()

    assert (told["status"], told["version"]) == ("ok", "1.2.3")
    assert told["services"] == {
        "database": {"status": "ok", "reason": None},
        "redis": {"status": "off", "reason": None},
        "taskQueue": {"status": "ok", "reason": None},
        "supervision": {"status": "ok", "reason": None},
    }
    assert told["uptime"] >= 0


async def test_liveness_and_readiness(served) -> None:
    for path in ("/livez", "/readyz"):
        assert (await served.client.get(path)).json() == {"status": "ok"}
        assert (await served.client.head(path)).status_code == 200


async def collapse(context) -> None:
    """A task that is ready, and then is not."""
    context.ready()
    raise ValueError("ill")


async def test_a_part_that_is_down_is_named(served) -> None:
    patient = Backoff(first_s=1_000, most_s=1_000)
    ward = Supervisor("ward", backoff=patient, children=[Child("patient", collapse)])
    async with served.services.running.events() as events:
        await served.services.running.start_child("rookery/pipeline", ward)
        async for event in events:
            if event.kind is EventKind.BACKOFF:
                break
    told = (await served.client.get("/health")).json()

    assert told["status"] == "degraded"
    assert "rookery/pipeline/ward/patient is backoff" in told["services"]["supervision"]["reason"]
    assert (await served.client.get("/readyz")).status_code == 200


async def test_a_service_without_its_database_says_so(
    served_over, fresh_store, fresh_database_url, postgres_url, refused
) -> None:
    async with served_over(fresh_store) as served:
        await served.client.get("/metrics")
        served.services.health.kept_s = 0.0
        await drop(postgres_url, fresh_database_url)
        for path in ("/health", "/readyz"):
            response = await served.client.get(path)
            told = refused(response, 503, "UNAVAILABLE")
            assert told["details"]["database"]["status"] == "away"
            assert response.headers["retry-after"] == "5"
        assert (await served.client.get("/livez")).status_code == 200
        assert "rookery_database_up 0.0" in (await served.client.get("/metrics")).text
        refused(await served.client.get("/api/v1/tracks"), 503, "UNAVAILABLE")


async def drop(server_url: str, database_url: str) -> None:
    """Take a database away from those who use it."""
    name = urlsplit(database_url).path.removeprefix("/")
    async with open_bridge() as bridge, open_pool(bridge, server_url, connections=1, limit_s=30) as pool:
        await pool.read(lambda connection: connection.execute(f"DROP DATABASE {name} WITH (FORCE)"))


async def test_a_service_that_stops_is_alive_but_not_ready(served, refused) -> None:
    served.services.stopping.set()
    response = await served.client.get("/readyz")

    refused(response, 503, "UNAVAILABLE")
    assert response.headers["retry-after"] == "5"
    assert (await served.client.get("/livez")).status_code == 200


async def test_a_flood_asks_the_database_once(served, monkeypatch) -> None:
    served.services.health.kept_s = 3_600.0
    asked = []
    check = health.database_check

    async def counted(held):
        asked.append(held)
        return await check(held)

    monkeypatch.setattr(health, "database_check", counted)
    async with trio.open_nursery() as nursery:
        for path in ("/health", "/readyz") * 20:
            nursery.start_soon(served.client.get, path)

    assert len(asked) == 1


async def test_parameters_are_refused(served, refused) -> None:
    for path in ("/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/api/v1/info"):
        refused(await served.client.get(f"{path}?nope=1"), 422, "VALIDATION_ERROR")
