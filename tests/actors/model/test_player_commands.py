"""The payloads of commands."""

import msgspec
import pytest

from actors.model.player_commands import COMMANDS, EDITS, Play, ReorderQueue, Seek


def test_payloads_are_as_the_contract_names_them():
    assert msgspec.convert({"itemId": "3", "position": 0, "version": 7}, COMMANDS["REORDER_QUEUE"]) == ReorderQueue(
        item_id="3", position=0, version=7
    )
    assert msgspec.convert({}, COMMANDS["PLAY"]) == Play()
    assert msgspec.convert({"position": 2}, COMMANDS["SEEK"]) == Seek(position=2)


@pytest.mark.parametrize(
    "kind, payload",
    [
        ("PAUSE", {"loud": True}),
        ("SEEK", {}),
        ("SEEK", {"position": -1}),
        ("SEEK", {"position": "1"}),
        ("SET_VOLUME", {"volume": 1.5}),
        ("ADD_TRACK", {"trackId": ""}),
        ("ADD_TRACK", {"trackId": "t", "position": -1}),
        ("REORDER_QUEUE", {"itemId": "1", "position": 0}),
        ("PLAY", {"device": {"name": "Kitchen"}}),
        ("PLAY", {"device": {"id": ""}}),
        ("PLAY", {"device": {"id": "radio", "name": "\0"}}),
        ("PLAY", {"device": {"id": "radio", "name": "x" * 201}}),
    ],
)
def test_what_is_none_is_refused(kind, payload):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(payload, COMMANDS[kind])


def test_every_edit_can_name_the_version_that_it_means():
    assert all("version" in edit.__struct_fields__ for edit in EDITS)
