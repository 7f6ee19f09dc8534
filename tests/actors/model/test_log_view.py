"""A line of the log as clients see it."""

from datetime import UTC, datetime

import msgspec

from actors.model.log_line import Entry, Heard, Level, LogLine
from actors.model.log_view import log_view


def test_a_line_is_told_whole_with_its_place_and_what_was_lost_before():
    line = LogLine(
        at=datetime(2026, 3, 1, tzinfo=UTC),
        level=Level.ERROR,
        logger="rookery.web",
        message="request failed\x1b[2J",
        request_id="r1",
        fields={"path": "/x", "ms": 1.5},
        traceback="Traceback …",
    )
    written = msgspec.json.encode(log_view(Heard(entry=Entry(number=7, line=line), dropped=2)))

    assert b"\x1b" not in written
    assert msgspec.json.decode(written) == {
        "line": 7,
        "level": "error",
        "logger": "rookery.web",
        "message": "request failed\x1b[2J",
        "requestId": "r1",
        "fields": {"path": "/x", "ms": 1.5},
        "traceback": "Traceback …",
        "dropped": 2,
    }
