"""Where the embedded server lives, and as whom."""

import os
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from actors.store.datafolder import DataFolder
from actors.store.place import (
    LONGEST_SOCKET_PATH,
    PLAIN,
    SOCKET_NAME,
    Place,
    User,
    drop_sockets,
    make_sockets,
    passable,
    place,
)

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root runs the server as somebody else")
STRANGER = User(uid=54_321, gid=54_321)


def modes(path: Path) -> list[int]:
    return [folder.stat().st_mode for folder in (path, *path.parents)]


@not_root
def test_everything_lies_in_the_data_folder(tmp_path: Path):
    where = place(DataFolder(tmp_path))
    assert where.home == tmp_path
    assert where.user is None
    assert where.identity == {}


@only_root
def test_root_keeps_the_cluster_in_a_folder_that_the_server_can_reach(server_folder: Path):
    where = place(DataFolder(server_folder))
    assert where.home == server_folder
    assert where.user is not None
    assert where.user.uid != 0


@only_root
def test_root_runs_the_server_as_the_owner_of_the_data_folder(server_folder: Path):
    os.chown(server_folder, STRANGER.uid, STRANGER.gid)
    assert place(DataFolder(server_folder)).user == STRANGER


@only_root
def test_a_closed_data_folder_sends_the_cluster_to_a_shelter_and_changes_no_mode(tmp_path: Path, server_folder: Path):
    closed = tmp_path / "closed" / "data"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    before = modes(closed)
    where = place(DataFolder(closed), shelter=server_folder)
    assert where.home.parent == server_folder
    assert modes(closed) == before

    closed.parent.chmod(0o755)
    assert place(DataFolder(closed), shelter=server_folder).home == where.home


@only_root
def test_a_cluster_that_its_user_can_no_longer_reach_is_not_replaced_by_an_empty_one(server_folder: Path):
    data = server_folder / "above" / "data"
    (data / "postgres").mkdir(parents=True)
    os.chown(data / "postgres", STRANGER.uid, STRANGER.gid)
    assert place(DataFolder(data)).user == STRANGER
    data.parent.chmod(0o700)
    with pytest.raises(ConfigurationError, match="can no longer come through"):
        place(DataFolder(data))


@not_root
def test_a_cluster_of_somebody_else_is_refused(tmp_path: Path):
    (tmp_path / "postgres").symlink_to("/usr")
    with pytest.raises(ConfigurationError, match="belongs to user 0"):
        place(DataFolder(tmp_path))


@pytest.mark.parametrize(
    "mode,passes", [(0o700, False), (0o701, True), (0o711, True), (0o755, True), (0o770, False)], ids=oct
)
def test_a_stranger_comes_through_by_the_permission_for_others(server_folder: Path, mode: int, *, passes: bool):
    inner = server_folder / "inner"
    inner.mkdir()
    server_folder.chmod(0o711)
    inner.chmod(mode)
    assert passable(inner, STRANGER) is passes


@pytest.mark.parametrize("length", [10, 60, 200])
def test_the_socket_fits_however_long_the_data_folder_is(server_folder: Path, length: int):
    data = server_folder / ("d" * length)
    data.mkdir()
    where = place(DataFolder(data))
    assert len(os.fsencode(where.sockets / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
    assert place(DataFolder(data)) == where


@pytest.mark.parametrize("name", [b"with blank", b"a,b", b"100%", b"m\xfcsic", "müsik".encode(), b"new\nline"])
def test_a_folder_of_an_odd_name_has_its_socket_elsewhere(server_folder: Path, name: bytes):
    data = server_folder / os.fsdecode(name)
    data.mkdir()
    where = place(DataFolder(data))
    assert not where.sockets.is_relative_to(data)
    assert PLAIN.fullmatch(os.fsencode(where.sockets))


def test_the_socket_folder_is_removed_when_nothing_is_left_in_it(server_folder: Path):
    where = Place(home=server_folder, sockets=server_folder / "run", user=None)
    make_sockets(where)
    (where.sockets / SOCKET_NAME).touch()
    drop_sockets(where)
    assert where.sockets.exists()
    (where.sockets / SOCKET_NAME).unlink()
    drop_sockets(where)
    assert not where.sockets.exists()
    drop_sockets(where)


def test_the_socket_folder_is_private_and_emptied(server_folder: Path):
    where = Place(home=server_folder, sockets=server_folder / "run", user=None)
    make_sockets(where)
    (where.sockets / ".s.PGSQL.5432.lock").write_text("4711")
    where.sockets.chmod(0o777)
    make_sockets(where)
    assert where.sockets.stat().st_mode & 0o777 == 0o700
    assert list(where.sockets.iterdir()) == []


def test_a_socket_folder_that_is_a_link_is_refused(server_folder: Path):
    (server_folder / "elsewhere").mkdir()
    (server_folder / "run").symlink_to(server_folder / "elsewhere")
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        make_sockets(Place(home=server_folder, sockets=server_folder / "run", user=None))


@only_root
def test_a_socket_folder_of_somebody_else_is_refused(server_folder: Path):
    (server_folder / "run").mkdir()
    os.chown(server_folder / "run", STRANGER.uid, STRANGER.gid)
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        make_sockets(Place(home=server_folder, sockets=server_folder / "run", user=None))
