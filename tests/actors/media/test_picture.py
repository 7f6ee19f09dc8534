"""Pictures out of recordings: whole, sideways, torn, and made to do harm."""

import io
import os
import struct
import zlib

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3
from mutagen.mp4 import MP4, MP4Cover
from PIL import Image

from actors.errors import UnreadableError
from actors.media.picture import MOST_PIXELS, picture
from actors.media.recording import open_recording


def drawn(kind="PNG", size=(300, 200), color=(200, 30, 60), mode="RGB", **more):
    made = io.BytesIO()
    Image.new(mode, size, color).save(made, kind, **more)
    return made.getvalue()


@pytest.fixture
def holding(recordings, tmp_path):
    """A FLAC file with pictures: their bytes and what ID3 calls their type."""

    def make(*pictures):
        path = tmp_path / "one.flac"
        path.write_bytes(recordings[".flac"].read_bytes())
        file = FLAC(path)
        for data, type_ in pictures:
            held = Picture()
            held.data, held.type, held.mime = data, type_, "image/png"
            file.add_picture(held)
        file.save()
        return path

    return make


def taken(path, size_px=600):
    with open_recording(os.fsencode(path)) as recording:
        data = picture(recording, size_px=size_px)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        return image.size, image.convert("RGB").getpixel((image.width // 2, image.height // 2))


def refusal(path):
    with pytest.raises(UnreadableError) as refused, open_recording(os.fsencode(path)) as recording:
        picture(recording, size_px=600)
    return refused.value.kind


def is_near(color, expected):
    return all(abs(one - other) < 8 for one, other in zip(color, expected, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_kind_of_picture_comes_as_it_looks(holding, kind):
    size, color = taken(holding((drawn(kind), 3)))

    assert size == (300, 200)
    assert is_near(color, (200, 30, 60))


@pytest.mark.parametrize("ending", [".mp3", ".m4a"])
def test_it_is_found_in_other_containers(recordings, tmp_path, ending):
    path = tmp_path / f"one{ending}"
    path.write_bytes(recordings[ending].read_bytes())
    if ending == ".mp3":
        tags = ID3(path)
        tags.add(APIC(mime="image/png", type=3, data=drawn()))
        tags.save()
    else:
        file = MP4(path)
        file["covr"] = [MP4Cover(drawn(), MP4Cover.FORMAT_PNG)]
        file.save()

    assert taken(path)[0] == (300, 200)


def test_it_is_made_smaller_never_larger(holding):
    path = holding((drawn(size=(1000, 500)), 3))

    assert taken(path, 100)[0] == (100, 50)
    assert taken(path, 1200)[0] == (1000, 500)


def test_the_front_comes_before_the_back(holding):
    assert is_near(taken(holding((drawn(color=(0, 0, 250)), 4), (drawn(), 3)))[1], (200, 30, 60))
    assert is_near(taken(holding((drawn(color=(0, 0, 250)), 4)))[1], (0, 0, 250))


def test_what_is_transparent_is_white_and_what_lies_on_its_side_is_turned(holding):
    exif = Image.Exif()
    exif[0x0112] = 6

    assert is_near(taken(holding((drawn(mode="RGBA", color=(0, 0, 0, 0)), 3)))[1], (255, 255, 255))
    assert taken(holding((drawn("JPEG", exif=exif), 3)))[0] == (200, 300)


def bomb(width, height):
    """A PNG of a few bytes that claims this many pixels."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [b"no picture", drawn()[:200], bomb(50_000, 50_000), bomb(MOST_PIXELS, 2), bomb(0, 0), drawn("TIFF")],
    ids=["text", "torn", "bomb", "wide", "empty", "other kind"],
)
def test_what_is_no_picture_or_a_bomb_is_refused(holding, data):
    assert refusal(holding((data, 3))) in {"bad_picture", "no_picture"}


def test_a_recording_without_one_says_so(recordings, tmp_path):
    (tmp_path / "text").write_text("no sound")

    assert refusal(recordings[".flac"]) == "no_picture"
    assert refusal(tmp_path / "text") == "no_audio"
