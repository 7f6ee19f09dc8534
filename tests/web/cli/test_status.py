"""`rookery status`, and what it does between its looks."""

import json
import os
import signal
from functools import partial

import hypercorn
import pytest
import trio

from actors.model.user import Role
from tests.web.cli.parts import actor, supervisor
from web.application import create_app
from web.cli.status import AwayError, NoPartError, Watching, found
from web.serving import serve


async def test_once_as_json(served, command):
    status = await command("status", "--url", served.url, "--once", "--json")
    tree = json.loads(await status.line())
    with trio.fail_after(10):
        await status.process.wait()

    assert tree["root"]["name"] == "rookery"
    assert status.process.returncode == 0


async def test_once_as_a_tree(served, command):
    status = await command("status", "--url", served.url, "--once")
    lines = [await status.line() for _ in range(6)]

    assert lines[0].strip().endswith("parts run")
    assert lines[1].strip() == "live feed: nobody"
    assert lines[2].split()[:2] == ["state", "waiting"]
    assert [text.split("● ")[1].split()[0] for text in lines[3:]] == ["rookery", "pipeline", "watcher"]


async def test_one_part_in_detail(served, command):
    status = await command("status", "watcher", "--url", served.url, "--once")
    lines = [await status.line() for _ in range(2)]

    assert lines[0].strip() == "● rookery/pipeline/watcher"
    assert lines[1].split(maxsplit=1)[1].startswith("running, life 1")


async def test_a_part_that_is_not_there_is_an_error(served, command):
    status = await command("status", "wacher", "--url", served.url)
    with trio.fail_after(20):
        await status.process.wait()

    assert status.process.returncode == 1
    assert b"no part is wacher; there is rookery/pipeline/watcher" in await status.process.stderr.receive_some()


def test_a_part_is_found_by_the_end_of_its_path():
    a, b = actor("a"), {**actor("a"), "path": "rookery/below/a"}
    root = supervisor("rookery", a, supervisor("below", b))

    assert found(root, "rookery/a") is found(root, "/rookery/a/") is a
    assert found(root, "below/a") is b
    with pytest.raises(NoPartError, match="there are rookery/a, rookery/below/a"):
        found(root, "a")
    with pytest.raises(NoPartError, match="there are rookery, rookery/a"):
        found(root, "nothing like it")


async def test_it_goes_on_until_it_is_interrupted(served, command):
    status = await command("status", "--url", served.url, "--json")
    await status.line()
    await status.line()
    status.process.send_signal(signal.SIGINT)
    with trio.fail_after(10):
        await status.process.wait()

    assert status.process.returncode == 0


async def test_on_a_terminal_the_tree_is_drawn_again_and_again(served, command):
    terminal, end = os.openpty()
    status = await command("status", "--url", served.url, stdout=end)
    os.close(end)
    drawn = b""
    with trio.fail_after(20):
        while drawn.count(b"rookery") < 2:
            await trio.lowlevel.wait_readable(terminal)
            drawn += os.read(terminal, 65536)
    status.process.send_signal(signal.SIGINT)
    with trio.fail_after(10):
        await status.process.wait()
    os.close(terminal)

    assert status.process.returncode == 0
    assert "●".encode() in drawn


async def test_once_with_nobody_there_is_an_error(command):
    status = await command("status", "--url", "http://127.0.0.1:1", "--once")
    with trio.fail_after(20):
        await status.process.wait()

    assert status.process.returncode == 1
    assert b"http://127.0.0.1:1 is away" in await status.process.stderr.receive_some()


async def test_one_that_is_no_rookery_is_said(served):
    watching = Watching(url=f"{served.url}/elsewhere", show=lambda tree, note: None)
    with pytest.raises(AwayError, match="answers 404"):
        await watching.once()


async def test_away_keeps_the_last_tree_and_says_so(served, nursery):
    shown = []
    settings = hypercorn.Config()
    settings.bind, settings.graceful_timeout, settings.loglevel = ["127.0.0.1:0"], 0.5, "CRITICAL"
    stop, seen = trio.Event(), trio.Event()
    (url,) = await nursery.start(partial(serve, create_app(served.services), settings, shutdown_trigger=stop.wait))

    def show(tree, note):
        shown.append((tree, note))
        stop.set()
        if note is not None:
            seen.set()

    nursery.start_soon(Watching(url=url, show=show, every_s=0.01).run)
    with trio.fail_after(10):
        await seen.wait()
    nursery.cancel_scope.cancel()

    assert shown[0][1] is None
    assert shown[-1][0].told["root"]["name"] == "rookery"
    assert shown[-1][1].endswith("trying again")


async def test_with_accounts_a_token_is_needed(peopled, command):
    url, token = peopled.served.url, peopled.tokens[Role.ADMIN]
    refused = await command("status", "--url", url, "--once")
    with trio.fail_after(20):
        await refused.process.wait()
        told = await refused.process.stderr.receive_some()
    assert refused.process.returncode == 1
    assert b"ROOKERY_TOKEN" in told

    status = await command("status", "--url", url, "--once", "--json", "--token", token)
    assert "rookery" in await status.line()
