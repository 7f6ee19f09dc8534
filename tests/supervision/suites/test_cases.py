"""The tables at the heads of the suites: every case of an original is decided once, and every test they name is there."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def modules(suite: str) -> list[ModuleType]:
    return [
        importlib.import_module(f"tests.supervision.suites.{suite}.{path.stem}")
        for path in HERE.glob(f"{suite}/test_*.py")
    ]


def named(entry: str | tuple[str, ...]) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else entry


@pytest.fixture(params=["otp", "pekko"])
def suite(request) -> str:
    return request.param


def test_every_case_is_decided_once(suite) -> None:
    cases = importlib.import_module(f"tests.supervision.suites.{suite}.cases")
    decided = [*cases.WITHOUT_MEANING, *(case for module in modules(suite) for case in module.CASES)]

    assert len(decided) == len(set(decided)) == cases.COUNT, cases.NAME
    assert all(cases.WITHOUT_MEANING.values())


def test_tables_name_the_tests_that_there_are(suite) -> None:
    for module in modules(suite):
        tests = {name for name in vars(module) if name.startswith("test_")}
        assert tests == {name for entry in module.CASES.values() for name in named(entry)}, module.__name__
