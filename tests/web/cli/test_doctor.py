"""`rookery doctor`, as a person meets it."""

import json
import os

import trio
from click.testing import CliRunner

from web.cli import main


def test_every_finding_is_a_line_and_trouble_an_exit_code(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("web.cli.checks.CHECKS", _checks())
    answer = CliRunner().invoke(
        main, ["doctor", str(tmp_path / "gone"), "--data-dir", str(tmp_path / "data"), "--json"]
    )

    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 1
    assert {finding["about"] for finding in told} >= {"versions", "settings", "data folder", "database", "folder"}
    assert [finding["verdict"] for finding in told if finding["about"] == "folder"] == ["wrong"]


def test_what_is_wrong_is_told_with_what_to_do(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("web.cli.checks.CHECKS", _checks())
    answer = CliRunner().invoke(main, ["doctor", str(tmp_path / "gone"), "--data-dir", str(tmp_path / "data")])

    assert "✗ folder" in answer.stdout
    assert "→ Mount it" in answer.stdout


def test_all_in_order_is_success(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("web.cli.checks.CHECKS", _checks())
    answer = CliRunner().invoke(main, ["doctor", str(tmp_path), "--data-dir", str(tmp_path / "data")])

    assert answer.exit_code == 0, answer.stdout


async def test_a_reader_that_leaves_ends_it_without_a_word(command, tmp_path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    doctor = await command("doctor", str(tmp_path), "--data-dir", str(tmp_path / "data"), stdout=writing)
    os.close(writing)
    with trio.fail_after(20):
        await doctor.process.wait()

    assert doctor.process.returncode == 0
    assert await doctor.process.stderr.receive_some() == b""


def _checks():
    from web.cli import checks

    return (checks.versions, checks.machine, checks.settings, checks.data_folder, checks.database)
