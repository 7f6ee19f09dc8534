"""A record of the log as a finished, bounded line."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import RookeryError
from actors.model.log_line import (
    FIELDS,
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    TRACEBACK_CHARACTERS,
    VALUE_CHARACTERS,
    VALUES_CHARACTERS,
    Entry,
    Heard,
    Level,
)
from actors.model.log_view import log_view
from web.log_lines import SAFE_INTEGER, line_of


class Silent:
    """Shows itself to nobody."""

    def __repr__(self):
        raise RuntimeError("no")


def record(msg, *args, **others):
    return logging.makeLogRecord({"name": "rookery.test", "levelno": logging.INFO, "msg": msg, "args": args, **others})


def event(text="event", **values):
    return record({"event": text, "level": "info", "logger": "rookery.test", "timestamp": "now", **values})


def raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_an_event_is_taken_apart():
    line = line_of(event("file_unreadable", request_id="r1", path="/a", ms=1.5, whole=True, size=3, user=None))

    assert (line.level, line.logger, line.message, line.request_id) == (
        Level.INFO,
        "rookery.test",
        "file_unreadable",
        "r1",
    )
    assert line.fields == {"path": "/a", "ms": 1.5, "whole": True, "size": 3, "user": None}
    assert line.traceback is None


def test_a_record_of_the_standard_library_is_its_text_at_its_time():
    line = line_of(record("%s of %d", "one", 2, created=1_772_366_400.5, levelno=35))

    assert (line.message, line.fields, line.level) == ("one of 2", {}, Level.WARNING)
    assert line.at == datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def test_arguments_that_do_not_fit_leave_the_text():
    assert line_of(record("%d of %d", "one")).message == "%d of %d"
    assert line_of(record("%s", Silent())).message == "%s"


@pytest.mark.parametrize(
    "value,told",
    [
        (2**60, str(2**60)),
        (SAFE_INTEGER - 1, SAFE_INTEGER - 1),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([1, "a"], "[1, 'a']"),
        (b"\xff", "b'\\xff'"),
        (Path("/a"), repr(Path("/a"))),
        (Level.INFO, "<Level.INFO: 20>"),
        ("caf\udce9", "caf\\udce9"),
        (Silent(), "<Silent>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_has_no_form_for_is_told_as_text(value, told):
    assert line_of(event(value=value)).fields == {"value": told}


def test_what_changes_later_is_told_as_it_was():
    values = ["a"]
    line = line_of(event(values=values))
    values.append("b")

    assert line.fields == {"values": "['a']"}


def test_everything_is_bounded():
    many = {f"name{number}": "v" * 10_000 for number in range(100)}
    line = line_of(event("m" * 10_000, **many))
    short = line_of(event("m", **{f"n{number}" * 100: number for number in range(100)}))
    deep = line_of(record("m", exc_info=raised(RuntimeError("r" * 50_000))))

    assert len(line.message) == MESSAGE_CHARACTERS
    assert {len(value) for value in line.fields.values()} == {VALUE_CHARACTERS}
    assert sum(map(len, line.fields.values())) == VALUES_CHARACTERS
    assert len(short.fields) == FIELDS
    assert {len(name) for name in short.fields} == {NAME_CHARACTERS}
    assert len(deep.traceback) == TRACEBACK_CHARACTERS
    assert line_of(event(value=b"x" * 50_000_000)).fields["value"].endswith("…")


def test_of_a_long_traceback_the_end_is_kept():
    def fall(depth):
        if depth:
            fall(depth - 1)
        raise RuntimeError("at the bottom")

    told = line_of(record("m", exc_info=raised_by(fall, 500))).traceback

    assert told.endswith("RuntimeError: at the bottom")
    assert "Traceback" in told


def raised_by(function, *args):
    try:
        function(*args)
    except RuntimeError:
        return sys.exc_info()
    return None


def test_what_rookery_itself_refuses_has_no_traceback():
    assert line_of(record("m", exc_info=raised(RookeryError("taken")))).traceback is None
    assert line_of(record("m", exc_info=(None, None, None))).traceback is None


@given(
    st.text(st.characters()),
    st.dictionaries(
        st.text(st.characters()).filter(lambda name: name not in {"event", "exc_info"}),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters())
        | st.binary()
        | st.lists(st.text()),
        max_size=40,
    ),
)
def test_whatever_is_logged_can_be_written(text, values):
    line = line_of(record({"event": text, **values}))
    written = msgspec.json.encode(log_view(Heard(entry=Entry(number=1, line=line), dropped=0)))

    assert msgspec.json.decode(written)["line"] == 1
