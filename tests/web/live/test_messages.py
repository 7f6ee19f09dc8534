"""What clients of the live socket may say."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.player_commands import Seek
from web.live.messages import Connect, Incoming, Nothing, Refused, Topics, incoming, unknown_topics


def said(type_, payload=None, **others):
    return json.dumps({"type": type_, "payload": payload or {}, **others})


def test_connect_without_anything_is_live_on_all_that_one_may():
    message = incoming(said("CONNECT"))

    assert message.payload == Connect(token=None, since=None, topics=None, device=None)
    assert message.request_id is None


def test_connect_with_everything():
    payload = {"since": 7, "topics": ["tracks"], "device": {"id": "d", "name": "Kitchen"}, "later": 1}
    message = incoming(said("CONNECT", payload, requestId="r", version="1.0", timestamp="2026-03-01T00:00:00Z"))

    assert (message.payload.since, message.payload.topics, message.payload.device.name) == (7, ("tracks",), "Kitchen")
    assert message.request_id == "r"


def test_topics_and_pings():
    assert incoming(said("SUBSCRIBE", {"topics": ["jobs"]})) == Incoming(
        type="SUBSCRIBE", payload=Topics(topics=("jobs",)), request_id=None
    )
    assert incoming('{"type":"PING"}').payload == Nothing()


@pytest.mark.parametrize(
    "message,code",
    [
        ('{"type":"SUBSCRIBE"}', "VALIDATION_ERROR"),
        ('{"type":"PING","payload":3}', "VALIDATION_ERROR"),
        ('{"type":"PING","version":1}', "VALIDATION_ERROR"),
        ('{"type":"CONNECT","payload":{"since":"x"}}', "VALIDATION_ERROR"),
        ('{"type":"CONNECT","payload":{"device":{"id":"\\u0000"}}}', "VALIDATION_ERROR"),
        ('{"type":"CONNECT","payload":{"device":{"id":""}}}', "VALIDATION_ERROR"),
        ('{"type":"\\ud800"}', "MALFORMED_JSON"),
        ("\ud800", "MALFORMED_JSON"),
        ("nul\0", "MALFORMED_JSON"),
        (None, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_bad_messages_are_refused_with_a_code(message, code):
    with pytest.raises(Refused) as refused:
        incoming(message)

    assert refused.value.code == code
    assert refused.value.is_bad


def test_a_refusal_names_the_request():
    with pytest.raises(Refused) as refused:
        incoming(said("DANCE", requestId="r7"))

    assert refused.value.request_id == "r7"


@pytest.mark.parametrize("request_id", [7, None, "x" * 129, {"a": 1}])
def test_an_unusable_request_id_is_not_repeated(request_id):
    with pytest.raises(Refused) as refused:
        incoming(said("DANCE", requestId=request_id))

    assert refused.value.request_id is None


@pytest.mark.parametrize(
    "message,told",
    [
        ({"type": "SEEK", "payload": {"position": -3}}, "payload.position must be at least 0, not -3"),
        ({"type": "SEEK"}, "payload.position is required"),
        ({"type": "PAUSE", "payload": {"x": 1}}, "There is no field payload.x; there are none"),
        ({"type": 5}, "type must be text, not 5"),
        ({"type": "PING", "requestId": "x" * 129}, "requestId must have at most 128 characters, not 129"),
        ([], "a message is an object with a type and a payload"),
    ],
)
def test_a_refusal_is_a_sentence_for_people(message, told):
    with pytest.raises(Refused) as refused:
        incoming(json.dumps(message))

    assert refused.value.message == told


@pytest.mark.parametrize("payload", [{}, {"position": -1}, {"position": 1, "loud": True}])
def test_a_command_to_the_player_is_checked_as_over_http(payload):
    with pytest.raises(Refused) as refused:
        incoming(said("SEEK", payload=payload))

    assert refused.value.code == "VALIDATION_ERROR"
    assert incoming(said("SEEK", payload={"position": 1})).payload == Seek(position=1)


def test_unknown_topics_are_named():
    assert unknown_topics(("tracks", "weather", "weather")) == ["weather"]


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_whatever_comes_is_read_or_refused(message):
    with contextlib.suppress(Refused):
        assert isinstance(incoming(message), Incoming)
