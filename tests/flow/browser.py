"""Chromium without a window, told what to do by its DevTools protocol."""

import base64
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import httpx
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

MOST_BYTES = 32 * 1024 * 1024
LIMIT_S = 30


@attrs.define(eq=False)
class Tab:
    """One page of it."""

    socket: WebSocketConnection
    _numbers: count = attrs.field(factory=lambda: count(1))  # type: ignore[type-arg]  # of integers

    async def tell(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        await self.socket.send_message(json.dumps({"id": number, "method": method, "params": parameters}))
        with trio.fail_after(LIMIT_S):
            while (answer := json.loads(await self.socket.get_message())).get("id") != number:
                pass
        assert "error" not in answer, answer
        return answer["result"]

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page."""
        result = await self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until it is true."""
        with trio.fail_after(LIMIT_S):
            while not await self.value(expression):  # noqa: ASYNC110 — the protocol tells of no change of a value
                await trio.sleep(0.1)

    async def picture(self, path: Path) -> None:
        """Save what is seen, as PNG."""
        picture = base64.b64decode((await self.tell("Page.captureScreenshot"))["data"])
        await trio.Path(path).write_bytes(picture)


@asynccontextmanager
async def browsing(program: str, folder: Path) -> AsyncIterator[Tab]:
    """An empty page; the browser is killed at the end."""
    command = [
        program,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1280,800",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    process = await trio.lowlevel.open_process(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        said = b""
        with trio.fail_after(LIMIT_S):
            while b"DevTools listening on ws://" not in said or not said.endswith(b"\n"):
                said += await process.stderr.receive_some()
        port = int(said.partition(b"DevTools listening on ws://")[2].partition(b":")[2].partition(b"/")[0])
        async with httpx.AsyncClient() as client:
            pages = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
        url = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        async with open_websocket_url(url, max_message_size=MOST_BYTES) as socket:
            yield Tab(socket)
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            await process.stderr.aclose()
