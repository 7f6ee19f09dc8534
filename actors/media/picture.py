"""The picture that a recording holds, made small and harmless: whatever it was, a plain JPEG comes out."""

import io
import struct
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from PIL import Image, ImageOps

from actors.config import MIB
from actors.errors import UnreadableError
from actors.media.container import open_container
from actors.media.recording import Recording
from actors.model.track import shown_path

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
LARGEST_BYTES = 32 * MIB
MOST_PIXELS = 64_000_000
"""Its samples then take some 256 MB; a bomb claims thousands of millions."""
QUALITY = 85
FRONT = "cover (front)"
# What Pillow raises on files that are no pictures, beside its own error, which is an OSError.
MALFORMED = (ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error)


def picture(recording: Recording, *, size_px: int) -> bytes:
    """The front cover, or the first picture, as a JPEG whose longer side has at most `size_px`; never enlarged.

    Blocks; may crash the process with FFmpeg: run it in a child.

    Raises:
        UnreadableError: `no_picture` when there is none; `bad_picture` when it is none that can be shown, or too large;
            else as `open_container`.
    """
    with open_container(recording) as (container, _):
        data = _embedded(container)
    if data is None:
        raise UnreadableError("no_picture", f"{shown_path(recording.path)} holds no picture")
    if len(data) > LARGEST_BYTES:
        raise UnreadableError("bad_picture", f"its picture has {len(data)} bytes, more than {LARGEST_BYTES}")
    try:
        return _scaled(data, size_px)
    except MALFORMED as error:
        raise UnreadableError("bad_picture", f"its picture cannot be read: {error}") from error


def _embedded(container: InputContainer) -> bytes | None:
    pictures = [stream for stream in container.streams.video if stream.disposition & Disposition.attached_pic]
    pictures.sort(key=lambda stream: stream.metadata.get("comment", "").lower() != FRONT)
    if not pictures:
        return None
    try:
        # FFmpeg gives attached pictures before all else.
        for packet in container.demux(pictures[0]):
            return bytes(packet) if packet.size else None
    except MemoryError:
        raise
    except av.error.FFmpegError:
        pass
    return None


def _scaled(data: bytes, size_px: int) -> bytes:
    # The limit is ours: Pillow's own only warns.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(io.BytesIO(data), formats=KINDS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise UnreadableError("bad_picture", f"its picture has {opened.width} × {opened.height} pixels")
        opened.draft("RGB", (size_px, size_px))
        upright: Any = ImageOps.exif_transpose(opened)
        plain = Image.new("RGB", upright.size, "white")
        colored = upright.convert("RGBA")
        plain.paste(colored, mask=colored)
    plain.thumbnail((size_px, size_px))
    made = io.BytesIO()
    plain.save(made, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return made.getvalue()
