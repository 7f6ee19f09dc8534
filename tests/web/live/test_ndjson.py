"""The form of NDJSON."""

import json


async def test_each_line_is_a_message_or_empty(live):
    async with live(stream_heartbeat_s=0.05) as here, here.stream("/api/v1/events.ndjson") as stream:
        assert stream.headers["content-type"] == "application/x-ndjson"
        seqs = await here.tell("TRACK_ADDED", "TRACK_ANALYZED")
        heard, empty = [], 0
        while len(heard) < 2 or empty < 3:
            if line := await stream.line():
                heard.append(json.loads(line))
            else:
                empty += 1

    assert [message["seq"] for message in heard] == seqs


async def test_the_message_is_the_same_on_every_transport(live):
    async with live() as here:
        (seq,) = await here.tell("TRACK_ADDED")
        async with here.socket() as socket:
            await socket.connect(since=seq - 1)
            on_socket = await socket.hear()
        for path in ("/api/v1/events.ndjson", "/api/v1/events"):
            async with here.stream(f"{path}?since={seq - 1}") as stream:
                assert await stream.messages(1) == [on_socket]
