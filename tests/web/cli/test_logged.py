"""Lines of the log for people."""

import pytest

from web.cli.logged import COLORS, logged

LINE = {
    "line": 7,
    "level": "warning",
    "logger": "rookery.watcher",
    "message": "root_unavailable",
    "requestId": None,
    "fields": {"root": "/music", "found": 3, "note": None},
    "traceback": None,
    "dropped": 0,
}


def shown(**others):
    return [
        text.plain
        for text in logged({"type": "LOG", "payload": {**LINE, **others}, "timestamp": "2026-03-01T12:00:00.5Z"})
    ]


def test_a_line_tells_how_grave_it_is_who_logs_and_the_values():
    [line] = shown()

    assert line[9:] == "warning  rookery.watcher  root_unavailable  root=/music  found=3"


def test_a_request_is_told_in_short():
    fields = {"method": "GET", "path": "/x", "route": "/x", "status": 200, "whole": True, "ms": 1.5, "trace_id": "t"}
    [line] = shown(level="info", logger="rookery.access", message="request", fields=fields)
    [left] = shown(logger="rookery.access", message="request", fields={**fields, "status": None, "whole": False})

    assert line.endswith("rookery.access  GET /x 200  ms=1.5")
    assert left.endswith("GET /x left  whole=False  ms=1.5")


def test_what_was_lost_stands_before_and_a_traceback_below():
    lost, line, first, second = shown(dropped=3, traceback="Traceback\n  RuntimeError: a slip")

    assert lost == "3 lines before this one lost"
    assert "root_unavailable" in line
    assert (first, second) == ("  Traceback", "    RuntimeError: a slip")


def test_nothing_in_a_line_steers_the_terminal():
    for text in shown(
        message="a\x1b[2J\r\nb", fields={"\x07": "\x9b31m[red]"}, traceback="\x1b]0;x\x07", logger="\x1bc"
    ):
        assert all(character.isprintable() for character in text)


@pytest.mark.parametrize("level", COLORS)
def test_each_level_has_its_color(level):
    [text] = logged({"type": "LOG", "payload": {**LINE, "level": level}, "timestamp": "2026-03-01T12:00:00Z"})

    assert COLORS[level] in {span.style for span in text.spans}
