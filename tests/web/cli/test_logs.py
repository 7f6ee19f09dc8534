"""`rookery logs`, run as a process, and a follower of the log that outlives every break."""

import json
import signal
from datetime import UTC, datetime

import pytest
import trio

from actors.journal import Journal
from actors.model.log_line import Level, LogLine
from actors.model.user import Role
from tests.web.cli.listener import Listener
from web.cli.following import RefusedError
from web.cli.logs import LogFollowing


def write(services, message, level=Level.WARNING, logger="rookery.test"):
    services.journal.add(LogLine(at=datetime.now(UTC), level=level, logger=logger, message=message))


class Told(Listener):
    """What a follower told."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def take(self, text, message):
        self.messages.append(message["payload"]["message"])
        self.news.set()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def following(told, served):
    return lambda **others: LogFollowing(
        **{"url": served.url, "level": "info", "tail": 10, "take": told.take, "say": told.say, **others}
    )


async def follow(nursery, following):
    """Start it; gives what ends it."""
    scope = trio.CancelScope()

    async def run():
        with scope:
            await following.run()

    nursery.start_soon(run)
    return scope


async def test_it_begins_with_the_last_lines_and_goes_on(served, following, told):
    for number in range(3):
        write(served.services, f"old {number}")
    async with trio.open_nursery() as nursery:
        scope = await follow(nursery, following(tail=2))
        await told.until(lambda: len(told.messages) == 2)
        write(served.services, "new")
        await told.until(lambda: len(told.messages) == 3)
        scope.cancel()

    assert told.messages == ["old 1", "old 2", "new"]


async def test_a_line_ends_only_where_the_service_ends_it(served, following, told):
    text = "ab\u2028c\x85d\x1ce\u2029"
    async with trio.open_nursery() as nursery:
        scope = await follow(nursery, following())
        write(served.services, text)
        await told.until(lambda: told.messages)
        scope.cancel()

    assert told.messages == [text]


@pytest.mark.parametrize("tail", [0, 10])
async def test_after_a_break_it_goes_on_where_it_was(served, following, told, tail):
    write(served.services, "before")
    async with trio.open_nursery() as nursery:
        one = following(tail=tail, pauses=iter([0.0, 0.0]))
        scope = await follow(nursery, one)
        await told.until(lambda: tail == 0 or told.messages)
        with trio.fail_after(20):
            while one._place is None:  # noqa: ASYNC110 — nobody is told of it
                await trio.sleep(0.01)
        scope.cancel()
        write(served.services, "meanwhile")
        scope = await follow(nursery, one)
        await told.until(lambda: "meanwhile" in told.messages)
        scope.cancel()

    assert told.messages == [*(["before"] if tail else []), "meanwhile"]


async def test_of_a_service_that_was_started_again_it_tells_everything(served, following, told):
    write(served.services, "old run")
    one = following()
    async with trio.open_nursery() as nursery:
        scope = await follow(nursery, one)
        await told.until(lambda: told.messages)
        scope.cancel()
        object.__setattr__(served.services, "journal", Journal())
        for number in range(30):
            write(served.services, f"new {number}")
        scope = await follow(nursery, one)
        await told.until(lambda: len(told.messages) == 31)
        scope.cancel()

    assert told.messages == ["old run", *(f"new {number}" for number in range(30))]


async def test_a_service_that_is_away_is_tried_again_and_said(following, told):
    async with trio.open_nursery() as nursery:
        scope = await follow(nursery, following(url="http://127.0.0.1:1", pauses=iter([0.0, 60.0])))
        await told.until(lambda: len(told.notes) == 2)
        scope.cancel()

    assert "http://127.0.0.1:1 is away (" in told.notes[0]
    assert told.notes[1].endswith("trying again in 60.0 s")


async def test_a_goodbye_says_when_to_come_back(served, following, told):
    async with trio.open_nursery() as nursery:
        one = following()
        scope = await follow(nursery, one)
        write(served.services, "there")
        await told.until(lambda: told.messages)
        served.services.stopping.set()
        await told.until(lambda: len(told.notes) == 2)
        scope.cancel()

    assert told.notes[0] == f"following the log of {served.url}"
    assert "is away (the log ended); trying again in " in told.notes[1]


async def test_what_will_not_help_is_not_tried_again(peopled, following):
    url = peopled.served.url
    listener = peopled.tokens[Role.LISTENER]
    for given, said in (
        ({}, "asks who you are"),
        ({"token": "rt_nobody"}, "lets nobody in"),
        ({"token": listener}, "shows its log to administrators only"),
        ({"token": listener, "url": f"{url}/elsewhere"}, "status 404"),
    ):
        with pytest.raises(RefusedError, match=said):
            await following(**{"url": url, **given}).run()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_lines_for_people_and_ends_cleanly(served, command, number):
    write(served.services, "too small", Level.INFO)
    write(served.services, "of another", Level.ERROR, "supervision")
    write(served.services, "a fault", Level.ERROR, "rookery.web")
    logs = await command("logs", "--url", served.url, "--level", "warning", "--logger", "rookery")
    line = await logs.line()
    logs.process.send_signal(number)
    with trio.fail_after(10):
        await logs.process.wait()

    assert line.endswith("error    rookery.web  a fault")
    assert logs.process.returncode == 0


async def test_it_prints_each_line_as_json(served, command):
    write(served.services, "a\x1b[2Jb")
    logs = await command("logs", "--url", served.url, "--json", "-n", "1")
    text = await logs.line()

    assert "\x1b" not in text
    assert json.loads(text)["payload"]["message"] == "a\x1b[2Jb"
