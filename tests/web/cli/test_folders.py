"""What the doctor finds of folders."""

import os
from pathlib import Path

import pytest

from web.cli import folders
from web.cli.finding import Finding, Verdict


async def told(*paths: Path) -> list[Finding]:
    return [finding async for finding in folders.folders([bytes(path) for path in paths])]


async def test_folders_are_counted_and_what_is_gone_is_wrong(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    there, gone, watches = await told(tmp_path / "a", tmp_path / "gone")
    assert (there.verdict, gone.verdict, watches.verdict) == (Verdict.FINE, Verdict.WRONG, Verdict.FINE)
    assert "2 folders" in there.text
    assert watches.text.startswith("2 folders; ")


async def test_none_is_a_note():
    none, _ = await told()
    assert (none.verdict, none.advice) == (Verdict.NOTE, "Name one: rookery serve ~/Music")


async def test_more_folders_than_may_be_watched_are_a_note(tmp_path, monkeypatch):
    (tmp_path / "max").write_text("1\n")
    monkeypatch.setattr(folders, "WATCHES", tmp_path / "max")
    (tmp_path / "a").mkdir()
    *_, watches = await told(tmp_path)
    assert watches.verdict is Verdict.NOTE
    assert watches.advice.endswith("max_user_watches=4")


async def test_a_tree_is_counted_up_to_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FOLDERS", 2)
    (tmp_path / "a" / "b").mkdir(parents=True)
    there, _ = await told(tmp_path)
    assert "more than 2 folders" in there.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
async def test_a_folder_that_cannot_be_read_is_wrong(tmp_path):
    tmp_path.chmod(0o000)
    closed, _ = await told(tmp_path)
    tmp_path.chmod(0o700)
    assert closed.verdict is Verdict.WRONG
