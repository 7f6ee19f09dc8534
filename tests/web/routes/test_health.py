"""Whether the service lives, is ready, and is well."""


async def test_a_healthy_service_says_so(served) -> None:
    health = (await served.client.get("/health")).json()

    assert (health["status"], health["version"]) == ("ok", "1.2.3")
    assert health["checks"] == {
        "database": {"status": "ok", "reason": None},
        "supervision": {"status": "ok", "reason": None},
    }
    assert health["uptime"] >= 0


async def test_liveness_and_readiness(served) -> None:
    for path in ("/livez", "/readyz"):
        assert (await served.client.get(path)).json() == {"status": "ok"}
        assert (await served.client.head(path)).status_code == 200


async def test_a_service_that_stops_is_alive_but_not_ready(served, refused) -> None:
    served.services.stopping.set()
    response = await served.client.get("/readyz")

    refused(response, 503, "UNAVAILABLE")
    assert response.headers["retry-after"] == "5"
    assert (await served.client.get("/livez")).status_code == 200


async def test_parameters_are_refused(served, refused) -> None:
    for path in ("/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/api/v1/info"):
        refused(await served.client.get(f"{path}?nope=1"), 422, "VALIDATION_ERROR")
