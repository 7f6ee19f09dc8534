"""The packages under test are those of this checkout, whatever else bears their names."""

import importlib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["supervision", "actors", "web"])
def test_the_package_is_the_one_of_this_checkout(name):
    assert Path(importlib.import_module(name).__file__).parent == TOP / name
