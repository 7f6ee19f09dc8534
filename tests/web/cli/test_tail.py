"""`rookery tail`, run as a process."""

import json
import signal

import pytest
import trio

from actors.model.event import NewEvent
from actors.model.user import Role

TRACK = {"title": "Low Tide", "artist": "Ana", "features": None}


async def publish(services, *types):
    events = [NewEvent(type=type_, payload={"track": TRACK}) for type_ in types]
    newest = await services.store.events.add(*events)
    services.feed.publish(await services.store.events.after(services.feed.newest, 1_000))
    return list(range(newest - len(types) + 1, newest + 1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_prints_each_message_as_json_and_ends_cleanly(served, command, number):
    seqs = await publish(served.services, "TRACK_ADDED", "TRACK_UPDATED")
    tail = await command("tail", "--url", served.url, "--json", "--since", str(seqs[0] - 1))
    heard = [json.loads(await tail.line()) for _ in seqs]
    tail.process.send_signal(number)
    with trio.fail_after(10):
        await tail.process.wait()

    assert [message["seq"] for message in heard] == seqs
    assert tail.process.returncode == 0


async def test_it_prints_lines_for_people(served, command):
    seqs = await publish(served.services, "TRACK_ADDED")
    tail = await command("tail", "--url", served.url, "--since", str(seqs[0] - 1), "--topics", "tracks")

    assert (await tail.line()).endswith("added       Low Tide · Ana")


async def test_an_unknown_topic_is_refused(command):
    tail = await command("tail", "--topics", "tracks,weather")
    with trio.fail_after(20):
        await tail.process.wait()

    assert tail.process.returncode == 2
    assert b"weather; there are tracks" in await tail.process.stderr.receive_some()


async def test_one_that_is_no_rookery_is_an_error(served, command):
    tail = await command("tail", "--url", f"{served.url}/elsewhere")
    with trio.fail_after(20):
        await tail.process.wait()

    assert tail.process.returncode == 1
    assert b"refuses: status 404" in await tail.process.stderr.receive_some()


async def test_with_accounts_a_token_is_needed_and_topics_that_are_not_allowed_are_told(peopled, command):
    url, token = peopled.served.url, peopled.tokens[Role.LISTENER]
    refused = await command("tail", "--url", url)
    with trio.fail_after(20):
        await refused.process.wait()
    assert refused.process.returncode == 1
    assert b"asks who you are: show a token or key with --token" in await refused.process.stderr.receive_some()
    stale = await command("tail", "--url", url, "--token", "rt_nobody")
    with trio.fail_after(20):
        await stale.process.wait()
    assert b"lets nobody in" in await stale.process.stderr.receive_some()

    tail = await command("tail", "--url", url, "--token", token, "--topics", "tracks,logs", "--json")
    told = b""
    with trio.fail_after(20):
        while b"administrators only" not in told:
            told += await tail.process.stderr.receive_some()
    assert b"following" in told
