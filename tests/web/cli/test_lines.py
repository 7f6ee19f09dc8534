"""Messages of the live feed as lines for people."""

import pytest

from web.cli.lines import LOOKS, clean, line

TRACK = {
    "title": "Low Tide",
    "artist": "Ana",
    "features": {
        "tempo": {"bpm": 119.6},
        "key": {"name": "A minor"},
        "loudness": {"integratedLufs": -14.52},
    },
}
EXAMPLES = {
    "TRACK_ADDED": ({"track": TRACK}, "Low Tide · Ana"),
    "TRACK_UPDATED": ({"track": {"title": "Low Tide", "artist": None}}, "Low Tide"),
    "TRACK_ANALYZED": ({"track": TRACK}, "Low Tide · Ana · 120 BPM · A minor · -14.5 LUFS"),
    "TRACK_MOVED": ({"trackId": "t", "from": "/a", "to": "/b", "track": TRACK}, "/a → /b"),
    "TRACK_MISSING": ({"trackId": "t", "path": "/a"}, "/a"),
    "TRACK_REMOVED": ({"trackId": "t", "path": "/a"}, "/a"),
    "ANALYSIS_FAILED": ({"trackId": "t", "path": "/a", "kind": "corrupt", "message": "cut short"}, "/a: cut short"),
    "PROGRESS_UPDATE": ({"subject": "track:t", "stage": "analyzing", "done": 0.5}, "track:t analyzing 50%"),
    "SCAN_UPDATE": ({"root": "r", "path": "/m", "state": "scanning", "found": 9, "done": 3}, "/m scanning, 3 of 9"),
    "VALIDATION_UPDATE": (
        {"version": 3, "items": [{"isPlayable": False}, {"isPlayable": True}, {"isPlayable": False}]},
        "of the queue 2 cannot be played, 1 can again",
    ),
    "CACHE_HIT": ({"hits": 12, "misses": 2, "entries": 90}, "12 answers kept, 2 computed"),
    "SUPERVISION_EVENT": (
        {"path": "rookery/web", "kind": "exited", "reason": "crashed", "error": None},
        "rookery/web exited crashed",
    ),
    "LOG": (
        {"level": "info", "logger": "rookery.web", "message": "restart by hand", "fields": {"path": "rookery/x"}},
        "info rookery.web restart by hand  path=rookery/x",
    ),
    "RESYNC": ({"oldest": 5, "newest": 9}, "events up to 9 are gone; what is kept begins at 5"),
    "GOODBYE": ({"reason": "shutting down", "retrySeconds": 2}, "shutting down"),
}


def message(type_, payload, **others):
    return {"type": type_, "payload": payload, "timestamp": "2026-03-01T12:00:00.5Z", **others}


@pytest.mark.parametrize("type_", LOOKS)
def test_each_type_has_its_words(type_):
    payload, told = EXAMPLES[type_]
    text = line(message(type_, payload, seq=42)).plain

    assert text.endswith(told)
    assert f" 42  {LOOKS[type_][0]}" in text


def test_what_was_not_measured_is_left_out():
    silent = {"tempo": None, "key": None, "loudness": {"integratedLufs": None}}

    for features in (None, silent):
        track = {"title": "Silence", "artist": None, "features": features}
        assert line(message("TRACK_ANALYZED", {"track": track})).plain.endswith("analyzed    Silence")


def test_an_unknown_type_is_shown_by_its_name():
    assert "track_polished" in line(message("TRACK_POLISHED", {"x": 1})).plain


def test_nothing_in_a_name_steers_the_terminal():
    track = {"title": "a\x1b[2J\x07\r\nb", "artist": "\x9b31m[red]c"}
    text = line(message("TRACK_ADDED", {"track": track})).plain

    assert all(character.isprintable() for character in text)
    assert "[red]c" in text
    assert clean("Ünïcödé ♯") == "Ünïcödé ♯"
