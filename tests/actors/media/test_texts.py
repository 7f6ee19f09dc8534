"""Cleaning of what tags say."""

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.media.texts import MAX_NAME, MAX_NAMES, MAX_TEXT, clean, clean_line, clean_text

FIELDS = [
    "title",
    "artist",
    "album_artist",
    "album",
    "genre",
    "composer",
    "date",
    "track",
    "track_total",
    "disc",
    "disc_total",
    "isrc",
    "musicbrainz_recording_id",
    "comment",
]


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("Plain", "Plain"),
        ("A\0B", "A B"),
        ("A\r\nB\tC", "A B C"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\ufeffBOM", "BOM"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("SchÃ¶ner Vogel", "Schöner Vogel"),
        ("Motörhead", "Motörhead"),
        ("e\u0301t\u00e9", "été"),
        ("   ", ""),
        ("Каркуша 🐦", "Каркуша 🐦"),
    ],
)
def test_a_line_is_cleaned(raw, expected):
    assert clean_line(raw) == expected


def test_a_comment_keeps_its_lines():
    assert clean({"comment": ["one\r\ntwo\0"]}, has_picture=False).comment == "one\ntwo"


def test_megabytes_are_cut():
    tags = clean(
        {"title": ["x" * 10_000_000], "artist": [f"{n} " + "y" * 5_000 for n in range(5_000)]}, has_picture=False
    )

    assert len(tags.title) == MAX_TEXT
    assert len(tags.artists) == MAX_NAMES
    assert max(map(len, tags.artists)) <= MAX_NAME


@pytest.mark.parametrize(
    "raw, number, total",
    [
        ("3", 3, None),
        ("03/12", 3, 12),
        ("3 of 12", 3, 12),
        ("A1", None, None),
        ("0", None, None),
        ("-4", None, None),
        ("9999999", None, None),
    ],
)
def test_numbers_are_read_as_people_write_them(raw, number, total):
    tags = clean({"track": [raw], "disc": [raw]}, has_picture=False)

    assert (tags.track_number, tags.track_total) == (number, total)
    assert (tags.disc_number, tags.disc_total) == (number, total)


@pytest.mark.parametrize(
    "raw, year",
    [("1999", 1999), ("1999-03-14", 1999), ("14.03.1999", 1999), ("0000", None), ("soon", None), ("123456", None)],
)
def test_the_year_is_found_in_a_date(raw, year):
    assert clean({"date": [raw]}, has_picture=False).year == year


def test_codes_are_kept_only_when_they_are_codes():
    good = clean(
        {"isrc": ["us-rc1-76-07839"], "musicbrainz_recording_id": ["B1A9C0E9-D987-4042-AE91-78D6A3267D69"]},
        has_picture=True,
    )
    bad = clean({"isrc": ["none"], "musicbrainz_recording_id": ["x"]}, has_picture=False)

    assert (good.isrc, good.musicbrainz_recording_id) == ("USRC17607839", "b1a9c0e9-d987-4042-ae91-78d6a3267d69")
    assert good.has_picture
    assert (bad.isrc, bad.musicbrainz_recording_id) == (None, None)


def test_the_same_name_twice_is_one():
    assert clean({"artist": ["Ann", " Ann\0", "Bob"]}, has_picture=False).artists == ("Ann", "Bob")


@given(st.dictionaries(st.sampled_from(FIELDS), st.lists(st.text(st.characters(codec=None), max_size=80), max_size=4)))
def test_whatever_a_file_says_can_be_stored(found):
    tags = clean(found, has_picture=False)

    stored = json.dumps(attrs.asdict(tags), allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert b"\\u0000" not in stored


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_text(text)

    assert clean_text(once) in {once, clean_text(clean_text(once))}
    assert "\0" not in once
