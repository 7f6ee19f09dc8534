"""What SSE and NDJSON share."""

import pytest
import trio

PATHS = ["/api/v1/events", "/api/v1/events.ndjson"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_stream_goes_on_after_the_number_given(live, path):
    async with live() as here:
        seqs = await here.tell(*["TRACK_ADDED"] * 5)
        async with here.stream(f"{path}?since={seqs[1]}") as stream:
            assert [m["seq"] for m in await stream.messages(3)] == seqs[2:]


@pytest.mark.parametrize("path", PATHS)
async def test_the_header_wins_over_the_parameter(live, path):
    async with live() as here:
        seqs = await here.tell(*["TRACK_ADDED"] * 5)
        headers = {"Last-Event-ID": str(seqs[3])}
        async with here.stream(f"{path}?since=0", **headers) as stream:
            assert [m["seq"] for m in await stream.messages(1)] == seqs[4:]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_number_it_begins_when_it_is_asked_for(live, path):
    async with live() as here:
        await here.tell("TRACK_ADDED")
        async with here.stream(path) as stream:
            seqs = await here.tell("TRACK_ADDED", "SCAN_UPDATE")
            assert [m["seq"] for m in await stream.messages(2)] == seqs


@pytest.mark.parametrize("path", PATHS)
async def test_one_who_leaves_before_the_first_event_knows_where_to_go_on(live, path):
    async with live() as here:
        await here.tell("TRACK_ADDED")
        async with here.stream(path) as stream:
            begun = stream.headers["last-event-id"]
        seqs = await here.tell("TRACK_ADDED")
        async with here.stream(path, **{"Last-Event-ID": begun}) as stream:
            assert "last-event-id" not in stream.headers
            assert [m["seq"] for m in await stream.messages(1)] == seqs


@pytest.mark.parametrize("path", PATHS)
async def test_topics_are_chosen(live, path):
    async with live() as here, here.stream(f"{path}?topics=progress,jobs") as stream:
        await here.tell("TRACK_ADDED", "SCAN_UPDATE")
        assert [m["type"] for m in await stream.messages(1)] == ["SCAN_UPDATE"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("since", ["x", "1.5", "", "1_0", " 7", "٣"], ids=ascii)
async def test_a_number_that_is_none_is_refused(live, refused, path, since):
    async with live() as here:
        told = refused(await here.client.get(path, params={"since": since}), 400, "BAD_REQUEST")
        assert told["message"].startswith("since must be a whole number")


async def test_a_header_that_is_no_number_is_refused_by_its_name(live, refused):
    async with live() as here:
        told = refused(await here.client.get(PATHS[0], headers={"Last-Event-ID": "x"}), 400, "BAD_REQUEST")
        assert told["message"].startswith("Last-Event-ID must be a whole number")


@pytest.mark.parametrize("path", PATHS)
async def test_unknown_topics_and_parameters_are_refused(live, refused, path):
    async with live() as here:
        told = refused(await here.client.get(path, params={"topics": "tracks,weather"}), 422, "VALIDATION_ERROR")
        assert told["errors"][0]["field"] == "topics"
        refused(await here.client.get(path, params={"color": "red"}), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize("path", PATHS)
async def test_a_stream_has_no_head(live, path):
    async with live() as here:
        response = await here.client.head(path)

        assert response.status_code == 405
        assert response.headers["allow"] == "GET"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "since", ["-1", "999999999", "9" * 40, "9" * 5_000], ids=lambda text: text[:12] + str(len(text))
)
async def test_a_number_that_cannot_be_continued_gives_resync_and_then_live(live, path, since):
    async with live() as here, here.stream(f"{path}?since={since}") as stream:
        (resync,) = await stream.messages(1)
        assert resync["type"] == "RESYNC"


@pytest.mark.parametrize("path", PATHS)
async def test_shutdown_ends_a_stream_with_goodbye(live, path):
    async with live() as here, here.stream(path) as stream:
        here.services.stopping.set()
        here.stop.set()

        assert [m["type"] for m in await stream.messages()] == ["GOODBYE"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_leaves_is_forgotten(live, path):
    async with live() as here:
        async with here.stream(path) as stream:
            await stream.line()
            assert here.services.feed.statistics().subscribers == 1
        with trio.fail_after(5):
            while here.services.feed.statistics().subscribers:  # noqa: ASYNC110 — it tells nobody
                await trio.sleep(0.01)


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_takes_nothing_is_cut_and_nobody_else_notices(live, path):
    async with live(client_queue_bytes=500_000, stall_s=0.3) as here:
        host, port = here.url.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as stuck:
            await stuck.send_all(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            await stuck.receive_some(100)
            async with here.socket() as socket:
                await socket.connect()
                for _ in range(50):
                    seqs = await here.tell(*["TRACK_ADDED"] * 4, size=100_000)
                    assert [(await socket.hear())["seq"] for _ in seqs] == seqs
            with trio.fail_after(10):
                while here.services.feed.statistics().subscribers:  # noqa: ASYNC110 — it tells nobody
                    await trio.sleep(0.01)
