"""Finding PostgreSQL's programs."""

import os
import subprocess
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from actors.store import programs as programs_module
from actors.store.place import Place, User
from actors.store.programs import programs_for

STRANGER = User(uid=54_321, gid=54_321)


def own(home: Path) -> Place:
    return Place(home=home, sockets=home / "run", user=None)


def test_a_new_cluster_gets_the_newest_version(tmp_path: Path):
    found = programs_for(own(tmp_path))
    assert found.major >= 18
    version = subprocess.run([found.postgres, "--version"], check=True, capture_output=True, text=True).stdout
    assert found.version in version
    assert found.initdb.is_file()


def test_an_older_cluster_keeps_the_version_that_made_it(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    assert programs_for(own(tmp_path)).major == 16


def test_a_cluster_of_a_version_that_is_not_there_is_told(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigurationError, match="made by PostgreSQL 9"):
        programs_for(own(tmp_path))


def test_without_the_wheel_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(programs_module, "WHEEL", "no_such_wheel")
    with pytest.raises(ConfigurationError, match="--database-url"):
        programs_for(own(tmp_path))


def test_programs_that_the_server_user_cannot_reach_are_copied_once_and_run(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """A stranger that comes through nowhere stands for an environment inside a closed home."""
    monkeypatch.setattr(programs_module, "passable", lambda path, user: False)
    where = Place(home=server_folder, sockets=server_folder / "run", user=STRANGER)
    copy = programs_for(where)
    assert copy.path.is_relative_to(server_folder)
    assert programs_for(where) == copy
    assert [path.name for path in server_folder.iterdir()] == [f"programs-{copy.version}"]
    as_stranger = {"user": STRANGER.uid, "group": STRANGER.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    for program in (copy.postgres, copy.initdb):
        text = subprocess.run([program, "--version"], check=True, capture_output=True, text=True, **as_stranger).stdout
        assert copy.version in text
