"""The OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from web.openapi import declarations, document


@pytest.fixture
def described(served) -> dict[str, Any]:
    return document(declarations(served.app), version="1", description="")


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for entry in value.values():
            yield from references(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from references(entry)


async def test_every_reference_leads_somewhere(described) -> None:
    found = set(references(described))

    assert "#/components/schemas/TagsView" in found
    for reference in found:
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


async def test_the_contract_is_covered(described) -> None:
    paths = {
        "/health", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/", "/api/v1/info", "/api/v1/tracks",
        "/api/v1/tracks/{trackId}", "/api/v1/tracks/{trackId}/audio", "/api/v1/tracks/{trackId}/waveform.json",
        "/api/v1/tracks/{trackId}/waveform.svg", "/api/v1/tracks/{trackId}/waveform.png", "/api/v1/library/roots",
        "/api/v1/library/roots/{rootId}", "/api/v1/library/roots/{rootId}/confirm", "/api/v1/library/scan",
        "/api/v1/supervision", "/api/v1/supervision/events", "/api/v1/supervision/{nodePath}",
        "/api/v1/supervision/{nodePath}/restart", "/api/v1/events", "/api/v1/events.ndjson",
    }  # fmt: skip
    assert paths <= described["paths"].keys()


async def test_names_are_unique_and_places_are_parameters(described) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))
    for path, _, operation in operations(described):
        places = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
        assert places == set(re.findall(r"{(\w+)}", path))


async def test_every_operation_tells_its_refusals(described) -> None:
    for _, method, operation in operations(described):
        assert {"400", "422", "500"} <= operation["responses"].keys()
        if method != "head":
            problem = operation["responses"]["500"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert operation["summary"]


async def test_heads_have_no_bodies(described) -> None:
    heads = [operation for _, method, operation in operations(described) if method == "head"]

    assert heads
    assert not any("content" in response for head in heads for response in head["responses"].values())
    assert "head" not in described["paths"]["/api/v1/events"]


async def test_a_parameter_tells_its_bounds_and_default(described) -> None:
    listed = {parameter["name"]: parameter for parameter in described["paths"]["/api/v1/tracks"]["get"]["parameters"]}

    assert listed["pageSize"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}
    assert listed["sort"]["schema"]["enum"][:2] == ["addedAt", "album"]
    assert listed["q"]["required"] is False


async def test_times_say_their_form(described) -> None:
    schemas = described["components"]["schemas"]
    assert schemas["OwnTrackView"]["properties"]["addedAt"] == {"type": "string", "format": "date-time"}


async def test_every_json_answer_has_a_true_example(served) -> None:
    for one in declarations(served.app):
        for answer in one.answers.values():
            if answer.model is not None:
                assert answer.example is not None, one.name
                json = msgspec.json.encode(answer.example)
                assert msgspec.json.encode(msgspec.json.decode(json, type=answer.model)) == json


async def test_a_form_tells_its_fields_and_its_file(described) -> None:
    body = described["paths"]["/api/v1/tracks"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]

    assert list(body["properties"]) == ["rootId", "folder", "onConflict", "file"]
    assert body["required"] == ["file"]
    assert body["properties"]["file"]["format"] == "binary"
    assert body["properties"]["onConflict"]["enum"] == ["fail", "rename"]
    assert {"201", "409", "413", "415", "507"} <= described["paths"]["/api/v1/tracks"]["post"]["responses"].keys()


async def test_what_is_ones_own_needs_no_more_than_listening(served) -> None:
    roles = {one.name: one.role for one in declarations(served.app)}

    assert {roles[name] for name in ("rateTrack", "unrateTrack", "addPlay", "findMetadata")} == {"listener"}
    assert {roles[name] for name in ("addTrack", "changeMetadata", "replaceMetadata", "removeTrack")} == {"editor"}
    assert {roles[name] for name in ("listTrash", "findTrashed", "restoreTrack")} == {"editor"}
    assert roles["purgeTrack"] == "admin"
