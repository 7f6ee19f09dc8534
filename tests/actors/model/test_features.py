"""Names of keys."""

import pytest

from actors.model.features import Key


@pytest.mark.parametrize(
    "tonic, is_minor, name, camelot",
    [(0, False, "C major", "8B"), (9, True, "A minor", "8A"), (7, False, "G major", "9B"), (4, True, "E minor", "9A"),
     (5, False, "F major", "7B"), (8, True, "A♭ minor", "1A"), (11, False, "B major", "1B"), (3, True, "E♭ minor", "2A"),
     (6, False, "F♯ major", "2B"), (1, True, "C♯ minor", "12A"), (4, False, "E major", "12B")],
)  # fmt: skip
def test_a_key_has_its_two_names(tonic, is_minor, name, camelot):
    key = Key(tonic=tonic, is_minor=is_minor, confidence=1.0)

    assert (key.name, key.camelot) == (name, camelot)


def test_a_key_and_its_relative_share_a_number():
    for tonic in range(12):
        major = Key(tonic=tonic, is_minor=False, confidence=1.0)
        relative = Key(tonic=(tonic + 9) % 12, is_minor=True, confidence=1.0)
        assert major.camelot[:-1] == relative.camelot[:-1]


def test_a_tonic_beyond_the_octave_is_refused():
    with pytest.raises(ValueError, match="tonic"):
        Key(tonic=12, is_minor=False, confidence=1.0)
