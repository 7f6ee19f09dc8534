"""The page, in a real browser: it outlives the end of its server, with nothing missing and nothing twice, and serves the keyboard."""

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
COUNT = "const plain = window.fetch; window.asked = 0; window.fetch = (...all) => (window.asked++, plain(...all));"
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


@pytest.mark.browser
async def test_a_removal_taken_back_puts_the_keyboard_on_the_track_again(serve, recordings, music, data_dir, tmp_path):
    assert CHROMIUM is not None
    shutil.copy(recordings[0], music / "01 Heron.mp3")
    with trio.fail_after(LIMIT_S):
        async with serve(music, data_dir) as rookery:
            (track,) = (await rookery.until_analyzed(1)).values()
            async with browsing(CHROMIUM, tmp_path / "profile") as tab:
                await tab.tell("Page.navigate", url=f"{rookery.url}/")
                await tab.until("document.querySelector('#rows .more button') !== null")
                await tab.value("document.querySelector('#rows .more button').click()")
                await tab.until("document.querySelector('#details').open")
                await tab.value("document.querySelector('#details-remove').click()")
                await tab.until("document.activeElement.id === 'undo' && !document.querySelector('#rows tr')")
                await tab.value("document.activeElement.click()")
                await tab.until(f"document.activeElement.ariaLabel === {'Details of ' + track['title']!r}")


@pytest.mark.browser
async def test_nothing_is_asked_behind_the_login(serve, music, data_dir, tmp_path):
    assert CHROMIUM is not None
    with trio.fail_after(LIMIT_S):
        async with serve(music, data_dir) as rookery:
            account = {"name": "ada", "password": "correct horse battery", "role": "admin"}
            (await rookery.client.post("/api/v1/users", json=account)).raise_for_status()
            async with browsing(CHROMIUM, tmp_path / "profile") as tab:
                await tab.tell("Page.enable")
                await tab.tell("Page.addScriptToEvaluateOnNewDocument", source=COUNT)
                await tab.tell("Page.navigate", url=f"{rookery.url}/")
                await tab.until("document.querySelector('#login')?.open")
                await tab.until("document.querySelector('#link').dataset.state === 'shut'")
                asked = await tab.value("window.asked")
                await tab.value("document.dispatchEvent(new Event('visibilitychange'))")
                await tab.value("new Promise((done) => setTimeout(done))")

                assert asked > 0
                assert await tab.value("window.asked") == asked


@pytest.mark.browser
async def test_while_the_server_is_away_the_tree_is_what_was_last_seen(serve, music, data_dir, tmp_path):
    assert CHROMIUM is not None
    with trio.fail_after(LIMIT_S):
        async with serve(music, data_dir) as rookery, browsing(CHROMIUM, tmp_path / "profile") as tab:
            await tab.tell("Page.navigate", url=f"{rookery.url}/")
            await tab.until("document.querySelector('#tree-summary')?.textContent === 'all running'")
            assert await rookery.stop() == 0
            await tab.until("document.querySelector('#tree.is-past') !== null")

            assert await tab.value("document.querySelector('#tree-summary').textContent") == "as last seen"
