"""The map of the code leads to files that are there, and the records are numbered without gaps."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PLACES = ("", "actors", "actors/model", "actors/store", "actors/store/migrations", "web", "web/routes", "web/front")
NAMED = sorted(
    set(re.findall(r"`([\w/]+\.(?:py|sql)|\w[\w/]*/)`", (TOP / "docs" / "map.md").read_text(encoding="utf-8")))
)


@pytest.mark.parametrize("name", NAMED)
def test_what_the_map_names_is_there(name: str) -> None:
    assert any((TOP / place / name).exists() for place in PLACES)


def test_decisions_have_numbers_of_their_own() -> None:
    records = sorted((TOP / "docs" / "decisions").glob("*.md"))
    numbers = [int(path.name.partition("-")[0]) for path in records]
    titled = [int(path.read_text(encoding="utf-8")[2:].partition(".")[0]) for path in records]

    assert len(set(numbers)) == len(numbers)
    assert titled == numbers


def test_changes_have_a_number_and_a_kind() -> None:
    names = [path.name for path in (TOP / "docs" / "changes").iterdir()]

    assert [name for name in names if not re.fullmatch(r"\d+\.(added|changed|fixed)\.md", name)] == []
