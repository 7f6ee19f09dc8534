"""Pictures of tracks over HTTP."""

import io

import pytest
from mutagen.flac import FLAC, Picture
from PIL import Image

from actors.media.synthesis import Piece
from actors.media.writing import write_recording
from actors.model.track import Tags

WITH_PICTURE = Tags(has_picture=True)


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> bytes:
    """A FLAC file with a red square."""
    path = write_recording(tmp_path_factory.mktemp("pictures") / "a.flac", Piece(bpm=120, tonic=9), length_s=1.0)
    made = io.BytesIO()
    Image.new("RGB", (800, 800), (200, 30, 60)).save(made, "PNG")
    file, held = FLAC(path), Picture()
    held.data, held.type, held.mime = made.getvalue(), 3, "image/png"
    file.add_picture(held)
    file.save()
    return path.read_bytes()


@pytest.fixture
async def address(shelf, recording) -> str:
    return f"/api/v1/tracks/{await shelf.put('a.flac', recording, tags=WITH_PICTURE)}/artwork"


async def test_the_picture_comes_in_the_size_that_is_asked_for(served, address) -> None:
    usual = await served.client.get(address)
    small = await served.client.get(address, params={"size": 64})

    for response, pixels in ((usual, 600), (small, 64)):
        assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
        assert Image.open(io.BytesIO(response.content)).size == (pixels, pixels)
    assert usual.headers["etag"] != small.headers["etag"]
    assert "private" in usual.headers["cache-control"]


async def test_head_tells_the_same_and_who_has_it_gets_nothing(served, address) -> None:
    get = await served.client.get(address)
    head = await served.client.head(address)
    started = served.services.pictures.statistics().started
    known = await served.client.get(address, headers={"If-None-Match": get.headers["etag"]})

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified"):
        assert head.headers[name] == get.headers[name]
    assert (known.status_code, known.content) == (304, b"")
    assert served.services.pictures.statistics().started == started


async def test_a_track_without_a_picture_has_none(served, shelf, recording, refused) -> None:
    plain = await shelf.put("plain.flac", recording)
    refused(await served.client.get(f"/api/v1/tracks/{plain}/artwork"), 404, "NOT_FOUND")
    assert served.services.pictures.statistics().started == 0
    refused(await served.client.get("/api/v1/tracks/nope/artwork"), 404, "TRACK_NOT_FOUND")


async def test_a_file_that_cannot_be_read_is_a_problem(served, shelf, refused) -> None:
    track_id = await shelf.put("bad.flac", b"no sound", tags=WITH_PICTURE)
    told = refused(await served.client.get(f"/api/v1/tracks/{track_id}/artwork"), 422, "UNPLAYABLE")

    assert told["details"]["kind"] == "no_audio"
    (shelf.folder / "bad.flac").unlink()
    refused(await served.client.get(f"/api/v1/tracks/{track_id}/artwork"), 404, "NOT_FOUND")


@pytest.mark.parametrize("size", ["0", "15", "1201", "x", "1e2", "-1", ""])
async def test_sizes_that_cannot_be_had_are_named(served, address, refused, size: str) -> None:
    told = refused(await served.client.get(f"{address}?size={size}"), 422, "VALIDATION_ERROR")

    assert told["errors"][0]["field"] == "size"
