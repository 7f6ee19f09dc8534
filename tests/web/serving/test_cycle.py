"""One request and its answer, where an app does what it should not."""

import pytest

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"ok"}


@pytest.mark.parametrize(
    "messages",
    [[BODY], [START, START], [START, BODY, BODY], [{"type": "http.nonsense"}]],
    ids=["no start", "two starts", "two ends", "nonsense"],
)
async def test_messages_out_of_order_are_the_apps_fault(connect, messages) -> None:
    raised = []

    async def wrong(scope, receive, send):
        try:
            for message in messages:
                await send(message)
        except RuntimeError as error:
            raised.append(error)
            raise

    async with connect(wrong) as peer:
        await peer.send(GET)
        await peer.rest()

    assert len(raised) == 1


async def test_receive_says_that_the_answer_is_out(connect) -> None:
    told = []

    async def app(scope, receive, send):
        await receive()
        await send(START)
        await send(BODY)
        told.append(await receive())

    async with connect(app) as peer:
        await peer.send(GET.replace(b"Host: a", b"Host: a\r\nConnection: close"))
        await peer.rest()

    assert told == [{"type": "http.disconnect"}]
