"""The rival: a broadcast over WebSockets as FastAPI's own documentation shows it; each line on the input publishes so many messages."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

PAYLOAD = {"track": {"id": "0197f0b2c4a87c3e", "title": "Blue Heron", "artist": "Ada Vale"}}

connections: set[WebSocket] = set()


async def publish() -> None:
    """Send what the input asks for to everyone."""
    numbers = count(1)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        for _ in range(int(line)):
            message = {
                "type": "TRACK_ADDED",
                "payload": PAYLOAD,
                "requestId": None,
                "timestamp": datetime.now(UTC).isoformat(),
                "version": "1.0",
                "seq": next(numbers),
            }
            for connection in list(connections):
                await connection.send_json(message)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Publish as long as the app runs."""
    task = asyncio.create_task(publish())
    yield
    task.cancel()


app = FastAPI(lifespan=lifespan)


@app.websocket("/ws")
async def socket(connection: WebSocket) -> None:
    """One listener."""
    await connection.accept()
    connections.add(connection)
    try:
        while True:
            await connection.receive_text()
    except WebSocketDisconnect:
        connections.discard(connection)
