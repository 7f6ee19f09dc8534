"""Parts of texts that show why they were found."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.model.snippet import LONGEST, folded, snippet


def shown(text, *words):
    """The words in a snippet."""
    part, matches = snippet(text, words)
    return part, [part[first:last] for first, last in matches]


def test_words_are_found_whatever_their_case_and_accents():
    assert shown("Der Schöne VOGEL singt", "schone", "vögel") == ("Der Schöne VOGEL singt", ["Schöne", "VOGEL"])


def test_a_long_text_is_shown_around_the_first_word():
    part, found = shown("x " * 500 + "needle\nin " + "y " * 500, "needle")

    assert found == ["needle"]
    assert part.startswith("…")
    assert part.endswith("…")
    assert "needle in" in part
    assert len(part) <= LONGEST + 2


def test_without_a_word_the_beginning_is_shown():
    assert shown("short", "none") == ("short", [])
    assert shown("z" * 300, "none")[0] == "z" * LONGEST + "…"


def test_words_that_touch_are_one():
    assert shown("abcdef", "abc", "cde", "") == ("abcdef", ["abcde"])


@given(st.text(max_size=400), st.lists(st.text(max_size=4), max_size=4))
def test_every_match_lies_inside_and_apart(text, words):
    part, matches = snippet(text, words)

    assert len(part) <= LONGEST + 2
    assert all(0 <= first < last <= len(part) for first, last in matches)
    assert all(before[1] < after[0] for before, after in pairwise(matches))
    plain = {folded(word) for word in words} - {""}
    if not plain:
        assert matches == ()
