"""Outside of supervision/ and its own tests, only its public names are used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import supervision
import supervision.testing

TOP = Path(__file__).parents[2]
PUBLIC = {"supervision": supervision, "supervision.testing": supervision.testing}
OUTSIDE = [
    path
    for folder in ("actors", "web", "tests", "docs/examples")
    for path in sorted((TOP / folder).rglob("*.py"))
    if not path.is_relative_to(TOP / "tests" / "supervision")
]
PATCHED = {("tests/benchmarks/peers/rookery_actor.py", "supervision.incarnation")}
"""The benchmark that switches the histograms off, which nobody else can."""


def private_names(source: str) -> Iterator[str]:
    """Names of supervision that a module imports and that are not public."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if _is_ours(name.name) and name.name not in PUBLIC)
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            package = PUBLIC.get(node.module)
            yield from (
                f"{node.module}.{name.name}"
                for name in node.names
                if package is None or name.name not in {*package.__all__, "testing"}
            )


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == "supervision"


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(TOP)))
def test_only_public_names_are_imported(path: Path) -> None:
    name = str(path.relative_to(TOP))
    found = [private for private in private_names(path.read_text(encoding="utf-8")) if (name, private) not in PATCHED]

    assert found == []


@pytest.mark.parametrize(
    "source, found",
    [
        ("import supervision", []),
        ("from supervision import Actor, run", []),
        ("from supervision.testing import Probe", []),
        ("import supervision.leaf", ["supervision.leaf"]),
        ("from supervision import leaf", ["supervision.leaf"]),
        ("from supervision.leaf import Leaf", ["supervision.leaf.Leaf"]),
        ("from supervision.testing import clock", ["supervision.testing.clock"]),
    ],
)
def test_private_imports_are_found(source: str, found: list[str]) -> None:
    assert list(private_names(source)) == found
