"""The guide for operators tells the settings as they are."""

import re
from pathlib import Path

import attrs
import pytest

from actors.config import Config
from web.settings import PREFIX

GUIDE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
TOLD = dict(re.findall(rf"^\| [^|]+ \| `{PREFIX}(\w+)` \| (.+) \|$", GUIDE, re.MULTILINE))
"""Defaults by name, as the table of settings tells them."""
NOT_OF_CONFIG = {"CONFIG", "TOKEN"}
FIELDS = attrs.fields(Config)


def test_every_setting_is_told_and_no_other() -> None:
    told = [name.lower() for name in TOLD]

    assert sorted(told) == sorted(field.name for field in FIELDS)
    assert set(re.findall(rf"{PREFIX}([A-Z_]+)\b", GUIDE)) <= TOLD.keys() | NOT_OF_CONFIG


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_its_default_is_what_the_program_has(field: "attrs.Attribute[object]") -> None:
    told, default = TOLD[field.name.upper()], field.default
    if isinstance(default, bool):
        assert told.startswith("on" if default else "off")
    elif isinstance(default, int | float):
        assert float(re.split(r"[ ;,]", told)[0]) == default
    elif isinstance(default, str):
        assert told.split(";")[0] == f"`{default}`"
    elif default in (None, ()):
        assert told.startswith(("none", "the embedded server"))
