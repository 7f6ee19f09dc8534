"""What a line of the log is bounded to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.model.log_line import Level, LogLine, cut, cut_before, well_formed

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "number,level",
    [
        (0, Level.DEBUG),
        (10, Level.DEBUG),
        (19, Level.DEBUG),
        (25, Level.INFO),
        (30, Level.WARNING),
        (99, Level.CRITICAL),
    ],
)
def test_a_level_between_two_is_the_lower(number, level):
    assert Level.of(number) is level


def test_a_level_has_the_word_of_the_settings():
    assert [level.word for level in Level] == ["debug", "info", "warning", "error", "critical"]


@given(st.text(st.characters()), st.integers(min_value=2, max_value=50))
def test_a_text_is_cut_at_the_end_that_matters_less_and_can_be_written(text, characters):
    for short in (cut(text, characters), cut_before(text, characters)):
        short.encode()
        assert short == well_formed(text) if len(text) <= characters else "…" in short
    if text.isascii() and len(text) > characters:
        assert len(cut(text, characters)) == len(cut_before(text, characters)) == characters
        assert cut(text, characters)[:-1] == text[: characters - 1]
        assert cut_before(text, characters)[1:] == text[1 - characters :]


def test_half_a_character_is_an_escape():
    assert well_formed("caf\udce9") == "caf\\udce9"


def test_a_line_knows_about_how_much_it_takes():
    def line(**others):
        return LogLine(at=AT, level=Level.INFO, logger="l", message="m", **others).size_bytes

    assert line(traceback="t" * 1_000) - line() == 1_000
    assert line(fields={"name": "v" * 500, "n": 1}) - line() == 4 + 500 + 1
