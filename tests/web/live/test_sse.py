"""The form of Server-Sent Events."""

import json
from datetime import UTC, datetime

from actors.feed import Frame
from web.live.sse import event_lines


async def test_events_have_id_type_and_the_whole_message(live):
    async with live() as here, here.stream("/api/v1/events") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        (seq,) = await here.tell("TRACK_ADDED")
        opening = [await stream.line() for _ in range(4)]
        number, kind, data, end = [await stream.line() for _ in range(4)]

    assert opening == ["retry: 2000", ": rookery", f"id: {seq - 1}", ""]
    assert (number, kind, end) == (f"id: {seq}", "event: TRACK_ADDED", "")
    assert json.loads(data.removeprefix("data: "))["seq"] == seq


async def test_a_comment_comes_when_nothing_else_does(live):
    async with live(stream_heartbeat_s=0.05) as here, here.stream("/api/v1/events") as stream:
        comments = 0
        while comments < 3:
            comments += await stream.line() == ":"


def test_what_has_no_number_has_no_id():
    frame = Frame(type="GOODBYE", topic="", body=b"{}", at=datetime(2026, 3, 1, tzinfo=UTC))

    assert event_lines(frame) == b"event: GOODBYE\ndata: {}\n\n"


async def test_a_browser_comes_back_behind_the_resync(live):
    async with live() as here:
        (newest,) = await here.tell("TRACK_ADDED")
        async with here.stream("/api/v1/events", **{"Last-Event-ID": "999999999"}) as stream:
            lines = [await stream.line() for _ in range(5)]

    assert lines[3:] == [f"id: {newest}", "event: RESYNC"]
