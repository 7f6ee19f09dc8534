"""The page, in a real browser, outlives the end of its server: nothing is missing, and nothing comes twice."""

import os
import shutil
import signal
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from tests.conftest import CHROMIUM
from tests.flow.browser import browsing
from tests.flow.kept import Kept, free_port
from tests.web.suites.follower import Follower, Leg

LIMIT_S = 150
TOPICS = ("tracks", "progress", "supervision")
"""What the page asks for."""
LISTEN = """
const Plain = WebSocket;
window.told = [];
window.WebSocket = class extends Plain {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", ({ data }) => window.told.push(JSON.parse(data)));
  }
};
"""
"""Keeps what the page is told; gone if it were loaded anew."""
PICTURES = os.environ.get("ROOKERY_TEST_PICTURES")
"""A folder for pictures of what is seen, for people."""


@pytest.mark.browser
async def test_the_page_follows_a_server_that_is_restarted_and_one_that_is_killed(
    serve, recordings, music, data_dir, tmp_path
):
    assert CHROMIUM is not None
    port = free_port()
    node = Kept(port, lambda: serve(music, data_dir, "--port", str(port)))
    again = Follower(topics=TOPICS, seen=0, pruned=lambda: 0)
    files = [Path(path) for path in recordings[:6]]
    with trio.fail_after(LIMIT_S):
        async with trio.open_nursery() as serving:
            serving.start_soon(node.run)
            await node.is_up.wait()
            async with browsing(CHROMIUM, tmp_path / "profile") as tab:
                await tab.tell("Page.enable")
                await tab.tell("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)
                await tab.tell("Page.navigate", url=f"http://127.0.0.1:{port}/")
                await tab.until("window.told?.some(({ type }) => type === 'WELCOME')")
                for number, place in enumerate((None, signal.SIGTERM, signal.SIGKILL)):
                    if place is not None:
                        await node.restart(place)
                    for path in files[2 * number : 2 * number + 2]:
                        shutil.copy(path, music / path.name)
                        title = path.stem.partition(" ")[2]
                        await tab.until(f"document.body.innerText.includes({title!r})")
                    if PICTURES:
                        await tab.picture(Path(PICTURES) / f"page-{number}.png")
                told = [message for message in await tab.value("window.told") if "seq" in message]
                await again.go(port, Leg(transport="lines", node=0, most=told[-1]["seq"], ending="clean"))
            serving.cancel_scope.cancel()

    assert node.codes[:2] == [0, -signal.SIGKILL]
    assert all(before["seq"] < after["seq"] for before, after in pairwise(told))
    assert told == [heard.message for heard in again.heard if told[0]["seq"] <= heard.message["seq"] <= told[-1]["seq"]]
