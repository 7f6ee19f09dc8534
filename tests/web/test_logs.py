"""What a person, or a machine, reads on standard error."""

import json
import logging
import secrets

import pytest
import structlog

from actors.config import Config
from actors.errors import ConfigurationError
from web.logs import configure_logs


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
