"""What cannot work is said in one line, before anything is started, and without a traceback."""

import os
import socket
import subprocess

import pytest


def refused(command, *arguments, env=None) -> str:
    """The last line on standard error of a start that must fail."""
    run = subprocess.run(
        [str(command), "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    return run.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name, expected", [("none", "does not exist"), ("file", "is not a folder")])
def test_a_root_that_is_none(command, tmp_path, data_dir, name, expected):
    (tmp_path / "file").write_bytes(b"")

    line = refused(command, str(tmp_path / name), "--data-dir", str(data_dir), "--port", "0")
    assert expected in line
    assert str(tmp_path / name) in line


def test_a_port_in_use(command, music, data_dir):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        line = refused(command, str(music), "--data-dir", str(data_dir), "--port", str(port))
    assert str(port) in line
    assert "--port" in line


async def test_a_data_folder_in_use_names_the_process(serve, command, music, data_dir):
    async with serve(music, data_dir) as rookery:
        line = refused(command, str(music), "--data-dir", str(data_dir), "--port", "0")

        assert str(rookery.process.pid) in line
        assert (await rookery.json("/health"))["status"] == "ok"


def test_a_data_folder_that_cannot_be_written(command, music):
    assert "/proc/nothing" in refused(command, str(music), "--data-dir", "/proc/nothing", "--port", "0")


def test_an_external_database_that_is_away(command, music, data_dir):
    url = "postgresql://someone:secret@127.0.0.1:1/music"
    line = refused(command, str(music), "--data-dir", str(data_dir), "--port", "0", "--database-url", url)

    assert "does not answer" in line
    assert "secret" not in line


def test_a_wrong_setting_in_the_environment(command, music, data_dir):
    assert "port" in refused(command, str(music), "--data-dir", str(data_dir), env={"ROOKERY_PORT": "many"})
