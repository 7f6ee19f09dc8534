"""The clients of the live feed, one by one."""

from contextlib import asynccontextmanager

import trio

from actors.model.event import NewEvent

CONNECTIONS = "/api/v1/supervision/connections"


@asynccontextmanager
async def listening(served, target):
    """A client of an endless answer, which has seen its head."""
    host, port = served.url.removeprefix("http://").split(":")
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        await stream.send_all(f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        with trio.fail_after(10):
            head = bytearray()
            while b"\r\n\r\n" not in head or not head.endswith(b"\n\r\n"):
                head += await stream.receive_some()
            yield stream


async def test_each_client_is_seen_with_what_it_was_sent_and_how_far_it_is_behind(served):
    async with (
        listening(served, "/api/v1/events?topics=tracks") as first,
        listening(served, "/api/v1/events.ndjson?topics=player,tracks"),
    ):
        newest = await served.store.events.add(*[NewEvent(type="TRACK_ADDED", payload={})] * 2)
        served.services.feed.publish(await served.store.events.after(newest - 2, 2))
        with trio.fail_after(10):
            got = b""
            while got.count(b"TRACK_ADDED") < 4:
                got += await first.receive_some()
        await trio.testing.wait_all_tasks_blocked(0.01)
        page = (await served.client.get(CONNECTIONS)).json()

        assert [one["kind"] for one in page["data"]] == ["sse", "ndjson"]
        seen = page["data"][0]
        assert (seen["address"], seen["userId"], seen["username"]) == ("127.0.0.1", "local", "local")
        assert (seen["topics"], seen["seq"], seen["sent"]) == (["tracks"], newest, 2)
        assert seen["lag"] == {"messages": 0, "bytes": 0, "seconds": 0.0}
        assert (seen["coalesced"], seen["dropped"], seen["device"]) == (0, 0, None)
        assert seen["since"] <= page["data"][1]["since"]
        assert page["data"][1]["topics"] == ["tracks", "player"]
        assert page["meta"]["total"] == 2

        some = (await served.client.get(f"{CONNECTIONS}?kind=ndjson&pageSize=1")).json()
        assert [one["id"] for one in some["data"]] == [page["data"][1]["id"]]
        assert "kind=ndjson" in some["links"]["self"]
        feed = (await served.client.get("/api/v1/supervision")).json()["feed"]
        assert feed["connections"] == {"websocket": 0, "sse": 1, "ndjson": 1}
        assert (feed["newest"], feed["sent"], feed["lagBytes"], feed["mostLag"]) == (newest, 4, 0, 0.0)
        metrics = (await served.client.get("/metrics")).text
        assert 'rookery_feed_connections{kind="sse"} 1.0' in metrics
        assert 'rookery_feed_left_total{cause="left",kind="sse"} 0.0' in metrics
        assert "rookery_feed_sent_total 4.0" in metrics


async def test_why_they_left_is_counted(served):
    async with listening(served, "/api/v1/events"):
        pass
    with trio.fail_after(10):
        while served.services.connections.all():  # noqa: ASYNC110 — it tells nobody
            await trio.sleep(0.01)
    feed = (await served.client.get("/api/v1/supervision")).json()["feed"]

    assert feed["left"] == {"left": 1}
    assert 'rookery_feed_left_total{cause="left",kind="sse"} 1.0' in (await served.client.get("/metrics")).text


async def test_a_page_past_the_end_is_empty_and_bad_queries_are_refused(served, refused):
    page = (await served.client.get(f"{CONNECTIONS}?page=5")).json()

    assert (page["data"], page["meta"]["total"]) == ([], 0)
    for query in ("page=0", "pageSize=501", "kind=pigeon", "nope=1"):
        refused(await served.client.get(f"{CONNECTIONS}?{query}"), 422, "VALIDATION_ERROR")
