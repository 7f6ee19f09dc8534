"""Waveforms over HTTP."""

import io
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

PEAKS = bytes([0x81, 0x7F, 0xC0, 0x40, 0x00, 0x00, 0xE0, 0x20])


@pytest.fixture
async def address(shelf) -> str:
    return f"/api/v1/tracks/{await shelf.put('wave.mp3', peaks=PEAKS)}/waveform"


async def test_numbers_are_between_minus_one_and_one(served, address) -> None:
    waveform = (await served.client.get(f"{address}.json")).json()

    assert (waveform["points"], waveform["duration"]) == (4, 60.25)
    assert waveform["lowest"] == [-1.0, -0.5039, 0.0, -0.252]
    assert waveform["highest"] == [1.0, 0.5039, 0.0, 0.252]
    assert (await served.client.get(f"{address}.json?points=1")).json()["lowest"] == [-1.0]


async def test_svg_is_a_drawing(served, address) -> None:
    response = await served.client.get(f"{address}.svg?width=300&height=50&color=FF0000")

    assert response.headers["content-type"] == "image/svg+xml"
    assert ET.fromstring(response.content).get("width") == "300"
    assert b"#FF0000" in response.content


async def test_png_is_a_picture(served, address) -> None:
    response = await served.client.get(f"{address}.png?width=300&height=50")

    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-length"] == str(len(response.content))
    assert Image.open(io.BytesIO(response.content)).size == (300, 50)


@pytest.mark.parametrize("ending", ["json", "svg", "png"])
async def test_tags_spare_the_drawing(served, address, ending: str) -> None:
    first = await served.client.get(f"{address}.{ending}")
    again = await served.client.get(f"{address}.{ending}", headers={"If-None-Match": first.headers["etag"]})
    head = await served.client.head(f"{address}.{ending}")

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
    assert head.headers["content-length"] == first.headers["content-length"]


@pytest.mark.parametrize(
    "query, field",
    [
        (".json?points=0", "points"),
        (".json?points=2001", "points"),
        (".json?width=1", "width"),
        (".svg?width=0", "width"),
        (".png?width=4001", "width"),
        (".png?height=1001", "height"),
        (".png?height=x", "height"),
        (".svg?color=red", "color"),
        (".svg?color=%22/><script>", "color"),
        (".png?color=ff00ff00", "color"),
    ],
)
async def test_bad_parameters_are_named(served, address, refused, query: str, field: str) -> None:
    told = refused(await served.client.get(f"{address}{query}"), 422, "VALIDATION_ERROR")
    assert [error["field"] for error in told["errors"]] == [field]


@pytest.mark.parametrize("ending", ["json", "svg", "png"])
async def test_a_track_that_waits_for_analysis_has_none_yet(served, shelf, refused, ending: str) -> None:
    track_id = await shelf.put(f"waits.{ending}.mp3")
    told = refused(await served.client.get(f"/api/v1/tracks/{track_id}/waveform.{ending}"), 404, "NOT_FOUND")
    assert told["details"] == {"stage": "pending"}
    refused(await served.client.get(f"/api/v1/tracks/nope/waveform.{ending}"), 404, "TRACK_NOT_FOUND")


async def test_what_is_looked_at_is_analyzed_next(served, shelf) -> None:
    track_id = await shelf.put("wanted.mp3")
    for number in range(3):
        await shelf.put(f"newer {number}.mp3")
    await served.client.get(f"/api/v1/tracks/{track_id}/waveform.json")
    claim = await served.store.features.claim()

    assert claim.track_id == track_id
