"""Every module has its test, and every test its module."""

from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PACKAGES = ("supervision", "actors", "web")
VALUES_ONLY = {
    "actors/errors.py": "names of failures",
    "web/cache/shelf.py": "a protocol; tests/contracts holds its test",
    "actors/messages.py": "frozen values",
    "actors/feed/lag.py": "frozen values",
    "actors/feed/outlet.py": "a protocol",
    "web/cli/finding.py": "frozen values",
    "web/serving/refused.py": "a protocol and an error",
    "actors/model/change.py": "frozen values",
    "actors/model/kind.py": "names of kinds",
    "actors/model/known.py": "frozen values",
    "actors/model/mine.py": "frozen values",
    "actors/model/library.py": "frozen values",
    "actors/model/page.py": "frozen values",
    "actors/model/probe.py": "frozen values",
    "actors/model/trashed.py": "frozen values",
    "actors/model/root.py": "frozen values",
    "actors/model/time.py": "one type",
    "actors/work/executor.py": "a protocol; tests/contracts holds its test",
}
"""Modules without behavior of their own, with what they hold instead."""
WITHOUT_MODULE = {"contracts", "flow", "shape", "benchmarks", "suites"}
"""Folders of tests of several modules together."""


def modules() -> list[Path]:
    return [
        path.relative_to(TOP)
        for package in PACKAGES
        for path in sorted((TOP / package).rglob("*.py"))
        if path.name != "__init__.py" and str(path.relative_to(TOP)) not in VALUES_ONLY
    ]


def mirrors() -> list[Path]:
    return [
        path.relative_to(TOP / "tests")
        for path in sorted((TOP / "tests").rglob("test_*.py"))
        if WITHOUT_MODULE.isdisjoint(path.relative_to(TOP / "tests").parts)
    ]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_the_module_has_a_test(module):
    assert (TOP / "tests" / module.parent / f"test_{module.name}").exists()


@pytest.mark.parametrize("test_file", mirrors(), ids=str)
def test_the_test_has_a_module(test_file):
    name = test_file.name.removeprefix("test_")
    package = TOP / test_file.parent / name.removesuffix(".py")

    assert (TOP / test_file.parent / name).exists() or (package / "__init__.py").exists()


@pytest.mark.parametrize("module", VALUES_ONLY)
def test_an_exception_is_still_there(module):
    assert (TOP / module).exists()
