"""Making the cluster, all or nothing."""

import os
import shutil
from pathlib import Path

import pytest
import trio

from actors.errors import ConfigurationError, DatabaseError
from actors.store.cluster import UNFINISHED, child_environment, make_cluster
from actors.store.datafolder import DataFolder
from actors.store.place import Place, place
from actors.store.programs import Programs, programs_for


@pytest.fixture
def where(server_folder: Path) -> Place:
    return place(DataFolder(server_folder))


@pytest.fixture
def programs(where: Place) -> Programs:
    return programs_for(where)


async def test_a_cluster_is_made_once_and_belongs_to_the_servers_user(where: Place, programs: Programs):
    await make_cluster(where, programs)
    made = where.cluster.stat()
    assert made.st_mode & 0o777 == 0o700
    assert made.st_uid == (where.user.uid if where.user else os.geteuid())
    assert (where.cluster / "PG_VERSION").read_text().strip() == str(programs.major)

    await make_cluster(where, programs)
    assert where.cluster.stat().st_ino == made.st_ino


async def test_what_a_killed_try_left_is_removed(where: Place, programs: Programs):
    left = where.home / f"{UNFINISHED}abc"
    (left / "base").mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    await make_cluster(where, programs)
    assert not left.exists()
    assert (where.cluster / "PG_VERSION").exists()


async def test_what_a_killed_try_left_running_is_ended(where: Place, programs: Programs):
    """A program of that name, at work in the unfinished folder."""
    left = where.home / f"{UNFINISHED}abc"
    left.mkdir()
    shutil.copy("/bin/sleep", where.home / "initdb")
    running = await trio.lowlevel.open_process([where.home / "initdb", "600"], cwd=left)
    await make_cluster(where, programs)
    assert await running.wait() == -2
    assert not left.exists()


async def test_a_cancelled_try_leaves_no_cluster_and_the_next_one_makes_it(where: Place, programs: Programs):
    """A first try by a program that says so when it has begun, and then goes on for ever."""
    endless = where.home / "endless"
    (endless / "bin").mkdir(parents=True)
    os.mkfifo(where.home / "begun", 0o666)
    (where.home / "begun").chmod(0o666)
    (endless / "bin" / "initdb").write_text(f'#!/bin/sh\nmkdir "$2/base"\necho > {where.home}/begun\nexec sleep 600\n')
    (endless / "bin" / "initdb").chmod(0o755)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(make_cluster, where, Programs(major=18, version="18", path=endless))
        await trio.to_thread.run_sync((where.home / "begun").read_bytes)
        nursery.cancel_scope.cancel()
    assert list(where.home.glob(f"{UNFINISHED}*/base"))
    assert not where.cluster.exists()
    await make_cluster(where, programs)
    assert where.cluster.exists()


async def test_a_folder_that_is_no_cluster_is_left_alone(where: Place, programs: Programs):
    where.cluster.mkdir()
    (where.cluster / "diary.txt").write_text("precious")
    with pytest.raises(ConfigurationError, match="is no database"):
        await make_cluster(where, programs)
    assert (where.cluster / "diary.txt").read_text() == "precious"


async def test_what_initdb_says_is_told(where: Place, programs: Programs, server_folder: Path):
    broken = server_folder / "broken"
    (broken / "bin").mkdir(parents=True)
    (broken / "bin" / "initdb").write_text("#!/bin/sh\necho no room left >&2\nexit 1\n")
    (broken / "bin" / "initdb").chmod(0o755)
    with pytest.raises(DatabaseError, match="no room left"):
        await make_cluster(where, Programs(major=18, version="18", path=broken))
    assert not where.cluster.exists()


async def test_a_place_that_refuses_writes_is_told(programs: Programs):
    nowhere = Place(home=Path("/proc"), sockets=Path("/proc/run"), user=None)
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        await make_cluster(nowhere, programs)


def test_the_environment_does_not_steer_the_programs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("LC_MESSAGES", "de_DE.UTF-8")
    found = child_environment()
    assert "PGDATA" not in found
    assert "LC_MESSAGES" not in found
    assert found["LC_ALL"] == "C"
