"""The part of a text that shows why it was found. Pure."""

import re
import unicodedata
from collections.abc import Sequence

LONGEST = 200
LEAD = 60
"""Characters before the first word that is shown."""
ELLIPSIS = "…"

_MARKS = re.compile("[\u0300-\u036f]")
_SPACE = re.compile(r"\s")


def folded(text: str) -> str:
    """Text for comparing, as the catalogue's function of that name makes it: without case and accents."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()


def snippet(text: str, words: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """At most about 200 characters of a text, and where words stand in them.

    Args:
        text: of any length.
        words: looked for whatever the case and accents; what is not there is passed over.

    Returns: the part, in which every white space is a blank, with an ellipsis where something is left out; and first and
        last-plus-one character of every word in it, in order, those that touch as one.
    """
    found = _places(text, words)
    start = max(0, found[0][0] - LEAD) if found else 0
    stop = min(len(text), start + LONGEST)
    before, after = ELLIPSIS * (start > 0), ELLIPSIS * (stop < len(text))
    shift = len(before) - start
    matches = tuple((first + shift, last + shift) for first, last in found if last <= stop)
    return before + _SPACE.sub(" ", text[start:stop]) + after, matches


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where words stand in the text, merged and in order."""
    signs = [(folded_sign, place) for place, sign in enumerate(text) for folded_sign in folded(sign)]
    plain = "".join(sign for sign, _ in signs)
    found = []
    for word in {folded(word) for word in words} - {""}:
        at = plain.find(word)
        while at >= 0:
            found.append((signs[at][1], signs[at + len(word) - 1][1] + 1))
            at = plain.find(word, at + len(word))
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged
