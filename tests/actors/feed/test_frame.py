"""The JSON of one message."""

from datetime import UTC, datetime

import msgspec
import pytest
from wsproto.connection import Connection, ConnectionType

from actors.feed.frame import Frame, encoded, text_frame
from actors.model.event import Event

AT = datetime(2026, 3, 1, 12, 30, 0, 123000, tzinfo=UTC)


def test_an_event_carries_its_number_and_the_time_of_its_commit():
    frame = Frame.of_event(Event(seq=7, type="TRACK_ADDED", payload={"track": {"id": "a"}}, at=AT))

    assert msgspec.json.decode(frame.body) == {
        "type": "TRACK_ADDED",
        "payload": {"track": {"id": "a"}},
        "requestId": None,
        "timestamp": "2026-03-01T12:30:00.123000Z",
        "version": "1.0",
        "seq": 7,
    }
    assert frame.topic == "tracks"
    assert frame.text.encode() == frame.body


def test_a_message_without_a_number_has_no_such_field(passing):
    frame = Frame.of_passing(passing("track:a", 0.5))

    message = msgspec.json.decode(frame.body)
    assert "seq" not in message
    assert (frame.subject, frame.topic) == ("track:a", "progress")


def test_an_answer_carries_the_request_it_belongs_to():
    message = msgspec.json.decode(encoded("PONG", {}, at=AT, request_id="r1"))

    assert message["requestId"] == "r1"


def test_resync_tells_what_is_kept():
    frame = Frame.of_resync(oldest=5, newest=9, at=AT)

    message = msgspec.json.decode(frame.body)
    assert message["payload"] == {"oldest": 5, "newest": 9}
    assert "seq" not in message


def test_a_type_that_only_a_newer_version_knows_is_passed_on():
    frame = Frame.of_event(Event(seq=1, type="TRACK_POLISHED", payload={}, at=AT))

    assert frame.topic == "tracks"


def test_line_breaks_in_values_do_not_break_the_line():
    frame = Frame.of_event(Event(seq=1, type="TRACK_ADDED", payload={"title": "a\nb\r\u2028c"}, at=AT))

    assert b"\n" not in frame.body
    assert b"\r" not in frame.body


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_clients_of_websockets_read(size):
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame(b"x" * size))

    (event,) = client.events()
    assert (event.data, event.message_finished) == ("x" * size, True)


def test_a_message_is_framed_once():
    frame = Frame.of_event(Event(seq=7, type="TRACK_ADDED", payload={}, at=AT))

    assert frame.framed is frame.framed
    assert frame.framed.endswith(frame.body)
