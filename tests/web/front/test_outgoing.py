"""A body that does not come, and what stands in every answer."""

import trio

from web.exchange import Exchange, serving
from web.front.outgoing import BODY_GRACE_S, Body, Outgoing
from web.intake import ROOM_BYTES, Intake
from web.trace import trace_of
from web.traffic import WaitingRoom


async def test_a_body_that_falls_silent_is_given_up(autojump_clock):
    pieces = [{"type": "http.request", "body": b"a", "more_body": True}]

    async def receive():
        if pieces:
            return pieces.pop()
        return await trio.sleep_forever()

    body = Body(receive, silence_s=15)
    assert (await body.receive())["body"] == b"a"
    start_s = trio.current_time()
    assert (await body.receive())["type"] == "http.disconnect"
    assert trio.current_time() - start_s == 15
    assert body.is_silent


async def test_a_body_that_drips_is_given_up_when_the_grace_and_what_it_earned_are_over(autojump_clock):
    async def receive():
        await trio.sleep(10)
        return {"type": "http.request", "body": bytes(100), "more_body": True}

    body = Body(receive, silence_s=15, least_rate=50)
    count = 0
    while (await body.receive())["type"] == "http.request":
        count += 1
    assert body.is_silent
    assert (count, trio.current_time()) == (2, BODY_GRACE_S + 2 * 100 / 50)


async def test_a_body_that_comes_fast_enough_may_come_for_ever(autojump_clock):
    async def receive():
        await trio.sleep(10)
        return {"type": "http.request", "body": bytes(600), "more_body": True}

    body = Body(receive, silence_s=15, least_rate=50)
    for _ in range(1_000):
        assert (await body.receive())["type"] == "http.request"


async def test_time_that_passes_for_want_of_room_is_not_the_clients(autojump_clock):
    current = Exchange(request_id="r", method="POST", path="/")
    current.intake = intake = Intake()

    async def receive():
        return {"type": "http.request", "body": bytes(ROOM_BYTES), "more_body": True}

    async def take_slowly():
        while True:
            await trio.sleep(100)
            await anext(intake)

    body = Body(receive, current, silence_s=15, least_rate=10**9)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_slowly)
        for _ in range(5):
            message = await body.receive()
            assert message["type"] == "http.request"
            intake.append(message["body"])
        nursery.cancel_scope.cancel()
    assert trio.current_time() >= 400


async def test_after_the_body_the_client_may_be_silent(autojump_clock):
    pieces = [{"type": "http.request", "body": b"a"}]

    async def receive():
        if pieces:
            return pieces.pop()
        await trio.sleep(100)
        return {"type": "http.disconnect"}

    body = Body(receive, silence_s=15)
    await body.receive()
    assert (await body.receive())["type"] == "http.disconnect"
    assert not body.is_silent


async def test_the_trace_stands_in_the_answer():
    sent = []

    async def send(message):
        sent.append(message)

    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    current = Exchange(request_id="r", method="GET", path="/", trace=trace_of([parent], ["a=b"]))
    answer = Outgoing(send, current, more=[(b"vary", b"Origin")])
    room = WaitingRoom(places=1, chairs=0, patience_s=0)
    with await room.take() as current.place, serving(current):
        assert room.statistics().working == 1
        await answer.send({"type": "http.response.start", "status": 200, "headers": []})
        assert room.statistics().working == 0
        await answer.send({"type": "http.response.body", "body": b"x"})
        assert len(sent) == 1
        await answer.finish()

    headers = dict(sent[0]["headers"])
    assert headers[b"traceparent"].startswith(b"00-4bf92f3577b34da6a3ce929d0e0e4736-")
    assert (headers[b"tracestate"], headers[b"vary"]) == (b"a=b", b"Origin")
    assert (answer.whole, answer.sent_bytes) == (True, 1)


async def test_a_body_that_was_not_announced_is_not_waited_for():
    async def receive():
        return {"type": "http.request", "body": b""}

    body = Body(receive, silence_s=0, is_empty=True)
    assert (await body.receive())["type"] == "http.request"
    assert not body.is_silent
