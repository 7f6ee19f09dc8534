"""The application under a server that is not ours: the tree lives as long as its lifespan."""

import signal
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest
import structlog
import trio

from supervision import Child
from web import app
from web.asgi import Application
from web.connections import Cause, Connection, Kind

SHUTDOWN = {"type": "lifespan.shutdown"}


@pytest.fixture(autouse=True)
def _settings(monkeypatch, tmp_path, fresh_database_url):
    (tmp_path / "music").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("ROOKERY_ROOTS", str(tmp_path / "music"))
    monkeypatch.setenv("ROOKERY_DATABASE_URL", fresh_database_url)
    monkeypatch.setattr("web.asgi.configure_logs", lambda *_: None)


@attrs.frozen
class Server:
    """The two ends of a lifespan, and a client."""

    to_app: trio.MemorySendChannel
    from_app: trio.MemoryReceiveChannel
    client: httpx.AsyncClient


@asynccontextmanager
async def served(application):
    to_app, from_server = trio.open_memory_channel(2)
    to_server, from_app = trio.open_memory_channel(2)

    async def lifespan():
        await application({"type": "lifespan", "asgi": {"version": "3.0"}}, from_server.receive, to_server.send)

    transport = httpx.ASGITransport(application)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lifespan)
            await to_app.send({"type": "lifespan.startup"})
            assert await from_app.receive() == {"type": "lifespan.startup.complete"}
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                yield Server(to_app, from_app, client)


@pytest.mark.parametrize("application", [Application(), app], ids=["its own", "web:app"])
async def test_requests_are_answered_from_startup_to_shutdown(application):
    async with served(application) as server:
        assert (await server.client.get("/health")).json()["status"] == "ok"
        roots = (await server.client.get("/api/v1/library/roots")).json()["data"]
        assert [root["path"].rpartition("/")[2] for root in roots] == ["music"]
        await server.to_app.send(SHUTDOWN)
        assert await server.from_app.receive() == {"type": "lifespan.shutdown.complete"}


async def test_kept_answers_are_told_to_who_listens_also_over_parts_that_were_started_again(monkeypatch):
    monkeypatch.setattr("web.asgi.LOOK_AGAIN_S", 0.05)
    application = Application()
    async with served(application) as server:
        for _ in range(2):
            await server.client.get("/api/v1/info")
            async with application._front.services.feed.subscribe(["player"], owner="local") as subscription:
                # The first look at the folder may still end what is kept.
                while not (await server.client.get("/api/v1/tracks")).json()["cacheInfo"]["hitCache"]:
                    pass
                assert [frame.type for frame in await subscription.take()] == ["CACHE_HIT"]
            for path in ("rookery/pipeline", "rookery/store"):
                await application._front.services.running.stop_child(path)
            for path in ("rookery/store", "rookery/pipeline"):
                await application._front.services.running.restart_child(path)
        await server.to_app.send(SHUTDOWN)


async def test_requests_go_on_when_the_store_was_started_again():
    application = Application()
    async with served(application) as server:
        before = application._front.services
        running = before.running
        for path in ("rookery/pipeline", "rookery/store"):
            await running.stop_child(path)
        for path in ("rookery/store", "rookery/pipeline"):
            await running.restart_child(path)

        assert (await server.client.get("/api/v1/library/roots")).status_code == 200
        after = application._front.services
        assert before.stopping.is_set()
        assert not after.stopping.is_set()
        assert after.metrics is before.metrics
        sound = {"type": "SET_VOLUME", "payload": {"volume": 0.5}}
        assert (await server.client.post("/api/v1/player", json=sound)).status_code == 200
        with after.connections.hold(connection := Connection(kind=Kind.SSE, address="::1", caller=None)):
            assert connection in after.connections.all()
        assert after.connections.left() == {(Kind.SSE, Cause.LEFT): 1}
        await server.client.get("/health")
        assert application._front.services is after
        await server.to_app.send(SHUTDOWN)
        await server.from_app.receive()
        assert after.stopping.is_set()


async def test_while_the_store_is_stopped_requests_are_told_so_and_nothing_ends(monkeypatch):
    monkeypatch.setattr("web.asgi.LOOK_AGAIN_S", 0.0)
    application = Application()
    async with served(application) as server:
        for path in ("rookery/pipeline", "rookery/store"):
            await application._front.services.running.stop_child(path)
        answer = await server.client.get("/api/v1/library/roots")

        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        await server.to_app.send(SHUTDOWN)
        assert await server.from_app.receive() == {"type": "lifespan.shutdown.complete"}


async def crash(context):
    """A part that cannot be healed."""
    context.ready()
    raise RuntimeError("a fault that stays")


async def quit_(context):
    """A part that ends the whole."""
    context.ready()
    await context.running.stop()


@pytest.mark.parametrize("task, outcome", [(crash, "failed"), (quit_, "complete")])
async def test_a_tree_that_ends_by_itself_ends_the_process_and_says_so(task, outcome):
    application = Application()
    with structlog.testing.capture_logs() as logs, trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with served(application) as server:
            await application._front.services.running.start_child("rookery", Child("culprit", task))
            assert await anext(signals) == signal.SIGTERM
            with pytest.raises(trio.WouldBlock):
                server.from_app.receive_nowait()
            await server.to_app.send(SHUTDOWN)
            assert (await server.from_app.receive())["type"] == f"lifespan.shutdown.{outcome}"

    assert "critical" in [entry["log_level"] for entry in logs]


async def test_a_wrong_setting_fails_the_startup_with_its_reason(monkeypatch):
    monkeypatch.setenv("ROOKERY_PORT", "many")
    to_app, from_server = trio.open_memory_channel(2)
    to_server, from_app = trio.open_memory_channel(2)
    await to_app.send({"type": "lifespan.startup"})
    await Application()({"type": "lifespan", "asgi": {"version": "3.0"}}, from_server.receive, to_server.send)
    answer = await from_app.receive()

    assert answer["type"] == "lifespan.startup.failed"
    assert "port" in answer["message"]
