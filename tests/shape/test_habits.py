"""What no file of the project may hold."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
NEVER_ANYWHERE = {
    "an address of a package host": re.compile(
        r"https?://[^\s\"']*/(?:simple|packages|pypi)\b|--(?:extra-)?inde[x]|find-link[s]\s*="
    ),
    "a path of one machine": re.compile(r"(?<![\w.~])/(?:root|work|home/\w+)/(?!me\b)\w"),
}
NEVER_IN_PRODUCT = {
    "work left for later": re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError"),
    "sleeping to wait": re.compile(r"\btime\.sleep\("),
    "an except that hides everything": re.compile(r"except\s*:|except BaseException:\s*pass"),
}
NEVER_IN_TESTS = {
    "a test that does not run": re.compile(r"pytest\.mark\.(?:skip|xfail)\b|pytest\.skip\("),
    "sleeping to wait": re.compile(r"\btime\.sleep\("),
    "mocks of our own parts": re.compile(r"unittest\.mock|MagicMock"),
}


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split("\n")
    return [TOP / name for name in names if name and (TOP / name).is_file()]


def found_in(files: list[Path], patterns: dict[str, re.Pattern[str]]) -> list[str]:
    findings = []
    for path in files:
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        findings += [
            f"{path.relative_to(TOP)}:{text.count(chr(10), 0, match.start()) + 1}: {what}: {match.group()}"
            for what, pattern in patterns.items()
            for match in pattern.finditer(text)
        ]
    return findings


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return tracked()


def test_no_file_names_a_package_host_or_one_machine(files):
    assert found_in(files, NEVER_ANYWHERE) == []


def test_the_product_holds_nothing_unfinished(files):
    product = [
        path
        for path in files
        if path.suffix == ".py" and path.relative_to(TOP).parts[0] in {"supervision", "actors", "web"}
    ]

    assert found_in(product, NEVER_IN_PRODUCT) == []


def test_every_test_runs_and_none_sleeps_or_mocks(files):
    tests = [path for path in files if path.suffix == ".py" and path.relative_to(TOP).parts[0] == "tests"]

    assert found_in(tests, NEVER_IN_TESTS) == []


def test_no_file_is_named_for_odds_and_ends(files):
    names = {"utils", "helpers", "common", "base", "manager", "misc"}

    assert [path for path in files if path.stem in names] == []
