"""The Camelot wheel: musical keys by the names that people write, and their places, which sort as neighbors sound."""

import re

LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
SIGNS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
KEY_PATTERN = r"^(?:(?:[1-9]|1[0-2])[ABab]|[A-Ga-g][#♯b♭]?(?: ?(?:m|min|minor|maj|major))?)$(?!\n)"
"""A key as people write it: `8A`, `Am`, `A minor`, `F♯ major`, `Gb`; what is not called minor is major."""

_CAMELOT = re.compile(r"(\d{1,2})([AB])", re.IGNORECASE)
_STANDARD = re.compile(r"([A-G])([#♯b♭]?) ?(m|min|minor|maj|major|)", re.IGNORECASE)


def place(name: str) -> int:
    """The place of a key on the wheel: 2 for 1A, 3 for 1B, … 25 for 12B.

    Args:
        name: matches `KEY_PATTERN`.
    """
    if camelot := _CAMELOT.fullmatch(name):
        return 2 * int(camelot[1]) + (camelot[2].upper() == "B")
    standard = _STANDARD.fullmatch(name)
    assert standard is not None
    tonic = (LETTERS[standard[1].lower()] + SIGNS[standard[2].lower()]) % 12
    is_minor = standard[3].lower() in {"m", "min", "minor"}
    hour = ((tonic + (3 if is_minor else 0)) * 7 + 7) % 12 + 1
    return 2 * hour + (not is_minor)


def camelot(number: int) -> str:
    """The name of a place: `8A`."""
    return f"{number // 2}{'AB'[number % 2]}"
