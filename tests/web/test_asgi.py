"""The application under a server that is not ours: the tree lives as long as its lifespan."""

import httpx
import pytest
import trio

from web import app
from web.asgi import Application


@pytest.fixture(autouse=True)
def _settings(monkeypatch, tmp_path, fresh_database_url):
    (tmp_path / "music").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("ROOKERY_ROOTS", str(tmp_path / "music"))
    monkeypatch.setenv("ROOKERY_DATABASE_URL", fresh_database_url)
    monkeypatch.setattr("web.asgi.configure_logs", lambda _: None)


@pytest.mark.parametrize("application", [Application(), app], ids=["its own", "web:app"])
async def test_requests_are_answered_from_startup_to_shutdown(application):
    to_app, from_server = trio.open_memory_channel(2)
    to_server, from_app = trio.open_memory_channel(2)

    async def lifespan():
        await application({"type": "lifespan", "asgi": {"version": "3.0"}}, from_server.receive, to_server.send)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lifespan)
            await to_app.send({"type": "lifespan.startup"})
            assert await from_app.receive() == {"type": "lifespan.startup.complete"}
            transport = httpx.ASGITransport(application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                assert (await client.get("/health")).json()["status"] == "ok"
                roots = (await client.get("/api/v1/library/roots")).json()["data"]
                assert [root["path"].rpartition("/")[2] for root in roots] == ["music"]
            await to_app.send({"type": "lifespan.shutdown"})
            assert await from_app.receive() == {"type": "lifespan.shutdown.complete"}


async def test_a_wrong_setting_fails_the_startup_with_its_reason(monkeypatch):
    monkeypatch.setenv("ROOKERY_PORT", "many")
    to_app, from_server = trio.open_memory_channel(2)
    to_server, from_app = trio.open_memory_channel(2)
    await to_app.send({"type": "lifespan.startup"})
    await Application()({"type": "lifespan", "asgi": {"version": "3.0"}}, from_server.receive, to_server.send)
    answer = await from_app.receive()

    assert answer["type"] == "lifespan.startup.failed"
    assert "port" in answer["message"]
