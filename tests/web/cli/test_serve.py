"""`rookery serve`, as far as it goes without running: see tests/flow for the rest."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from web.cli import main
from web.cli.serve import _demo_folder


def test_the_help_names_every_option():
    text = CliRunner().invoke(main, ["serve", "--help"]).output

    for option in (
        "--demo",
        "--host",
        "--port",
        "--data-dir",
        "--database-url",
        "--log-level",
        "--log-format",
        "FOLDERS",
    ):
        assert option in text


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(port):
    answer = CliRunner().invoke(main, ["serve", "--port", port])

    assert answer.exit_code == 2
    assert "--port" in answer.output


def test_the_demo_library_is_made_once(store_config):
    folder = _demo_folder(store_config)
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}

    assert len({path.suffix for path in files}) >= 6
    assert _demo_folder(store_config) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == files


def test_the_command_is_installed():
    run = subprocess.run(
        [str(Path(sys.executable).with_name("rookery")), "--version"], capture_output=True, text=True, check=True
    )

    assert run.stdout.startswith("rookery, version")
