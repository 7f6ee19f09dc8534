"""Drawings of waveforms."""

import io
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from web.waveform import Peaks, condensed, peaks, png, svg

STORED = bytes([0x81, 0x7F, 0x00, 0x00, 0xC0, 0x40])


def test_stored_pairs_become_peaks() -> None:
    assert peaks(STORED) == Peaks((-127, 0, -64), (127, 0, 64))
    assert peaks(b"") == Peaks((), ())


def test_fewer_points_keep_the_extremes() -> None:
    assert condensed(Peaks((-1, -9, -2, -3), (1, 2, 8, 3)), 2) == Peaks((-9, -3), (2, 8))


def test_more_points_than_stored_are_not_invented() -> None:
    assert condensed(peaks(STORED), 100) == peaks(STORED)


@given(st.binary(max_size=400).filter(lambda stored: len(stored) % 2 == 0), st.integers(1, 300))
def test_condensing_loses_no_extreme(stored: bytes, points: int) -> None:
    whole = peaks(stored)
    shown = condensed(whole, points)

    assert len(shown) == min(points, len(whole))
    assert min(shown.lowest, default=0) == min(whole.lowest, default=0)
    assert max(shown.highest, default=0) == max(whole.highest, default=0)


@pytest.mark.parametrize("stored", [b"", STORED, STORED * 600])
def test_svg_is_well_formed_and_of_the_asked_size(stored: bytes) -> None:
    root = ET.fromstring(svg(peaks(stored), width=300, height=80, color="ff8800"))

    assert (root.get("width"), root.get("height")) == ("300", "80")
    polygon = root.find("{http://www.w3.org/2000/svg}polygon")
    assert polygon is not None
    assert polygon.get("fill") == "#ff8800"


@pytest.mark.parametrize("stored", [b"", STORED, STORED * 600])
def test_png_is_a_picture_of_the_asked_size(stored: bytes) -> None:
    picture = Image.open(io.BytesIO(png(peaks(stored), width=300, height=80, color="ff8800")))

    assert (picture.size, picture.mode) == ((300, 80), "RGBA")


def test_png_draws_loud_stretches_from_top_to_bottom_and_silence_as_a_line() -> None:
    picture = Image.open(io.BytesIO(png(Peaks((-127, 0), (127, 0)), width=2, height=101, color="ff8800")))
    opaque = [sum(picture.getpixel((x, y))[3] == 255 for y in range(101)) for x in range(2)]  # type: ignore[index]

    assert opaque == [101, 1]
