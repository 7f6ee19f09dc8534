"""Every example of the documentation runs."""

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
EXAMPLES = sorted((TOP / "docs" / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_example_runs(example):
    run = subprocess.run(
        [sys.executable, str(example)], cwd=TOP, capture_output=True, text=True, timeout=60, check=False
    )

    assert run.returncode == 0, run.stderr
