"""What a person, or a machine, reads on standard error."""

import json
import logging
import secrets
import threading

import pytest
import structlog
import trio
from hpack import Decoder, Encoder

from actors.config import Config
from actors.errors import ConfigurationError
from actors.journal import Journal, Reader
from web.logs import JournalHandler, configure_logs


def test_a_line_of_json_holds_the_event_and_its_values(capsys):
    configure_logs(Config(log_format="json"))
    structlog.get_logger("rookery.test").warning("file_unreadable", path="a\nb")
    line = capsys.readouterr().err

    assert line.count("\n") == 1
    assert json.loads(line)["path"] == "a\nb"


def test_a_name_with_a_line_break_stays_on_its_line(capsys):
    configure_logs(Config(log_format="text"))
    structlog.get_logger("rookery.test").warning("file_unreadable", path="a\nb")

    assert capsys.readouterr().err.count("\n") == 1


def test_lower_levels_are_left_out(capsys):
    configure_logs(Config(log_level="warning"))
    structlog.get_logger("rookery.test").info("quiet")

    assert capsys.readouterr().err == ""


def test_no_header_of_http2_is_logged_at_any_level(capsys):
    configure_logs(Config(log_level="debug"), journal := Journal())
    token = secrets.token_hex()
    Decoder().decode(Encoder().encode([("authorization", f"Bearer {token}")]))
    logging.getLogger("rookery.test").debug("quiet")

    assert token not in capsys.readouterr().err
    assert [entry.line.message for entry in journal.kept()] == ["quiet"]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_is_foreseen_is_told_without_a_traceback_and_the_rest_with_one(capsys, log_format):
    configure_logs(Config(log_format=log_format))
    for error in (ConfigurationError("the port is taken"), RuntimeError("a slip")):
        logging.getLogger("supervision").error("it ended", exc_info=error)
    foreseen, _, unforeseen = capsys.readouterr().err.partition("\n")

    assert "Traceback" not in foreseen
    assert "a slip" in unforeseen
    assert "_Traceback" not in unforeseen


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_never_holds_the_values_of_variables(capsys, log_format):
    configure_logs(Config(log_format=log_format))
    password = secrets.token_hex()

    def connect(url):
        raise RuntimeError("a slip")

    try:
        connect(f"postgresql://rook:{password}@db/music")
    except RuntimeError:
        logging.getLogger("supervision").exception("it ended")
    said = capsys.readouterr().err

    assert "a slip" in said
    assert password not in said


@pytest.mark.parametrize(
    "status,shown,hidden",
    [
        (200, " GET /api/v1/tracks 200 ", ("request_id", "whole", "user")),
        (None, " left ", ()),
        (503, "request_id=r1", ("trace_id",)),
    ],
)
def test_a_request_is_a_short_line_for_people_and_a_whole_one_for_machines(capsys, status, shown, hidden):
    told = {
        "method": "GET",
        "path": "/api/v1/tracks",
        "route": "/api/v1/tracks",
        "status": status,
        "whole": True,
        "ms": 1.5,
    }
    told |= {"request_id": "r1", "trace_id": "t1", "client": "127.0.0.1", "user": None}
    configure_logs(Config(log_format="text"))
    structlog.get_logger("rookery.access").info("request", **told)
    line = capsys.readouterr().err

    assert shown in line
    assert not any(f"{name}=" in line for name in hidden)
    configure_logs(Config(log_format="json"))
    structlog.get_logger("rookery.access").info("request", **told)
    assert json.loads(capsys.readouterr().err).items() >= told.items()


@pytest.fixture
def journal():
    return Journal()


def kept(journal):
    return [entry.line for entry in journal.kept()]


def test_what_is_written_for_people_is_kept_too_and_nothing_else(journal, capsys):
    configure_logs(Config(log_level="info"), journal)
    structlog.get_logger("rookery.test").warning("file_unreadable", path="a\nb", request_id="r1")
    structlog.get_logger("rookery.test").debug("quiet")
    logging.getLogger("supervision").info("%s restarts", "rookery/web")
    first, second = kept(journal)

    assert (first.level.word, first.logger, first.message) == ("warning", "rookery.test", "file_unreadable")
    assert (first.request_id, first.fields) == ("r1", {"path": "a\nb"})
    assert (second.logger, second.message, second.fields) == ("supervision", "rookery/web restarts", {})
    assert capsys.readouterr().err.count("\n") == 2


def test_what_is_kept_has_a_traceback_where_the_terminal_has_one(journal, capsys):
    configure_logs(Config(), journal)
    for error in (ConfigurationError("the port is taken"), RuntimeError("a slip")):
        logging.getLogger("supervision").error("it ended", exc_info=error)
        structlog.get_logger("rookery.web").error("failed", exc_info=error)

    def slip():
        raise RuntimeError("a third")

    try:
        slip()
    except RuntimeError:
        structlog.get_logger("rookery.web").exception("failed")

    tracebacks = [line.traceback for line in kept(journal)]
    assert tracebacks[:2] == [None, None]
    assert all("a slip" in told for told in tracebacks[2:4])
    assert "a third" in tracebacks[4]
    assert kept(journal)[4].fields == {}


def test_no_traceback_that_is_kept_holds_the_values_of_variables(journal, capsys):
    configure_logs(Config(), journal)
    password = secrets.token_hex()

    def connect(url):
        raise RuntimeError("a slip")

    try:
        connect(f"postgresql://rook:{password}@db/music")
    except RuntimeError:
        logging.getLogger("supervision").exception("it ended")

    assert password not in kept(journal)[0].traceback


def test_what_a_value_logs_when_it_is_shown_goes_no_further(journal):
    log = logging.Logger("rookery.test")  # noqa: LOG001 — one of its own, whose handlers nobody else has
    log.addHandler(JournalHandler(journal))

    class Chatty:
        def __repr__(self):
            log.warning("shown: %r", self)
            return "chatty"

    log.warning("%r", Chatty())
    log.warning("after")

    assert [(entry.number, entry.line.message) for entry in journal.kept()] == [(2, "chatty"), (3, "after")]


def test_a_line_that_cannot_be_kept_fails_nobody_and_is_counted(journal):
    handler = JournalHandler(journal)
    handler.handle(logging.makeLogRecord({"name": "x", "levelno": 20, "msg": "m", "created": 1e300}))
    handler.handle(logging.makeLogRecord({"name": "x", "levelno": 20, "msg": "m"}))

    assert [entry.number for entry in journal.kept()] == [2]


async def test_of_what_threads_log_at_once_every_line_is_kept_or_counted_as_lost(journal):
    log = logging.Logger("rookery.test")  # noqa: LOG001 — as above
    log.addHandler(JournalHandler(journal))
    threads, each = 4, 400
    begin, reader = threading.Barrier(threads), Reader(journal)

    def write():
        begin.wait(20)
        for number in range(each):
            log.info("line %d", number)

    async with trio.open_nursery() as nursery:
        for _ in range(threads):
            nursery.start_soon(trio.to_thread.run_sync, write)
        with trio.fail_after(20):
            while reader.given + reader.lost < threads * each:
                await reader.take()

    assert reader.given + reader.lost == journal.newest == threads * each
