"""Drawings of a waveform from stored peaks: numbers, SVG and PNG. Pure; PNG costs a few milliseconds of processor time."""

import io
import itertools

import attrs
from PIL import Image, ImageDraw

FULL_SCALE = 127


@attrs.frozen
class Peaks:
    """Lowest and highest sample of evenly spread stretches of a recording, full scale ±127, equally many of both."""

    lowest: tuple[int, ...]
    highest: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.lowest)


def peaks(stored: bytes) -> Peaks:
    """Peaks from the catalogue: pairs of int8 (lowest, highest)."""
    values = memoryview(stored).cast("b")
    return Peaks(tuple(values[0::2]), tuple(values[1::2]))


def condensed(whole: Peaks, points: int) -> Peaks:
    """At most `points` pairs, each the extremes of the stretch it stands for; fewer where fewer are stored."""
    count = len(whole)
    if count <= points:
        return whole
    edges = [index * count // points for index in range(points + 1)]
    stretches = list(itertools.pairwise(edges))
    return Peaks(
        tuple(min(whole.lowest[first:last]) for first, last in stretches),
        tuple(max(whole.highest[first:last]) for first, last in stretches),
    )


def svg(whole: Peaks, *, width: int, height: int, color: str) -> bytes:
    """A filled outline of the waveform, `width` × `height` units, on a transparent ground.

    Args:
        whole: what to draw; an empty one gives an empty picture.
        width: units, 1 or more.
        height: units, 1 or more.
        color: six hexadecimal digits.
    """
    shown = condensed(whole, width)
    step = width / max(1, len(shown))
    middle = height / 2
    above = [(index * step, middle - value / FULL_SCALE * middle) for index, value in enumerate(shown.highest)]
    below = [(index * step, middle - value / FULL_SCALE * middle) for index, value in enumerate(shown.lowest)]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in (*above, *reversed(below)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' preserveAspectRatio="none" role="img" aria-label="Waveform">'
        f'<path d="M0 {middle:g}H{width}" stroke="#{color}" stroke-opacity=".4"/>'
        f'<polygon points="{points}" fill="#{color}" stroke="#{color}" stroke-width=".5" stroke-linejoin="round"/></svg>'
    ).encode()


def png(whole: Peaks, *, width: int, height: int, color: str) -> bytes:
    """The waveform as one bar per pixel, `width` × `height` pixels, on a transparent ground; arguments as for `svg`."""
    shown = condensed(whole, width)
    red, green, blue = bytes.fromhex(color)
    picture = Image.new("RGBA", (width, height), (red, green, blue, 0))
    draw = ImageDraw.Draw(picture)
    middle = (height - 1) / 2
    count = max(1, len(shown))
    draw.line((0, middle, width, middle), fill=(red, green, blue, 102))
    for x in range(width if len(shown) else 0):
        at = x * count // width
        top = round(middle - shown.highest[at] / FULL_SCALE * middle)
        bottom = round(middle - shown.lowest[at] / FULL_SCALE * middle)
        draw.line((x, top, x, max(top, bottom)), fill=(red, green, blue, 255))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
