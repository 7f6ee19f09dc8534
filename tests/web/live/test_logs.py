"""What the service logs, on the socket and as a stream of its own: real sockets. Who may hear it: see the tests of the door."""

import logging
from datetime import UTC, datetime

import pytest
import trio

from actors.journal import Journal
from actors.model.log_line import Level, LogLine
from web.live.logs import wanted
from web.logs import JournalHandler

LOGS = "/api/v1/logs"


def texts(messages):
    return [message["payload"]["message"] for message in messages]


async def test_a_stream_begins_with_the_last_lines_and_goes_on(live):
    async with live() as here:
        for number in range(5):
            here.log(f"old {number}")
        async with here.stream(f"{LOGS}?tail=2") as stream:
            first = await stream.messages(2)
            here.log("new", Level.ERROR)
            (second,) = await stream.messages(1)

    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert texts(first) == ["old 3", "old 4"]
    assert second["type"] == "LOG"
    assert "seq" not in second
    assert second["payload"] == {
        "line": 6,
        "level": "error",
        "logger": "rookery.test",
        "message": "new",
        "requestId": None,
        "fields": {},
        "traceback": None,
        "dropped": 0,
    }


async def test_a_line_has_its_place_as_id_and_one_who_comes_back_goes_on_behind_it(live):
    async with live() as here:
        here.log("one")
        async with here.stream(LOGS) as stream:
            lines = [await stream.line() for _ in range(5)]
        here.log("two")
        place = lines[3].removeprefix("id: ")
        async with here.stream(LOGS, **{"Last-Event-ID": place}) as stream:
            assert [await stream.line() for _ in range(4)] == ["retry: 2000", ": rookery", f"id: {place}", ""]
            assert texts(await stream.messages(1)) == ["two"]
        run, number = place.split("-")
        for other in (f"{'0' * 8}-{number}", f"{run}-999", "x", "9" * 5_000):
            async with here.stream(f"{LOGS}?tail=1", **{"Last-Event-ID": other}) as stream:
                known = other.count("-") == 1
                assert texts(await stream.messages(1)) == (["one"] if known else ["two"]), other

    assert lines[:3] == ["retry: 2000", ": rookery", ""]
    assert (run, number) == (here.services.journal.run, "1")
    assert lines[4] == "event: LOG"


async def test_one_who_leaves_before_the_first_line_knows_where_to_go_on(live):
    async with live() as here:
        here.log("before")
        async with here.stream(f"{LOGS}?tail=0") as stream:
            opening = [await stream.line() for _ in range(3)]
        here.log("after")
        async with here.stream(f"{LOGS}?tail=0", **{"Last-Event-ID": opening[2].removeprefix("id: ")}) as stream:
            assert texts(await stream.messages(1)) == ["after"]


async def test_lines_are_chosen_by_level_and_logger(live):
    async with live() as here:
        for level in Level:
            here.log(level.word, level, "rookery.web")
        here.log("other", Level.ERROR, "rookery.website")
        here.log("below", Level.INFO, "rookery.web.live")
        here.log("last", Level.CRITICAL, "rookery.web")

        async def heard(query):
            async with here.stream(f"{LOGS}?{query}") as stream:
                messages = []
                while "last" not in messages:
                    messages += texts(await stream.messages(1))
                return messages

        assert await heard("") == ["info", "warning", "error", "critical", "other", "below", "last"]
        assert await heard("level=error") == ["error", "critical", "other", "last"]
        assert (await heard("level=debug&logger=rookery.web"))[0] == "debug"
        assert await heard("level=info&logger=rookery.web&tail=3") == ["critical", "below", "last"]


def test_a_logger_is_wanted_with_those_below_it():
    is_wanted = wanted(Level.INFO, "rookery")

    def line(logger, level=Level.INFO):
        return LogLine(at=datetime.now(UTC), level=level, logger=logger, message="m")

    assert is_wanted(line("rookery"))
    assert is_wanted(line("rookery.web"))
    assert not is_wanted(line("rookeries"))
    assert not is_wanted(line("rookery", Level.DEBUG))
    assert wanted(Level.INFO, None)(line("supervision"))


@pytest.mark.parametrize(
    "query,field",
    [("level=loud", "level"), ("tail=-1", "tail"), ("tail=1001", "tail"), ("tail=x", "tail"), ("color=red", "color")],
)
async def test_bad_parameters_are_refused_by_name(live, refused, query, field):
    async with live() as here:
        told = refused(await here.client.get(f"{LOGS}?{query}"), 422, "VALIDATION_ERROR")

    assert [error["field"] for error in told["errors"]] == [field]


async def test_shutdown_ends_a_stream_with_goodbye(live):
    async with live() as here, here.stream(LOGS) as stream:
        here.services.stopping.set()
        here.stop.set()

        assert [message["type"] for message in await stream.messages()] == ["GOODBYE"]


async def test_a_comment_comes_when_nothing_else_does(live):
    async with live(stream_heartbeat_s=0.05) as here, here.stream(LOGS) as stream:
        comments = 0
        while comments < 3:
            comments += await stream.line() == ":"


async def test_what_was_passed_over_is_not_told_as_lost_to_one_who_comes_back(live):
    async with live(stream_heartbeat_s=0.05, journal=Journal(lines=10)) as here:
        async with here.stream(f"{LOGS}?level=error") as stream:
            for _ in range(8):
                here.log("of no interest")
            place = ""
            with trio.fail_after(10):
                while place != f"{here.services.journal.run}-8":
                    line = await stream.line()
                    place = line.removeprefix("id: ") if line.startswith("id: ") else place
        for _ in range(8):
            here.log("of no interest")
        async with here.stream(f"{LOGS}?level=error", **{"Last-Event-ID": place}) as stream:
            here.log("grave", Level.ERROR)
            (told,) = await stream.messages(1)

    assert told["payload"]["message"] == "grave"
    assert told["payload"]["dropped"] == 0


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/events.ndjson"])
async def test_the_streams_of_the_feed_tell_lines_to_administrators_who_name_them(live, path):
    async with live() as here:
        async with here.stream(path) as stream:
            await stream.line()  # so that it has begun
            here.log("unasked")
            await here.tell("TRACK_ADDED")
            assert [message["type"] for message in await stream.messages(1)] == ["TRACK_ADDED"]
        async with here.stream(f"{path}?topics=logs") as stream:
            await stream.line()
            here.log("asked")
            assert texts(await stream.messages(1)) == ["asked"]


async def test_a_reader_who_takes_nothing_holds_no_memory_and_is_told_what_it_lost(live):
    journal = Journal(lines=100)
    async with live(stall_s=60, journal=journal) as here, here.stream(f"{LOGS}?tail=0") as stream:
        await stream.line()
        (seen,) = here.services.connections.all()
        with trio.fail_after(20):
            # What is sent is not taken, until the connection takes no more.
            while seen.log.statistics(now=datetime.now(UTC)).lag_messages < 10_000:
                for number in range(50):
                    here.log(f"{number} {'x' * 1_900}")
                await trio.sleep(0.001)
        newest = journal.newest
        given = dropped = 0
        while given + dropped < newest:
            (message,) = await stream.messages(1)
            assert message["payload"]["line"] == given + dropped + message["payload"]["dropped"] + 1
            given, dropped = given + 1, dropped + message["payload"]["dropped"]

    assert dropped == journal.lost > 0


async def test_who_follows_the_log_is_seen_among_the_connections(live):
    async with live() as here, here.stream(f"{LOGS}?tail=0") as stream:
        await stream.line()
        here.log("one")
        await stream.messages(1)
        (seen,) = (await here.client.get("/api/v1/supervision/connections")).json()["data"]

    assert (seen["kind"], seen["topics"], seen["seq"]) == ("sse", ["logs"], None)
    assert (seen["sent"], seen["dropped"], seen["lag"]["messages"]) == (1, 0, 0)


async def test_following_the_log_at_its_finest_makes_no_lines(live):
    journal = Journal()
    root = logging.getLogger()
    handler, level = JournalHandler(journal), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        async with (
            live(stream_heartbeat_s=0.05, journal=journal) as here,
            here.stream(f"{LOGS}?level=debug&tail=0") as stream,
            here.stream("/api/v1/events?topics=logs") as other,
        ):
            await stream.line()
            await other.line()
            before = journal.newest
            for number in range(20):
                here.log(f"line {number}")
            heard = await stream.messages(20)
            await other.messages(20)
            comments = 0
            while comments < 3:
                comments += await stream.line() == ":"
            after = journal.newest
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

    assert texts(heard) == [f"line {number}" for number in range(20)]
    assert after == before + 20
