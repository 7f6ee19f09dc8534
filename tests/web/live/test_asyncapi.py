"""The AsyncAPI document."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from actors.model.event import TOPIC_OF_TYPE
from web.live.asyncapi import SAID, asyncapi
from web.live.messages import PAYLOADS, incoming
from web.live.payloads import TOLD
from web.live.wire import Close


@pytest.fixture
def told() -> dict[str, Any]:
    return json.loads(msgspec.json.encode(asyncapi(version="1")))


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for entry in value.values():
            yield from references(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from references(entry)


async def test_every_message_that_is_sent_or_taken_is_told(told) -> None:
    assert set(TOLD) >= set(TOPIC_OF_TYPE)
    assert set(SAID) == set(PAYLOADS)
    assert set(told["components"]["messages"]) == {*TOLD, *SAID}
    assert set(told["channels"]["socket"]["messages"]) == {*TOLD, *SAID}


async def test_every_reference_leads_somewhere(told) -> None:
    found = set(references(told))

    assert "#/components/schemas/TrackView" in found
    for reference in found:
        place: Any = told
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


async def test_every_example_is_of_its_schema(told) -> None:
    for kind, message in told["components"]["messages"].items():
        judge = Draft202012Validator({**message["payload"], "components": {"schemas": told["components"]["schemas"]}})
        for example in message["examples"]:
            assert judge.is_valid(example["payload"]), kind
            assert not judge.is_valid({**example["payload"], "type": "OTHER"}), kind


async def test_the_socket_takes_every_example_of_what_may_be_said(told) -> None:
    for kind in SAID:
        [example] = told["components"]["messages"][kind]["examples"]
        assert incoming(json.dumps(example["payload"])).payload == SAID[kind][1]


async def test_every_field_says_what_it_means(told) -> None:
    for name, schema in told["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            assert shape.get("description"), f"{name}.{field}"


async def test_every_code_of_closing_is_told(told) -> None:
    assert all(str(int(code)) in told["info"]["description"] for code in Close)


async def test_operations_speak_of_messages_of_their_channel(told) -> None:
    for operation in told["operations"].values():
        channel = operation["channel"]["$ref"]
        assert operation["action"] in {"send", "receive"}
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])
