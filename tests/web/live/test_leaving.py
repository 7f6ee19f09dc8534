"""What a client said before it left, on Quart's side of a WebSocket."""

import pytest
import trio
from quart import websocket
from quart_trio import QuartTrio

from web.live.leaving import LEAVING_S, Connection


@pytest.fixture
def heard():
    return []


@pytest.fixture
def connection(heard):
    """A handler that reads slowly, on a client's connection."""
    app = QuartTrio("test")

    @app.websocket("/ws")
    async def listen():
        await websocket.accept()
        try:
            while True:
                await trio.sleep(0.1)
                heard.append(await websocket.receive())
        except trio.EndOfChannel:
            heard.append("left")
            if "stay" in heard:
                await trio.sleep_forever()

    scope = {"type": "websocket", "path": "/ws", "headers": [(b"host", b"here")], "query_string": b"", "scheme": "ws"}
    return Connection(app, scope)


def saying(*messages):
    """The server's side of a client that says so much and leaves at once."""
    events = [{"type": "websocket.connect"}, *({"type": "websocket.receive", **message} for message in messages)]

    async def receive():
        await trio.lowlevel.checkpoint()
        return events.pop(0) if events else {"type": "websocket.disconnect", "code": 1000}

    return receive


async def send(event):
    await trio.lowlevel.checkpoint()


async def test_a_handler_reads_everything_that_was_said_and_then_the_end(connection, heard, autojump_clock):
    await connection(saying({"text": "1"}, {"text": "", "bytes": None}, {"bytes": b""}, {"text": "2"}), send)

    assert heard == ["1", "", b"", "2", "left"]


async def test_a_handler_that_stays_is_ended(connection, heard, autojump_clock):
    await connection(saying({"text": "stay"}), send)

    assert heard == ["stay", "left"]
    assert trio.current_time() == pytest.approx(LEAVING_S, abs=0.2)
